-- One row per contact: exactly one outcome, its clock times and its durations. Rulings Q3, Q4, Q5, Q9, Q33, Q34.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
),

queueing as (
    select * from {{ ref('int_contact__queueing') }}
),

handling as (
    select * from {{ ref('int_contact__handling') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

transfers as (
    select contact_id, count(*) as transfer_count from {{ ref('int_transfer__unioned') }}
    group by contact_id
),

joined as (
    select
        contacts.*,
        customers.tier as segment,
        greatest(
            contacts.transfer_count, coalesce(transfers.transfer_count, 0), coalesce(handling.handed_on_count, 0)
        ) as settled_transfer_count,
        queueing.first_queue_id,
        coalesce(queueing.last_queue_id, contacts.queue_id) as answering_queue_id,
        coalesce(queueing.first_queue_at, contacts.first_queue_at) as entered_queue_at,
        queueing.exit_kind,
        queueing.queue_wait_s as visit_wait_s,
        coalesce(queueing.sl_target_s, settings.sl_target_s) as sl_target_s,
        coalesce(queueing.short_abandon_s, settings.short_abandon_s) as short_abandon_s,
        settings.invalid_call_s,
        coalesce(queueing.timezone, contacts.site_timezone) as timezone,
        settings.timezone as usual_timezone,
        handling.first_agent_id,
        handling.last_agent_id,
        handling.first_agent_at,
        handling.last_leg_ended_at,
        coalesce(handling.agent_count, 0) as agent_count,
        coalesce(handling.is_answer_timed, contacts.is_answer_timed) as is_first_answer_timed,
        -- where an export tells conversations beside the contact, the contact says itself how long it talked
        contacts.source_system = 'canonical' and coalesce(handling.is_told_apart and contacts.talk_s >= 0, false)
            as is_talk_told,
        handling.ring_s as legs_ring_s,
        case when is_talk_told then contacts.talk_s else handling.talk_s end as legs_talk_s,
        case when is_talk_told then coalesce(contacts.hold_s, 0) else handling.hold_s end as legs_hold_s,
        handling.consult_s as legs_consult_s,
        handling.acw_s as legs_acw_s,
        case
            when is_talk_told
                then contacts.talk_s + coalesce(contacts.hold_s, 0) + handling.consult_s + handling.acw_s
            else handling.handle_s
        end as handle_s
    from contacts
    cross join settings
    left join queueing on contacts.contact_id = queueing.contact_id
    left join handling on contacts.contact_id = handling.contact_id
    left join transfers on contacts.contact_id = transfers.contact_id
    left join {{ ref('int_customer__version') }} as customers
        on
            contacts.customer_key = customers.customer_key
            and contacts.started_at >= customers.valid_from
            and contacts.started_at < coalesce(customers.valid_to, timestamp '9999-12-31 00:00:00')
),

decided as (
    select
        *,
        case
            when is_ruled_invalid and outcome = 'invalid' then 'invalid'
            when first_agent_at is not null then 'answered'
            when
                outcome = 'abandoned_queue'
                and coalesce(
                    visit_wait_s, queue_wait_s, {{ seconds_between('entered_queue_at', 'queue_left_at') }}
                ) < short_abandon_s
                then 'short_abandon'
            else outcome
        end as settled_outcome,
        case
            when entered_queue_at is not null
                then coalesce(
                    visit_wait_s, queue_wait_s,
                    {{ seconds_between('entered_queue_at', 'coalesce(first_agent_at, queue_left_at)') }}
                )
            when first_agent_at is not null and direction = 'inbound' then 0
        end as settled_wait_s,
        coalesce(entered_queue_at, started_at) as counted_at,
        coalesce(ended_at, last_leg_ended_at, queue_left_at) as settled_ended_at
    from joined
)

select
    *,
    {{ to_local_mostly('counted_at', 'timezone', 'usual_timezone') }} as local_counted_at,
    cast(local_counted_at as date) as local_date,
    {{ to_local_mostly('settled_ended_at', 'timezone', 'usual_timezone') }} as local_ended_at,
    {{ seconds_between('coalesce(system_answered_at, entered_queue_at, started_at)', 'settled_ended_at') }}
        as connected_s,
    coalesce(system_answered_at, entered_queue_at, first_agent_at) is not null as is_connected,
    case
        when is_first_answer_timed and first_agent_at >= started_at
            then {{ seconds_between('started_at', 'first_agent_at') }}
    end as response_s,
    case
        when is_first_answer_timed and first_agent_at >= entered_queue_at
            then {{ seconds_between('entered_queue_at', 'first_agent_at') }}
    end as queue_response_s
from decided
