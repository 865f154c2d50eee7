{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.lead', on_schema_change='fail'
) }}

select
    lead_id,
    customer_key,
    lead_source,
    list_id,
    campaign_id,
    owner_agent_id,
    created_at,
    qualified_at,
    intent,
    converted_at,
    timezone,
    local_created_date,
    local_qualified_date,
    partition_date,
    record_hash
from {{ ref('int_sales__lead') }}
where {{ in_changed_partitions('canonical.lead', 'partition_date') }}
