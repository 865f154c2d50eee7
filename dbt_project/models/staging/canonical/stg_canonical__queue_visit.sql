-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    queue_id,
    entered_at,
    left_at,
    wait_s,
    exit_kind,
    agent_id,
    priority,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'queue_visit') }}
