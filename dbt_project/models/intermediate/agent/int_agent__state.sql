-- Agent states, merged where nothing changed and cut at local midnight.
with

changes as (
    select * from {{ ref('int_agent__state_change') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

dated as (
    select
        changes.*,
        settings.timezone,
        settings.shift_day_start_s,
        cast({{ to_local('changes.started_at', 'settings.timezone') }} as date) as started_on
    from changes
    cross join settings
),

marked as (
    select
        *,
        lag(state) over (partition by agent_id order by started_at) as state_before,
        lag(reason_code) over (partition by agent_id order by started_at) as reason_before,
        lag(started_on) over (partition by agent_id order by started_at) as date_before
    from dated
),

-- a new date keeps its first change, so that no piece is longer than what an agent's silence allows
kept as (
    select * from marked
    where
        state_before is null
        or state != state_before
        or coalesce(reason_code, '') != coalesce(reason_before, '')
        or started_on != date_before
),

closed as (
    select
        *,
        -- what comes after the last built date is not known
        least(
            lead(started_at) over (partition by agent_id order by started_at),
            {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'timezone') }}
        ) as ended_at
    from kept
),

days as (
    select
        closed.*,
        spine.n,
        {{ to_utc("cast(closed.started_on + spine.n * interval '1' day as timestamp)", 'closed.timezone') }}
            as day_begins_at,
        {{ to_utc("cast(closed.started_on + (spine.n + 1) * interval '1' day as timestamp)", 'closed.timezone') }}
            as day_ends_at,
        cast(closed.started_on + spine.n * interval '1' day as date) as local_date
    from closed
    cross join {{ spine(3) }} as spine
    where closed.state != 'offline' and closed.ended_at is not null
),

cut as (
    select
        agent_id,
        state,
        reason_code,
        timezone,
        shift_day_start_s,
        local_date,
        n > 0 as is_continued,
        greatest(started_at, day_begins_at) as started_at,
        least(ended_at, day_ends_at) as ended_at
    from days
    where day_begins_at < ended_at
)

select
    *,
    {{ seconds_between('started_at', 'ended_at') }} as duration_s,
    {{ to_local('started_at', 'timezone') }} as local_started_at,
    {{ to_local('ended_at', 'timezone') }} as local_ended_at,
    cast({{ add_seconds(to_local('started_at', 'timezone'), '-shift_day_start_s') }} as date) as shift_date
from cut
where started_at < ended_at
