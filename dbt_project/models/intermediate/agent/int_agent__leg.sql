-- One row per agent in conversation on one contact: answered queue visits, direct and outbound calls, and conversations
-- that an export tells by its legs.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
),

visits as (
    select * from {{ ref('int_queue__visit') }}
),

told as (
    select * from {{ ref('int_agent__exported') }}
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
        site_timezone as timezone,
        is_answer_timed,
        (source_system = 'asterisk' and visit_no = 1) or is_first_answered as is_first,
        false as is_told,
        cast(null as double) as told_acw_s,
        cast(null as double) as told_consult_s
    from visits
    where exit_kind = 'answered' and not is_conversation_told
),

other_legs as (
    select
        source_system,
        contact_id,
        1000 as leg_no,
        agent_id,
        cast(null as string) as queue_id,
        direction,
        channel_id,
        medium,
        case when direction = 'outbound' then 'outbound' else 'direct' end as via,
        agent_answered_at as answered_at,
        coalesce(talk_ended_at, {{ add_seconds('agent_answered_at', 'talk_s') }}) as ended_at,
        talk_s as logged_talk_s,
        hold_s,
        ring_s,
        site_timezone as timezone,
        is_answer_timed,
        true as is_first,
        false as is_told,
        cast(null as double) as told_acw_s,
        cast(null as double) as told_consult_s
    from contacts
    where
        outcome = 'answered'
        and agent_answered_at is not null
        and not is_answered_in_queue
        and contact_id not in (select told.contact_id from told)
),

told_legs as (
    select
        source_system,
        contact_id,
        leg_no,
        agent_id,
        queue_id,
        direction,
        channel_id,
        medium,
        via,
        answered_at,
        ended_at,
        talk_s as logged_talk_s,
        hold_s,
        ring_s,
        timezone,
        true as is_answer_timed,
        told_no = 1 as is_first,
        true as is_told,
        -- where a leg of the contact tells them, the others had none
        coalesce(acw_s, case when is_acw_told then 0 end) as told_acw_s,
        coalesce(consult_s, case when is_consult_told then 0 end) as told_consult_s
    from told
),

unioned as (
    select * from queue_legs
    union all
    select * from other_legs
    union all
    select * from told_legs
)

select
    unioned.*,
    unioned.contact_id || ':' || unioned.leg_no as leg_id,
    case when unioned.logged_talk_s >= 0 then unioned.logged_talk_s end as talk_s,
    {{ to_local_mostly('unioned.ended_at', 'unioned.timezone', 'settings.timezone') }} as local_ended_at,
    cast(local_ended_at as date) as local_date
from unioned
cross join settings
