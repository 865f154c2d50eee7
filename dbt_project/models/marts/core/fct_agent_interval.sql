{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- Agent time is cut on the wall clock; conversations belong to the interval in which they ended (Q9).
with

states as (
    select * from {{ ref('fct_agent_state') }}
    where {{ in_window('local_date') }}
),

legs as (
    select * from {{ ref('fct_agent_leg') }}
    where {{ in_window('local_date') }} and agent_id is not null and medium = 'voice'
),

offers as (
    select * from {{ ref('fct_queue_offer') }}
    where
        agent_id is not null
        and {{ in_read_window('local_date') }}
        and {{ in_window("cast(" ~ to_local('ended_at', 'site_timezone') ~ " as date)") }}
),

-- (last, n) for n = 0 … last: a state is joined to its intervals by how many they are, which is a hash join
steps as (
    select
        lasts.n as last_n,
        spine.n
    from {{ spine(100) }} as lasts
    inner join {{ spine(100) }} as spine on lasts.n >= spine.n
),

counted as (
    select
        *,
        cast(ceil({{ seconds_between(trunc_time('started_at', 900), 'ended_at') }} / 900.0) - 1 as integer) as last_n
    from states
),

pieces as (
    select
        states.agent_id,
        states.state,
        states.timezone,
        {{ add_seconds(trunc_time('states.started_at', 900), 'steps.n * 900') }} as interval_start,
        greatest(
            states.started_at, {{ add_seconds(trunc_time('states.started_at', 900), 'steps.n * 900') }}
        ) as started_at,
        least(
            states.ended_at, {{ add_seconds(trunc_time('states.started_at', 900), '(steps.n + 1) * 900') }}
        ) as ended_at
    from counted as states
    inner join steps on states.last_n = steps.last_n
),

records as (
    select
        interval_start, agent_id, timezone, state, {{ seconds_between('started_at', 'ended_at') }} as state_s,
        cast(null as string) as direction, cast(null as double) as talk_s, cast(null as double) as acw_s,
        cast(null as double) as handle_s, 0 as leg, 0 as unanswered
    from pieces
    union all
    select
        {{ trunc_time('ended_at', 900) }} as interval_start, agent_id, timezone, cast(null as string) as state,
        0 as state_s, direction, talk_s, acw_s, handle_s, 1 as leg, 0 as unanswered
    from legs
    where ended_at is not null
    union all
    select
        {{ trunc_time('ended_at', 900) }} as interval_start, agent_id, site_timezone as timezone,
        cast(null as string) as state, 0 as state_s, cast(null as string) as direction,
        cast(null as double) as talk_s, cast(null as double) as acw_s, cast(null as double) as handle_s, 0 as leg,
        case when result = 'no_answer' then 1 else 0 end as unanswered
    from offers
),

summed as (
    select
        interval_start,
        agent_id,
        cast({{ to_local('interval_start', 'timezone') }} as date) as local_date,
        cast(extract(hour from {{ to_local('interval_start', 'timezone') }}) as integer) as local_hour,
        {{ sum_seconds("state_s") }} as logged_in_s,
        {%- for state in ['ready', 'ringing', 'talk', 'acw', 'break', 'busy'] %}
        {{ sum_seconds("case when state = '" ~ state ~ "' then state_s else 0 end") }} as {{ state }}_state_s,
        {%- endfor %}
        cast(sum(leg) as bigint) as handled_legs,
        {{ count_if("leg = 1 and direction = 'inbound'") }} as handled_inbound_legs,
        {{ count_if("leg = 1 and direction = 'outbound'") }} as handled_outbound_legs,
        {{ sum_seconds("coalesce(talk_s, 0)") }} as talk_s,
        {{ sum_seconds("coalesce(acw_s, 0)") }} as acw_s,
        {{ sum_seconds("coalesce(handle_s, 0)") }} as handle_s,
        max(talk_s) as talk_max_s,
        min(talk_s) as talk_min_s,
        cast(sum(unanswered) as bigint) as ring_attempts_unanswered
    from records
    group by interval_start, agent_id, timezone
),

teams as (
    select * from {{ ref('int_agent__team') }}
)

select
    summed.*,
    teams.team_id
from summed
left join teams on summed.agent_id = teams.agent_id and {{ valid_on('summed.local_date', 'teams') }}
