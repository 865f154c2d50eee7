-- Orders with their local dates and what they bring in the centre's currency; the latest version of each. An amount in
-- another currency is no money of the centre's until somebody converts it: the order counts, its amount does not.
{{ config(materialized='view') }}

with

orders as (
    select * from {{ ref('stg_canonical__order') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        orders.*,
        settings.timezone,
        coalesce(orders.currency, settings.currency) as order_currency,
        settings.currency as centre_currency,
        {{ to_local('orders.created_at', 'settings.timezone') }} as local_created_at,
        {{ to_local('orders.paid_at', 'settings.timezone') }} as local_paid_at
    from orders
    cross join settings
)

select
    *,
    cast(local_created_at as date) as local_created_date,
    cast(local_paid_at as date) as local_paid_date,
    paid_at is not null and agent_id is not null as is_won,
    case when paid_at is not null and order_currency = centre_currency then amount end as gross_amount,
    case
        when paid_at is null or order_currency != centre_currency then null
        when refunded_at is not null then cast(0 as decimal(18, 4))
        else amount
    end as net_amount,
    dt as partition_date,
    row_hash as record_hash
from told
