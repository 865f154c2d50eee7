-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    transfer_id,
    contact_id,
    from_agent_id,
    to_agent_id,
    to_queue_id,
    is_external,
    kind,
    reason,
    transferred_at,
    is_completed,
    is_problem_restated,
    restated_evidence,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'transfer') }}
