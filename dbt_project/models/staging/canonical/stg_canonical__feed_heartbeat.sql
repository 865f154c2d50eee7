-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    device_id,
    checked_at,
    status,
    expected_count,
    received_count,
    gap_count,
    last_event_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'feed_heartbeat') }}
