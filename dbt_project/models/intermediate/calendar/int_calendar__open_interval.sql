-- The business clock: on which local dates the offices work from when to when.
with

dates as (
    select * from {{ ref('int_calendar__date') }}
),

weekdays as (
    select
        local_date,
        -- 1 January 1990 was a Monday
        1 + cast(
            {{ seconds_between("timestamp '1990-01-01 00:00:00'", 'cast(local_date as timestamp)') }} / 86400 as integer
        ) % 7 as iso_weekday_no
    from dates
),

hours as (
    select * from {{ ref('business_hours') }}
),

exceptions as (
    select * from {{ ref('business_day_exception') }}
),

excepted as (
    select distinct local_date from exceptions
),

intervals as (
    select
        weekdays.local_date,
        hours.opens_at,
        hours.closes_at
    from weekdays
    inner join hours
        on weekdays.iso_weekday_no = hours.iso_weekday_no and {{ valid_on('weekdays.local_date', 'hours') }}
    left join excepted on weekdays.local_date = excepted.local_date
    where excepted.local_date is null
    union all
    select
        local_date,
        opens_at,
        closes_at
    from exceptions
    where opens_at is not null
)

select
    local_date,
    {{ seconds_of_clock('opens_at') }} as opens_s,
    {{ seconds_of_clock('closes_at') }} as closes_s
from intervals
