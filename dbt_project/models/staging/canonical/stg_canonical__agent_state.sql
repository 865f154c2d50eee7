-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    agent_id,
    state,
    reason_code,
    channel_id,
    contact_id,
    started_at,
    ended_at,
    duration_s,
    slots_used,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'agent_state') }}
