-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    requirement_id,
    is_present,
    checked_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'compliance_record') }}
