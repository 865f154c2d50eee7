{{ config(severity='warn') }}

-- Identity 6: on each date with states, talk in them is within 2 % of talk in the conversations cut at midnight. A
-- warning: agents may speak without being logged in, and logged talk may differ from the clock.
with

{{ legs_in_states() }},

legs as (
    select
        *,
        {{ to_local('answered_at', 'timezone') }} as local_started_at
    from legs_in_states
    where is_in_states and talk_s > 0 and ended_at > answered_at
),

cut as (
    select
        cast(local_ended_at as date) as local_date,
        talk_s,
        {{ seconds_between('greatest(local_started_at, cast(cast(local_ended_at as date) as timestamp))', 'local_ended_at') }}
        / {{ seconds_between('answered_at', 'ended_at') }} as part
    from legs
    where {{ in_window('cast(local_ended_at as date)') }}
    union all
    select
        cast(local_started_at as date) as local_date,
        talk_s,
        {{ seconds_between('local_started_at', 'cast(cast(local_ended_at as date) as timestamp)') }}
        / {{ seconds_between('answered_at', 'ended_at') }} as part
    from legs
    where
        cast(local_started_at as date) < cast(local_ended_at as date)
        and {{ in_window('cast(local_started_at as date)') }}
),

conversations as (
    select local_date, sum(talk_s * part) as talk_s
    from cut
    group by local_date
),

states as (
    select local_date, sum(case when state = 'talk' then duration_s else 0 end) as talk_s
    from {{ ref('fct_agent_state') }}
    where {{ in_window('local_date') }}
    group by local_date
)

select
    states.local_date,
    states.talk_s as talk_in_states_s,
    conversations.talk_s as talk_in_conversations_s
from states
left join conversations on states.local_date = conversations.local_date
where abs(states.talk_s - coalesce(conversations.talk_s, 0)) > 0.02 * greatest(states.talk_s, coalesce(conversations.talk_s, 0))
