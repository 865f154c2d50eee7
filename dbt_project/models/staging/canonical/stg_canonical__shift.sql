-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    agent_id,
    shift_id,
    shift_date,
    published_at,
    planned_start_at,
    planned_end_at,
    paid_s,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'shift') }}
