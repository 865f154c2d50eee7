{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- One agent's shift date: presence from first log-in to last log-out, and what the agent handled on it.
with

states as (
    select * from {{ ref('fct_agent_state') }}
    where {{ in_window('shift_date') }}
),

legs as (
    select * from {{ ref('fct_agent_leg') }}
    where {{ in_window('local_date') }} and agent_id is not null and medium = 'voice'
),

presence as (
    select
        agent_id,
        shift_date as local_date,
        min(started_at) as first_login_at,
        max(ended_at) as last_logout_at,
        {{ sum_seconds("duration_s") }} as logged_in_s,
        {{ sum_seconds("case when state = 'break' then duration_s else 0 end") }} as break_s,
        {{ sum_seconds("case when state = 'busy' then duration_s else 0 end") }} as busy_s
    from states
    group by agent_id, shift_date
),

handled as (
    select
        agent_id,
        local_date,
        cast(count(*) as bigint) as handled_legs,
        {{ count_if("direction = 'inbound'") }} as handled_inbound_legs
    from legs
    where ended_at is not null
    group by agent_id, local_date
),

agent_days as (
    select agent_id, local_date from presence
    union
    select agent_id, local_date from handled
),

teams as (
    select * from {{ ref('int_agent__team') }}
)

select
    agent_days.agent_id,
    agent_days.local_date,
    presence.first_login_at,
    presence.last_logout_at,
    coalesce(presence.logged_in_s, 0) as logged_in_s,
    coalesce({{ seconds_between('presence.first_login_at', 'presence.last_logout_at') }} - presence.logged_in_s, 0)
        as offline_s,
    coalesce(presence.break_s, 0) as break_s,
    coalesce(presence.busy_s, 0) as busy_s,
    coalesce(handled.handled_legs, 0) as handled_legs,
    coalesce(handled.handled_inbound_legs, 0) as handled_inbound_legs,
    cast(case when coalesce(presence.logged_in_s, 0) >= 3600 then 1 else 0 end as bigint) as agent_days,
    teams.team_id
from agent_days
left join presence on agent_days.agent_id = presence.agent_id and agent_days.local_date = presence.local_date
left join handled on agent_days.agent_id = handled.agent_id and agent_days.local_date = handled.local_date
left join teams on agent_days.agent_id = teams.agent_id and {{ valid_on('agent_days.local_date', 'teams') }}
