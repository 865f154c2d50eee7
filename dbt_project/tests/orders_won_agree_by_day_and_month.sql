-- The orders that agents won are the same by the date of payment (M139) and among the people of the month (M140, M142).
with

by_date as (
    select
        cast(date_trunc('month', local_paid_date) as date) as local_date,
        count(*) as orders
    from {{ ref('fct_order') }}
    where is_won and {{ in_touched_months('local_paid_date') }}
    group by cast(date_trunc('month', local_paid_date) as date)
),

by_month as (
    select
        local_date,
        sum(record_count) as orders
    from {{ ref('fct_sales_month') }}
    where kind = 'won' and {{ in_touched_months('local_date') }}
    group by local_date
)

select
    coalesce(by_date.local_date, by_month.local_date) as local_date,
    by_date.orders,
    by_month.orders as orders_of_the_month
from by_date
full join by_month on by_date.local_date = by_month.local_date
where coalesce(by_date.orders, 0) != coalesce(by_month.orders, 0)
