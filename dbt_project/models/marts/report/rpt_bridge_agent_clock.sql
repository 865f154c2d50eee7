{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- From the talk of conversations, all of it in the hour of their end, to the time in which agents were in the state
-- talk, which lies where the clock says (Q9).
{%- set measures = ['talk_s'] %}
with

{{ legs_in_states() }},

legs as (
    select
        *,
        least(ended_at, {{ add_seconds('answered_at', var('max_call_s')) }}) as believed_ended_at,
        max(least(ended_at, {{ add_seconds('answered_at', var('max_call_s')) }})) over (
            partition by agent_id, source_system order by answered_at, leg_id
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from legs_in_states
),

states as (
    select
        *,
        max(case when not is_continued then started_at end)
            over (partition by agent_id order by started_at rows unbounded preceding) as began_at
    from {{ ref('fct_agent_state') }}
    where {{ in_read_window('local_date') }} and state = 'talk'
),

-- only where states are logged do conversations show in them
dates_of_states as (select distinct local_date from states),

spans as (
    select
        'clock' as kind, timezone, medium, is_in_states, local_date, local_hour, answered_at as started_at,
        believed_ended_at as ended_at
    from legs
    union all
    select
        'at_once' as kind, timezone, medium, is_in_states, local_date, local_hour, answered_at as started_at,
        least(believed_ended_at, busy_until) as ended_at
    from legs
    where busy_until > answered_at
    union all
    -- a conversation that still runs, or whose end no log has, is no leg; its agent is in the state all the same
    select
        'endless' as kind, states.timezone, 'voice' as medium, true as is_in_states, states.local_date,
        0 as local_hour, states.started_at, states.ended_at
    from states
    inner join {{ ref('fct_queue_visit') }} as visits
        on states.agent_id = visits.agent_id and states.began_at = visits.answered_at
    where {{ in_read_window('visits.local_date') }} and visits.ended_at is null
),

steps_of_spans as (
    select lasts.n as last_n, spine.n
    from {{ spine(100) }} as lasts
    inner join {{ spine(100) }} as spine on lasts.n >= spine.n
),

counted as (
    select
        *,
        cast(ceil({{ seconds_between(trunc_time('started_at', 900), 'ended_at') }} / 900.0) - 1 as integer) as last_n
    from spans
    where started_at < ended_at
),

cut as (
    select
        counted.*,
        {{ to_local(add_seconds(trunc_time('counted.started_at', 900), 'steps.n * 900'), 'counted.timezone') }}
            as local_piece_at,
        {{ seconds_between(
            'greatest(counted.started_at, ' ~ add_seconds(trunc_time('counted.started_at', 900), 'steps.n * 900') ~ ')',
            'least(counted.ended_at, ' ~ add_seconds(trunc_time('counted.started_at', 900), '(steps.n + 1) * 900') ~ ')'
        ) }} as piece_s
    from counted
    inner join steps_of_spans as steps on counted.last_n = steps.last_n
),

pieces as (
    select
        cut.kind, cut.medium, cut.local_date as ended_date, cut.local_hour as ended_hour, cut.piece_s,
        cast(cut.local_piece_at as date) as piece_date,
        cast(extract(hour from cut.local_piece_at) as integer) as piece_hour,
        cut.is_in_states and dates_of_states.local_date is not null as has_states
    from cut
    left join dates_of_states on cast(cut.local_piece_at as date) = dates_of_states.local_date
),

movements as ( -- noqa: disable=AL03
    select local_date, local_hour, 'start' as step, talk_s from legs
    where medium = 'voice'
    union all
    select
        local_date, local_hour, 'logged_not_clock',
        greatest({{ seconds_between('answered_at', 'believed_ended_at') }}, 0) - coalesce(talk_s, 0)
    from legs
    where medium = 'voice'
    union all
    {%- for hour, step, sign in [('ended', 'spoken_in_other_hours', '-'), ('piece', 'of_other_hours', '')] %}
    select {{ hour }}_date, {{ hour }}_hour, '{{ step }}', {{ sign }}piece_s from pieces
    where kind = 'clock' and medium = 'voice' and (ended_date != piece_date or ended_hour != piece_hour)
    union all
    {%- endfor %}
    {%- for step, sign, condition in [
        ('not_calls', '', "kind = 'clock' and medium != 'voice' and has_states"),
        ('no_states', '-', "kind = 'clock' and medium = 'voice' and not has_states"),
        ('at_once', '-', "kind = 'at_once' and has_states"),
        ('end_unknown', '', "kind = 'endless'")] %}
    select piece_date, piece_hour, '{{ step }}', {{ sign }}piece_s from pieces
    where {{ condition }}
    union all
    {%- endfor %}
    select local_date, local_hour, 'end', talk_state_s from {{ ref('fct_agent_interval') }}
),

{{ bridge_rows('agent_clock', measures, by=['local_date', 'local_hour']) }}
