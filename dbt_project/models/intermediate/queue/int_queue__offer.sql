-- Ring attempts: one row each time that a queue rang an agent.
with

offers as (
    select * from {{ ref('stg_asterisk__queue_offer') }}
),

-- a source without ring attempts still tells how long the agent who answered was rung
answers as (
    select * from {{ ref('int_queue__visit') }}
    where source_system = 'canonical' and exit_kind = 'answered' and ring_s is not null
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

zoned as (
    select
        offers.source_system || ':' || offers.call_id as contact_id,
        offers.source_system || ':' || offers.call_id || ':' || offers.visit_no as queue_visit_id,
        offers.source_system || ':' || offers.call_id || ':' || offers.visit_no || ':' || offers.event_no
            as queue_offer_id,
        offers.source_system,
        offers.queue_id,
        offers.agent_id,
        offers.offered_at,
        offers.ended_at,
        case when offers.ring_s >= 0 then offers.ring_s end as ring_s,
        offers.result,
        coalesce(queues.timezone, settings.timezone) as timezone,
        settings.timezone as site_timezone
    from offers
    cross join settings
    left join queues
        on
            offers.queue_id = queues.queue_id
            and {{ valid_at('offers.ended_at', 'queues') }}
    where offers.call_id is not null
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
