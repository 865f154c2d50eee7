-- One row per agent in conversation on one contact: answered queue visits, direct and outbound calls.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
),

visits as (
    select * from {{ ref('int_queue__visit') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

queue_legs as (
    select
        source_system,
        contact_id,
        visit_no as leg_no,
        agent_id,
        queue_id,
        direction,
        channel_id,
        medium,
        'queue' as via,
        answered_at,
        coalesce(ended_at, {{ add_seconds('answered_at', 'talk_s') }}) as ended_at,
        talk_s as logged_talk_s,
        hold_s,
        ring_s,
        site_timezone as timezone
    from visits
    where exit_kind = 'answered'
),

other_legs as (
    select
        source_system,
        contact_id,
        1000 as leg_no,
        agent_id,
        cast(null as varchar) as queue_id,
        direction,
        channel_id,
        medium,
        case when direction = 'outbound' then 'outbound' else 'direct' end as via,
        agent_answered_at as answered_at,
        coalesce(talk_ended_at, {{ add_seconds('agent_answered_at', 'talk_s') }}) as ended_at,
        talk_s as logged_talk_s,
        hold_s,
        ring_s,
        site_timezone as timezone
    from contacts
    where
        outcome = 'answered'
        and agent_answered_at is not null
        and (first_queue_at is null or source_system = 'asterisk')
),

unioned as (
    select * from queue_legs
    union all
    select * from other_legs
)

select
    unioned.*,
    unioned.contact_id || ':' || unioned.leg_no as leg_id,
    case when unioned.logged_talk_s >= 0 then unioned.logged_talk_s end as talk_s,
    {{ to_local_mostly('unioned.ended_at', 'unioned.timezone', 'settings.timezone') }} as local_ended_at,
    cast(local_ended_at as date) as local_date
from unioned
cross join settings
