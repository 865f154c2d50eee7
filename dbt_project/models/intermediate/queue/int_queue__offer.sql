-- Ring attempts: one row each time that a queue rang an agent.
with

offers as (
    select * from {{ ref('stg_asterisk__queue_offer') }}
),

told as (
    select * from {{ ref('int_queue__offer_told') }}
),

-- a contact of which no ring attempts are told still tells how long the agent who answered was rung
answers as (
    select * from {{ ref('int_queue__visit') }}
    where
        source_system = 'canonical'
        and exit_kind = 'answered'
        and ring_s is not null
        and contact_id not in (select told.contact_id from told)
),

queues as (
    select
        *,
        {{ validity_instants() }}
    from {{ ref('stg_centre__queue') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

rung as (
    select
        source_system || ':' || call_id as contact_id,
        source_system || ':' || call_id || ':' || visit_no as queue_visit_id,
        source_system || ':' || call_id || ':' || visit_no || ':' || event_no as queue_offer_id,
        source_system,
        queue_id,
        agent_id,
        offered_at,
        ended_at,
        ring_s,
        result
    from offers
    where call_id is not null
    union all
    select
        contact_id,
        queue_visit_id,
        queue_offer_id,
        source_system,
        queue_id,
        agent_id,
        offered_at,
        ended_at,
        ring_s,
        result
    from told
),

zoned as (
    select
        rung.contact_id,
        rung.queue_visit_id,
        rung.queue_offer_id,
        rung.source_system,
        rung.queue_id,
        rung.agent_id,
        rung.offered_at,
        rung.ended_at,
        case when rung.ring_s >= 0 then rung.ring_s end as ring_s,
        rung.result,
        coalesce(queues.timezone, settings.timezone) as timezone,
        settings.timezone as site_timezone
    from rung
    cross join settings
    left join queues
        on
            rung.queue_id = queues.queue_id
            and {{ valid_at('rung.ended_at', 'queues') }}
    union all
    select
        contact_id,
        queue_visit_id,
        queue_visit_id || ':answer' as queue_offer_id,
        source_system,
        queue_id,
        agent_id,
        {{ add_seconds('answered_at', '-ring_s') }} as offered_at,
        answered_at as ended_at,
        ring_s,
        'answered' as result,
        timezone,
        site_timezone
    from answers
)

select
    *,
    {{ to_local_mostly('ended_at', 'timezone', 'site_timezone') }} as local_ended_at,
    cast(local_ended_at as date) as local_date
from zoned
