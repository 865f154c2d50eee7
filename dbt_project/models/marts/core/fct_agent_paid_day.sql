-- What agents were paid for on a local date and what they did on the telephone, of those who had a shift. Rulings:
-- DECISIONS.md, section 41.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

shifts as (
    select
        *,
        {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'timezone') }} as known_until
    from {{ ref('fct_shift') }}
),

-- a shift has no other date than its first and its last
dated as (
    select *, local_start_date as local_date from shifts
    where {{ in_touched_dates('local_start_date') }}
    union all
    select *, local_end_date as local_date from shifts
    where local_end_date != local_start_date and {{ in_touched_dates('local_end_date') }}
),

cut as (
    select
        agent_id,
        local_date,
        paid_s,
        planned_s,
        greatest(planned_start_at, {{ to_utc("cast(local_date as timestamp)", 'timezone') }}) as started_at,
        least(
            planned_end_at, known_until,
            {{ to_utc("(cast(local_date as timestamp) + interval '1' day)", 'timezone') }}
        ) as ended_at,
        known_until
    from dated
),

pieces as (
    select
        *,
        paid_s * {{ seconds_between('started_at', 'ended_at') }} / planned_s as piece_s
    from cut
    -- paid time that lies ahead is not there yet, nor is what is not known of it
    where started_at < known_until and (paid_s is null or started_at < ended_at)
),

paid as (
    select
        agent_id,
        local_date,
        cast(count(*) as bigint) as shift_count,
        case when count(piece_s) = count(*) then {{ exact_sum('coalesce(piece_s, 0)') }} end as paid_s
    from pieces
    group by agent_id, local_date
),

presence as (
    select
        agent_id,
        local_date,
        {{ sum_seconds('duration_s') }} as logged_in_s,
        {{ sum_if('duration_s', "state = 'talk'") }} as talk_state_s,
        {{ sum_if('duration_s', "state in ('talk', 'acw', 'ready', 'ringing')") }} as handle_or_ready_s
    from {{ ref('fct_agent_state') }}
    where {{ in_read_touched_dates('local_date', var('telephone_agent_days'), 0) }}
    group by agent_id, local_date
),

of_telephone as (
    select distinct
        paid.agent_id,
        paid.local_date
    from paid
    inner join presence
        on
            paid.agent_id = presence.agent_id
            and paid.local_date >= presence.local_date
            and paid.local_date <= presence.local_date + interval '{{ var("telephone_agent_days") }}' day
),

teams as (
    select * from {{ ref('int_agent__team') }}
)

select
    paid.agent_id,
    paid.local_date,
    teams.team_id,
    paid.shift_count,
    paid.paid_s,
    coalesce(presence.logged_in_s, 0) as logged_in_s,
    coalesce(presence.talk_state_s, 0) as talk_state_s,
    coalesce(presence.handle_or_ready_s, 0) as handle_or_ready_s,
    of_telephone.agent_id is not null as is_of_telephone,
    of_telephone.agent_id is not null and coalesce(paid.paid_s, 0) > 0 as is_counted
from paid
left join presence on paid.agent_id = presence.agent_id and paid.local_date = presence.local_date
left join of_telephone on paid.agent_id = of_telephone.agent_id and paid.local_date = of_telephone.local_date
left join teams on paid.agent_id = teams.agent_id and {{ valid_on('paid.local_date', 'teams') }}
