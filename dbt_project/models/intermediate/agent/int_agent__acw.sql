-- After-call work that pauses tell, given to the agent's leg that ended at most five seconds before the pause began. An
-- export's states tell it of agents whose pauses no telephone logs.
with

presence as (
    select * from {{ ref('int_agent__presence') }}
),

told as (
    select * from {{ ref('int_agent__state_told') }}
    where state = 'acw' and agent_id not in (select presence.agent_id from presence)
),

legs as (
    select * from {{ ref('int_agent__leg') }}
    where via != 'direct' and ended_at is not null
),

pauses as (
    select
        agent_id,
        pause_no,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from presence
    where presence_state = 'acw'
    group by agent_id, pause_no
    union all
    select agent_id, cast(null as bigint) as pause_no, started_at, ended_at from told
),

timeline as (
    select agent_id, ended_at as happened_at, 0 as kind, leg_id, cast(null as double) as acw_s from legs
    union all
    select
        agent_id, started_at as happened_at, 1 as kind, cast(null as string) as leg_id,
        {{ seconds_between('started_at', 'ended_at') }} as acw_s
    from pauses
),

grouped as (
    select
        *,
        count(leg_id) over (
            partition by agent_id order by happened_at, kind, leg_id rows between unbounded preceding and current row
        ) as leg_group
    from timeline
),

attributed as (
    select
        first_value(leg_id) over leg_events as leg_id,
        first_value(happened_at) over leg_events as leg_ended_at,
        kind,
        happened_at,
        acw_s
    from grouped
    where leg_group > 0
    window leg_events as (partition by agent_id, leg_group order by happened_at, kind, leg_id)
)

select
    leg_id,
    {{ sum_seconds("acw_s") }} as acw_s
from attributed
where kind = 1 and {{ seconds_between('leg_ended_at', 'happened_at') }} <= 5
group by leg_id
