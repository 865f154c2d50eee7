-- Agents' conversations as an export tells each of them by its legs, in the order in which their contact had them, with
-- the seconds in which the agent consulted somebody. Rulings: DECISIONS.md, section 36.
with

legs as (
    select * from {{ ref('stg_canonical__leg') }}
    where {{ in_read_window('dt') }} and answered_at is not null
),

spoken as (
    select
        *,
        coalesce(
            ended_at, {{ add_seconds('answered_at', 'talk_s + coalesce(hold_s, 0)') }}
        ) as known_ended_at
    from legs
    where leg_type = 'agent'
),

-- the agent consults whose conversation runs; when several run, nobody knows who
consulting as (
    select
        spoken.contact_id,
        spoken.leg_id,
        coalesce(consults.talk_s, {{ seconds_between('consults.answered_at', 'consults.ended_at') }}) as consult_s
    from legs as consults
    inner join spoken
        on
            consults.contact_id = spoken.contact_id
            and consults.started_at >= spoken.answered_at
            and consults.started_at < coalesce(spoken.known_ended_at, timestamp '9999-12-31 00:00:00')
    where consults.leg_type = 'consult'
    qualify count(*) over (partition by consults.contact_id, consults.leg_id) = 1
),

consulted as (
    select contact_id, leg_id, {{ sum_seconds("consult_s") }} as consult_s
    from consulting
    where consult_s >= 0
    group by contact_id, leg_id
)

select
    'canonical:' || spoken.contact_id as contact_id,
    cast(row_number() over (
        partition by spoken.contact_id order by spoken.answered_at, spoken.leg_id
    ) as integer) as told_no,
    cast(count(*) over (partition by spoken.contact_id) as integer) as told_count,
    spoken.agent_id,
    spoken.queue_id,
    coalesce(spoken.routed_by, 'other') as routed_by,
    spoken.answered_at,
    spoken.known_ended_at as ended_at,
    coalesce(spoken.ring_s, {{ seconds_between('spoken.ringing_at', 'spoken.answered_at') }}) as ring_s,
    spoken.talk_s,
    spoken.hold_s,
    spoken.acw_s,
    consulted.consult_s,
    max(case when spoken.acw_s is not null then 1 else 0 end) over (partition by spoken.contact_id) = 1 as is_acw_told,
    max(case when consulted.leg_id is not null then 1 else 0 end) over (partition by spoken.contact_id) = 1
        as is_consult_told
from spoken
left join consulted on spoken.contact_id = consulted.contact_id and spoken.leg_id = consulted.leg_id
