-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
{{ config(materialized='ephemeral') }}

select
    use_id,
    agent_id,
    contact_id,
    kind,
    item_id,
    used_at,
    duration_s,
    is_manual,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'knowledge_use') }}
