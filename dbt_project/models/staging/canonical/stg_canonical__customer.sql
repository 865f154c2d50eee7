-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    customer_key,
    customer_type,
    tier,
    is_high_value,
    age_band,
    spend_tier,
    region_code,
    owner_agent_id,
    status,
    joined_at,
    last_active_at,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'customer') }}
