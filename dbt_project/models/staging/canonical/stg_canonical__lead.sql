-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
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
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'lead') }}
