-- Months in which a customer was served, showed a sign of staying, or bought: all that retention has to remember.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_touched_months('local_ended_date') }} and outcome = 'answered' and customer_key is not null
),

orders as (
    select * from {{ ref('fct_order') }}
    where {{ in_touched_months('local_paid_date') }} and customer_key is not null
),

issues as (
    select * from {{ ref('dim_issue') }}
),

told as (
    select
        contacts.local_ended_date as told_date,
        contacts.customer_key,
        1 as is_served,
        case
            when contacts.direction = 'inbound' and coalesce(issues.purpose, 'service') != 'complaint' then 1
            else 0
        end as is_active,
        0 as has_bought
    from contacts
    left join issues on contacts.issue_id = issues.issue_id
    union all
    select
        local_paid_date as told_date,
        customer_key,
        0 as is_served,
        1 as is_active,
        1 as has_bought
    from orders
)

select
    cast(date_trunc('month', told_date) as date) as local_date,
    customer_key,
    max(is_served) = 1 as is_served,
    max(is_active) = 1 as is_active,
    max(has_bought) = 1 as has_bought
from told
group by cast(date_trunc('month', told_date) as date), customer_key
