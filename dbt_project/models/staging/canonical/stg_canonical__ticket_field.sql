-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    ticket_id,
    field_name,
    ticket_created_at,
    is_required,
    is_filled_at_creation,
    is_filled,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'ticket_field') }}
