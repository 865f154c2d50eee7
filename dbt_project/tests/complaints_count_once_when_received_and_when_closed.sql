-- Complaints of a date are those that the records say: received on it, and closed on it (M123, M129).
with

records as (
    select local_opened_date as local_date, 1 as opened, 0 as closed from {{ ref('fct_complaint') }}
    where {{ in_touched_dates('local_opened_date') }}
    union all
    select local_closed_date as local_date, 0 as opened, 1 as closed from {{ ref('fct_complaint') }}
    where is_closed and {{ in_touched_dates('local_closed_date') }}
),

told as (
    select local_date, sum(opened) as opened_count, sum(closed) as closed_count from records
    group by local_date
),

counted as (
    select local_date, sum(opened_count) as opened_count, sum(closed_count) as closed_count
    from {{ ref('fct_complaint_day') }}
    where {{ in_touched_dates('local_date') }}
    group by local_date
)

select
    coalesce(told.local_date, counted.local_date) as local_date,
    told.opened_count as received,
    counted.opened_count,
    told.closed_count as closed,
    counted.closed_count
from told
full join counted on told.local_date = counted.local_date
where
    coalesce(told.opened_count, 0) != coalesce(counted.opened_count, 0)
    or coalesce(told.closed_count, 0) != coalesce(counted.closed_count, 0)
