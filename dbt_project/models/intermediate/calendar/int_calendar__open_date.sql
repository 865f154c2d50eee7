-- How long the offices had worked when a date began, so that the working time between two instants is one subtraction.
with

dates as (
    select * from {{ ref('int_calendar__date') }}
),

open_dates as (
    select
        local_date,
        sum(closes_s - opens_s) as open_s
    from {{ ref('int_calendar__open_interval') }}
    group by local_date
),

running as (
    select
        dates.local_date,
        coalesce(open_dates.open_s, 0) as open_s,
        sum(coalesce(open_dates.open_s, 0)) over (
            order by dates.local_date rows between unbounded preceding and current row
        ) as open_until_end_s
    from dates
    left join open_dates on dates.local_date = open_dates.local_date
)

select
    local_date,
    cast(open_until_end_s - open_s as bigint) as open_before_s
from running
