-- Contacts as each source lists them, in one form, with their entry channel and region.
with

asterisk as (
    select
        source_system, call_id, cast(null as string) as root_call_id, cast(null as string) as telephony_call_id,
        cast(null as string) as source_channel_id, direction,
        unlogged_queue_id as queue_id, talk_agent_id as agent_id, dialled_number, cast(null as string) as customer_key,
        caller_hash, caller_masked, caller_prefix, number_type, cast(null as string) as source_region_code,
        started_at, system_answered_at, first_queue_at, queue_left_at, talk_answered_at as agent_answered_at,
        ended_at, talk_ended_at, cast(null as double) as ivr_s, cast(null as double) as queue_wait_s,
        cast(null as double) as ring_s, talk_s, cast(null as double) as hold_s, cast(null as double) as consult_s,
        cast(null as double) as acw_s, cast(null as double) as total_s, outcome, hangup_side,
        cast(null as string) as hangup_cause, cast(null as string) as issue_id,
        cast(null as string) as disposition_code, line_id, campaign_id, cast(null as string) as line_of_business,
        transfer_count,
        queue_visit_count, cast(null as boolean) as declared_resolved, false as is_ruled_invalid,
        cast(null as string) as quality_flags, true as is_answer_timed, false as is_answered_in_queue
    from {{ ref('stg_asterisk__contact') }}
),

canonical as (
    select
        source_system, call_id, root_call_id, telephony_call_id,
        channel_id as source_channel_id, direction,
        queue_id, agent_id, dialled_number, customer_key,
        caller_hash, caller_masked, caller_prefix, number_type, region_code as source_region_code,
        started_at, system_answered_at,
        first_queue_at, queue_left_at,
        case
            when outcome = 'answered' then coalesce(agent_answered_at, queue_left_at, system_answered_at, started_at)
        end as agent_answered_at,
        ended_at, ended_at as talk_ended_at, ivr_s, queue_wait_s,
        ring_s, talk_s, hold_s, consult_s,
        acw_s, total_s, outcome, hangup_side,
        hangup_cause, issue_id,
        disposition_code, line_id, campaign_id, line_of_business, transfer_count,
        case when first_queue_at is null then 0 else greatest(told_visit_count, 1) end as queue_visit_count,
        declared_resolved,
        is_invalid as is_ruled_invalid,
        flags as quality_flags,
        -- an export without an instant of the answer has a believed one
        coalesce(agent_answered_at, queue_left_at) is not null as is_answer_timed,
        outcome = 'answered' and first_queue_at is not null and is_answer_by_queue as is_answered_in_queue
    from {{ ref('int_contact__exported') }}
),

unioned as (
    select * from asterisk
    union all
    select * from canonical
),

numbers as (
    select * from {{ ref('stg_centre__number') }}
),

channels as (
    select * from {{ ref('channel') }}
),

regions as (
    select * from {{ ref('region') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
)

select
    unioned.*,
    unioned.source_system || ':' || unioned.call_id as contact_id,
    unioned.source_system || ':' || coalesce(unioned.root_call_id, unioned.call_id) as root_contact_id,
    coalesce(
        unioned.source_channel_id,
        numbers.channel_id,
        case when unioned.direction = 'outbound' then 'voice_outbound' else 'voice_unknown' end
    ) as channel_id,
    -- what came by a channel that nobody described is taken for a call, so that it is counted somewhere
    coalesce(channels.kind, 'voice') as medium,
    coalesce(unioned.source_region_code, regions.region_code, 'unknown') as region_code,
    settings.site_id,
    settings.timezone as site_timezone
from unioned
cross join settings
left join numbers on unioned.dialled_number = numbers.dialled_number
left join channels on coalesce(unioned.source_channel_id, numbers.channel_id) = channels.channel_id
left join regions
    on case when unioned.number_type = 'landline' then unioned.caller_prefix end = regions.number_prefix
where unioned.direction in ('inbound', 'outbound')
