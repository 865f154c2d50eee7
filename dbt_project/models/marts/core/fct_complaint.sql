{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.complaint', on_schema_change='fail'
) }}

select
    complaint_id,
    parent_complaint_id,
    about_contact_id,
    about_agent_id,
    received_contact_id,
    ticket_id,
    customer_key,
    channel_id,
    complaint_type,
    product_line_id,
    severity,
    level,
    opened_at,
    escalated_at,
    closed_at,
    outcome,
    is_regulator_report,
    is_caused_by_outbound,
    campaign_id,
    keywords,
    timezone,
    local_opened_at,
    local_closed_at,
    local_opened_date,
    local_closed_date,
    is_closed,
    is_escalated,
    handling_s,
    handling_business_s,
    partition_date,
    record_hash
from {{ ref('int_complaint__complaint') }}
where {{ in_changed_partitions('canonical.complaint', 'partition_date') }}
