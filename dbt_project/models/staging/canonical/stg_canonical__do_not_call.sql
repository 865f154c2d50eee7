-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
{{ config(materialized='ephemeral') }}

select
    callee_hash,
    callee_masked,
    kind,
    scope,
    added_at,
    removed_at,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'do_not_call') }}
