-- Contacts of the telephone system: calls of the queue log, enriched by their CDR, and calls that the CDR alone knows.
with

visits as (
    select * from {{ ref('stg_asterisk__queue_visit') }}
),

calls as (
    select * from {{ ref('stg_asterisk__call') }}
),

dids as (
    select * from {{ ref('stg_asterisk__did') }}
),

callers as (
    select * from {{ ref('stg_asterisk__caller') }}
),

queued as (
    select
        call_id,
        min(entered_at) as first_queue_at,
        max(coalesce(ended_at, left_at, entered_at)) as ended_at,
        max(case when exit_kind = 'answered' then 1 else 0 end) = 1 as is_answered,
        cast(sum(case when is_transfer then 1 else 0 end) as integer) as transfer_count,
        cast(count(*) as integer) as queue_visit_count
    from visits
    group by call_id
),

last_visits as (
    select * from visits
    qualify row_number() over (partition by call_id order by visit_no desc) = 1
),

queue_contacts as (
    select
        queued.call_id as call_key,
        queued.first_queue_at,
        queued.ended_at,
        case
            when queued.is_answered then 'answered'
            when last_visits.exit_kind = 'abandoned' then 'abandoned_queue'
            when last_visits.exit_kind is not null then 'flow_out'
        end as outcome,
        last_visits.left_at as queue_left_at,
        last_visits.hangup_side,
        queued.transfer_count,
        queued.queue_visit_count
    from queued
    inner join last_visits on queued.call_id = last_visits.call_id
)

select
    'asterisk' as source_system,
    coalesce(queue_contacts.call_key, calls.call_key) as call_id,
    coalesce(calls.direction, 'inbound') as direction,
    coalesce(calls.started_at, queue_contacts.first_queue_at) as started_at,
    calls.system_answered_at,
    -- a queue call that no queue log knows is believed to queue from the system's answer
    coalesce(
        queue_contacts.first_queue_at,
        case when calls.talk_answered_at is null and calls.last_app = 'Queue' then calls.system_answered_at end
    ) as first_queue_at,
    coalesce(
        queue_contacts.queue_left_at,
        case when calls.talk_answered_at is null and calls.last_app = 'Queue' then calls.ended_at end
    ) as queue_left_at,
    coalesce(calls.ended_at, queue_contacts.ended_at) as ended_at,
    case
        when queue_contacts.call_key is not null then queue_contacts.outcome
        when calls.talk_answered_at is not null then 'answered'
        when calls.is_answered and calls.direction = 'inbound' and calls.last_app = 'Queue' then 'abandoned_queue'
        when calls.is_answered and calls.direction = 'inbound' then 'abandoned_ivr'
        -- an outbound call that the system answered itself reached nobody
        when calls.is_answered then 'no_answer'
        when calls.is_congested then 'blocked'
        when calls.is_failed then 'failed'
        when calls.is_busy then 'busy'
        when calls.direction = 'inbound' and not calls.has_destination then 'abandoned_ivr'
        else 'no_answer'
    end as outcome,
    case
        when queue_contacts.call_key is not null then queue_contacts.hangup_side
        when not coalesce(calls.is_answered, false) then null
        when calls.talk_answered_at is null and calls.direction = 'inbound' then 'caller'
    end as hangup_side,
    coalesce(queue_contacts.transfer_count, 0) as transfer_count,
    coalesce(queue_contacts.queue_visit_count, 0) as queue_visit_count,
    case
        when queue_contacts.call_key is null and calls.last_app = 'Queue' then calls.queue_id
    end as unlogged_queue_id,
    coalesce(
        dids.dialled_number, case when calls.direction = 'inbound' then calls.dialled_number end
    ) as dialled_number,
    coalesce(callers.caller_hash, calls.customer_hash) as caller_hash,
    coalesce(callers.caller_masked, calls.customer_masked) as caller_masked,
    coalesce(callers.caller_prefix, calls.customer_prefix) as caller_prefix,
    coalesce(callers.caller_number_type, calls.customer_number_type) as number_type,
    calls.line_id,
    calls.campaign_id,
    calls.talk_agent_id,
    calls.talk_answered_at,
    calls.talk_ended_at,
    calls.talk_s
from queue_contacts
full outer join calls on queue_contacts.call_key = calls.queue_call_id
left join dids on coalesce(queue_contacts.call_key, calls.call_key) = dids.call_id
left join callers on queue_contacts.call_key = callers.call_id
