-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    customer_key,
    from_channel_id,
    to_channel_id,
    expected_field_count,
    synced_field_count,
    synced_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'interaction_sync') }}
