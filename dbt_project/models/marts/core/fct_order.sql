{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.order', on_schema_change='fail'
) }}

select
    order_id,
    customer_key,
    lead_id,
    contact_id,
    agent_id,
    campaign_id,
    product_id,
    created_at,
    paid_at,
    refunded_at,
    status,
    amount,
    order_currency as currency,
    timezone,
    local_created_date,
    local_paid_date,
    is_won,
    gross_amount,
    net_amount,
    partition_date,
    record_hash
from {{ ref('int_sales__order') }}
where {{ in_changed_partitions('canonical.order', 'partition_date') }}
