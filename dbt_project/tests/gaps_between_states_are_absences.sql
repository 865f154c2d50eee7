-- Identity 5: between two states of an agent nothing is missing but what the log shows as logged out.
with

states as (
    select * from {{ ref('fct_agent_state') }}
    where {{ in_window('local_date') }}
),

presence as (
    select agent_id, started_at, ended_at from {{ ref('int_agent__presence') }}
    union all
    select agent_id, started_at, ended_at from {{ ref('int_agent__state_told') }}
),

followed as (
    select
        agent_id,
        ended_at as gap_started_at,
        lead(started_at) over (partition by agent_id order by started_at) as gap_ended_at
    from states
),

gaps as (
    select * from followed
    where {{ seconds_between('gap_started_at', 'gap_ended_at') }} > 1
)

select
    gaps.agent_id,
    gaps.gap_started_at,
    gaps.gap_ended_at,
    presence.started_at,
    presence.ended_at
from gaps
inner join presence
    on
        gaps.agent_id = presence.agent_id
        and presence.started_at < gaps.gap_ended_at
        and presence.ended_at > gaps.gap_started_at
where
    {{ seconds_between(
        'greatest(gaps.gap_started_at, presence.started_at)', 'least(gaps.gap_ended_at, presence.ended_at)'
    ) }} > 1
