{{ config(materialized='view') }}

-- Contacts as an export lists them; what it tells of their queue visits one by one says more than their own columns.
-- Rulings: DECISIONS.md, section 36.
with

contacts as (
    select * from {{ ref('stg_canonical__contact') }}
),

told_visits as (
    select
        contact_id,
        cast(count(*) as integer) as visit_count,
        min(entered_at) as first_entered_at,
        max(left_at) as last_left_at,
        max(case when exit_kind = 'answered' then 1 else 0 end) = 1 as is_answered,
        max(case when next_entered_at is null then exit_kind end) as last_exit_kind
    from {{ ref('int_queue__told') }}
    group by contact_id
)

select
    contacts.source_system,
    contacts.call_id,
    contacts.root_contact_id as root_call_id,
    contacts.telephony_call_id,
    contacts.channel_id,
    contacts.direction,
    contacts.queue_id,
    contacts.agent_id,
    contacts.dialled_number,
    contacts.customer_key,
    contacts.caller_hash,
    contacts.caller_masked,
    contacts.caller_prefix,
    contacts.number_type,
    contacts.region_code,
    contacts.started_at,
    contacts.system_answered_at,
    -- what is not a real contact waited in no queue
    case
        when contacts.outcome != 'invalid' then coalesce(told_visits.first_entered_at, contacts.queue_entered_at)
    end as first_queue_at,
    coalesce(contacts.queue_left_at, told_visits.last_left_at) as queue_left_at,
    contacts.agent_answered_at,
    contacts.ended_at,
    contacts.ivr_s,
    contacts.queue_wait_s,
    contacts.ring_s,
    contacts.talk_s,
    contacts.hold_s,
    contacts.consult_s,
    contacts.acw_s,
    contacts.total_s,
    case
        when contacts.outcome in ('invalid', 'answered') then contacts.outcome
        when told_visits.is_answered then 'answered'
        when told_visits.last_exit_kind = 'abandoned' then 'abandoned_queue'
        when told_visits.last_exit_kind is not null then 'flow_out'
        -- who entered a queue asked for an agent: the outcome says how that ended
        when coalesce(told_visits.first_entered_at, contacts.queue_entered_at) is null then contacts.outcome
        when contacts.outcome = 'abandoned_ivr' then 'abandoned_queue'
        when contacts.outcome in ('self_served', 'failed', 'blocked', 'no_answer', 'busy') then 'flow_out'
        else contacts.outcome
    end as outcome,
    contacts.hangup_side,
    contacts.hangup_cause,
    contacts.issue_id,
    contacts.disposition_code,
    contacts.line_id,
    contacts.campaign_id,
    contacts.line_of_business,
    coalesce(contacts.transfer_count, 0) as transfer_count,
    coalesce(told_visits.visit_count, 0) as told_visit_count,
    -- false for a contact that was answered, and by none of its visits
    coalesce(told_visits.is_answered, false) or told_visits.last_exit_kind is null as is_answer_by_queue,
    contacts.declared_resolved,
    contacts.is_invalid,
    contacts.flags
from contacts
left join told_visits on 'canonical:' || contacts.call_id = told_visits.contact_id
