-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
{{ config(materialized='ephemeral') }}

select
    complaint_id,
    about_contact_id,
    received_contact_id,
    about_agent_id,
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
    parent_complaint_id,
    is_regulator_report,
    is_caused_by_outbound,
    campaign_id,
    keywords,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'complaint') }}
