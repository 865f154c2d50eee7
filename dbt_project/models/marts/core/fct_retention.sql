-- Customers of the year before the first of a month, and how many of them came back in the year after it. An anchor
-- whose year is not over has no row.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set months = var('retention_months') %}

with

customer_months as (
    select * from {{ ref('fct_customer_month') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

seen_months as (
    select distinct local_date from customer_months
),

anchors as (
    select distinct
        cast(seen_months.local_date + interval '1' month * (steps.n + 1) as date) as local_date
    from seen_months
    cross join {{ spine(months - 1) }} as steps
),

decided as (
    select
        anchors.local_date,
        cast(anchors.local_date - interval '{{ months }}' month as date) as before_from,
        cast(anchors.local_date + interval '{{ months }}' month as date) as after_to,
        {{ to_utc('cast(anchors.local_date as timestamp)', 'settings.timezone') }} as anchor_at,
        {{ to_utc("cast(anchors.local_date + interval '" ~ months ~ "' month as timestamp)", 'settings.timezone') }}
            as decided_at
    from anchors
    cross join settings
    where
        {{ in_touched_dates('anchors.local_date') }}
        and anchors.local_date + interval '{{ months }}' month <= timestamp '{{ var("as_of") }}'
),

cohorts as (
    select
        decided.local_date,
        decided.anchor_at,
        decided.decided_at,
        months.customer_key,
        max(case when months.local_date < decided.local_date and months.is_served then 1 else 0 end) as is_served,
        max(case when months.local_date < decided.local_date and months.has_bought then 1 else 0 end) as has_bought,
        max(case when months.local_date >= decided.local_date and months.is_active then 1 else 0 end)
            as is_active_again,
        max(case when months.local_date >= decided.local_date and months.has_bought then 1 else 0 end)
            as has_bought_again
    from decided
    inner join customer_months as months
        on decided.before_from <= months.local_date and decided.after_to > months.local_date
    group by decided.local_date, decided.anchor_at, decided.decided_at, months.customer_key
)

select
    cohorts.local_date,
    customers.tier,
    cast(sum(cohorts.is_served) as bigint) as served_count,
    cast(sum(cohorts.is_served * cohorts.has_bought_again) as bigint) as served_bought_count,
    cast(sum(cohorts.is_served * cohorts.is_active_again) as bigint) as served_active_count,
    cast(sum(cohorts.has_bought) as bigint) as buyer_count,
    cast(sum(cohorts.has_bought * cohorts.has_bought_again) as bigint) as buyer_bought_count
from cohorts
-- the tier at the anchor, as far as it was known when the anchor's year was over
left join {{ ref('dim_customer') }} as customers
    on
        cohorts.customer_key = customers.customer_key
        and cohorts.anchor_at >= customers.valid_from
        and cohorts.anchor_at < coalesce(customers.valid_to, timestamp '9999-12-31 00:00:00')
        and cohorts.decided_at > customers.known_from
where cohorts.is_served + cohorts.has_bought > 0
group by cohorts.local_date, customers.tier
