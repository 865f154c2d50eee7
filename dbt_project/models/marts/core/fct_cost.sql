{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.cost', on_schema_change='fail'
) }}

select
    cost_id,
    cost_month as month,
    booked_at,
    site_id,
    cost_type,
    amount,
    entry_currency as currency,
    own_amount,
    shared_by,
    channel_id,
    queue_id,
    timezone,
    partition_date,
    record_hash
from {{ ref('int_cost__entry') }}
where {{ in_changed_partitions('canonical.cost', 'partition_date') }}
