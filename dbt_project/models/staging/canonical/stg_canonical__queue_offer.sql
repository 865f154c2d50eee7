-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    queue_id,
    agent_id,
    offered_at,
    ended_at,
    ring_s,
    result,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'queue_offer') }}
