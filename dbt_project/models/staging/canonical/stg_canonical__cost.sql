-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    cost_id,
    month,
    booked_at,
    site_id,
    cost_type,
    amount,
    currency,
    driver,
    channel_id,
    queue_id,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'cost') }}
