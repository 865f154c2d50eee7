-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    event_id,
    kind,
    event_name,
    created_at,
    planned_start_at,
    planned_end_at,
    queue_id,
    line_of_business,
    region_code,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'calendar_event') }}
