-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    recording_id,
    contact_id,
    started_at,
    ended_at,
    duration_s,
    retention_until_at,
    deleted_at,
    deletion_reason,
    playable_checked_at,
    is_playable,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'recording') }}
