-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
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
    currency,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'order') }}
