-- Contacts of all sources, each once: what two systems list is one row, whose times and outcome are those of one of
-- them and whose gaps the other one fills. Rulings: DECISIONS.md, section 15.
with

listed as (
    select * from {{ ref('int_contact__listed') }}
),

filling as (
    select * from {{ ref('int_contact__counterpart') }}
),

-- few contacts name a root, so that this stays small however many are matched
root_matches as (
    select distinct
        matches.contact_id,
        matches.matched_contact_id
    from {{ ref('int_contact__listed') }} as records
    inner join {{ ref('int_contact__match') }} as matches on records.root_contact_id = matches.contact_id
    where records.root_call_id is not null and not matches.is_kept
)

select
    listed.source_system,
    listed.call_id,
    listed.direction,
    listed.queue_id,
    listed.agent_id,
    coalesce(listed.dialled_number, filling.dialled_number) as dialled_number,
    coalesce(listed.customer_key, filling.customer_key) as customer_key,
    coalesce(listed.caller_hash, filling.caller_hash) as caller_hash,
    coalesce(listed.caller_masked, filling.caller_masked) as caller_masked,
    coalesce(listed.caller_prefix, filling.caller_prefix) as caller_prefix,
    case
        when listed.caller_hash is null then coalesce(filling.number_type, listed.number_type)
        else listed.number_type
    end as number_type,
    listed.started_at,
    listed.system_answered_at,
    listed.first_queue_at,
    listed.queue_left_at,
    listed.agent_answered_at,
    listed.ended_at,
    listed.talk_ended_at,
    coalesce(listed.ivr_s, filling.ivr_s) as ivr_s,
    listed.queue_wait_s,
    listed.ring_s,
    listed.talk_s,
    listed.hold_s,
    listed.consult_s,
    coalesce(listed.acw_s, filling.acw_s) as acw_s,
    listed.total_s,
    listed.outcome,
    listed.hangup_side,
    coalesce(listed.hangup_cause, filling.hangup_cause) as hangup_cause,
    coalesce(listed.issue_id, filling.issue_id) as issue_id,
    coalesce(listed.disposition_code, filling.disposition_code) as disposition_code,
    coalesce(listed.line_id, filling.line_id) as line_id,
    coalesce(listed.campaign_id, filling.campaign_id) as campaign_id,
    coalesce(listed.line_of_business, filling.line_of_business) as line_of_business,
    listed.transfer_count,
    listed.queue_visit_count,
    coalesce(listed.declared_resolved, filling.declared_resolved) as declared_resolved,
    listed.is_ruled_invalid or coalesce(filling.is_ruled_invalid, false) as is_ruled_invalid,
    coalesce(listed.quality_flags, filling.quality_flags) as quality_flags,
    listed.is_answer_timed,
    listed.is_answered_in_queue,
    listed.contact_id,
    coalesce(
        root_matches.matched_contact_id,
        case when listed.root_call_id is null then filled_root_matches.matched_contact_id end,
        case when listed.root_call_id is null and filling.root_call_id is not null then filling.root_contact_id end,
        listed.root_contact_id
    ) as root_contact_id,
    -- a channel that the export names is the centre's own word; one that follows from the number called comes next
    coalesce(
        listed.source_channel_id,
        filling.source_channel_id,
        case when listed.channel_id != 'voice_unknown' then listed.channel_id end,
        filling.channel_id,
        listed.channel_id
    ) as channel_id,
    listed.medium,
    coalesce(case when listed.region_code != 'unknown' then listed.region_code end, filling.region_code, 'unknown')
        as region_code,
    listed.site_id,
    listed.site_timezone,
    filling.matched_contact_id,
    filling.match_rule,
    coalesce(filling.is_ambiguous, false) as is_match_ambiguous
from listed
left join filling on listed.contact_id = filling.contact_id
left join root_matches on listed.root_contact_id = root_matches.contact_id
left join root_matches as filled_root_matches on filling.root_contact_id = filled_root_matches.contact_id
where coalesce(filling.is_kept, true)
