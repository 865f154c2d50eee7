-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    customer_key,
    identity_type,
    identity_hash,
    linked_at,
    unlinked_at,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'customer_identity') }}
