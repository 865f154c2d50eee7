-- Agent states, merged where nothing changed and cut at local midnight.
with

changes as (
    select * from {{ ref('int_agent__state_change') }}
),

settings as (
    select
        timezone,
        shift_day_start_s,
        -- what comes after the last built date is not known
        {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'timezone') }} as known_until
    from {{ ref('stg_centre__setting') }}
),

dated as (
    select
        changes.*,
        settings.timezone,
        settings.shift_day_start_s,
        settings.known_until,
        {{ to_local('changes.started_at', 'settings.timezone') }} as local_started_at
    from changes
    cross join settings
),

marked as (
    select
        *,
        lag(state) over (partition by agent_id order by started_at) as state_before,
        lag(reason_code) over (partition by agent_id order by started_at) as reason_before,
        lag(cast(local_started_at as date)) over (partition by agent_id order by started_at) as date_before
    from dated
),

-- a new date keeps its first change, so that no piece is longer than what an agent's silence allows
kept as (
    select * from marked
    where
        state_before is null
        or state != state_before
        or coalesce(reason_code, '') != coalesce(reason_before, '')
        or cast(local_started_at as date) != date_before
),

closed as (
    select
        *,
        least(lead(started_at) over (partition by agent_id order by started_at), known_until) as ended_at
    from kept
),

ended as (
    select
        closed.*,
        {{ to_local('closed.ended_at', 'settings.timezone') }} as local_ended_at
    from closed
    cross join settings
    where closed.state != 'offline' and closed.started_at < closed.ended_at
),

days as (
    select
        ended.*,
        spine.n,
        cast(cast(ended.local_started_at as date) + spine.n * interval '1' day as timestamp) as day_begins_at,
        cast(cast(ended.local_started_at as date) + (spine.n + 1) * interval '1' day as timestamp) as day_ends_at
    from ended
    inner join {{ spine(3) }} as spine
        on cast(cast(ended.local_started_at as date) + spine.n * interval '1' day as timestamp) < ended.local_ended_at
),

cut as (
    select
        agent_id,
        state,
        reason_code,
        timezone,
        shift_day_start_s,
        cast(day_begins_at as date) as local_date,
        n > 0 as is_continued,
        case when n = 0 then started_at else {{ to_utc('day_begins_at', 'timezone') }} end as started_at,
        case
            when local_ended_at <= day_ends_at then ended_at else {{ to_utc('day_ends_at', 'timezone') }}
        end as ended_at,
        case when n = 0 then local_started_at else day_begins_at end as local_started_at,
        least(local_ended_at, day_ends_at) as local_ended_at
    from days
)

select
    *,
    {{ seconds_between('started_at', 'ended_at') }} as duration_s,
    cast({{ add_seconds('local_started_at', '-shift_day_start_s') }} as date) as shift_date
from cut
where started_at < ended_at
