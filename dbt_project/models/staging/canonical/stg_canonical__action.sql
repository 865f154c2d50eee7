-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    action_id,
    problem,
    measure,
    department_id,
    owner_agent_id,
    metric_id,
    impact_level,
    difficulty_level,
    created_at,
    due_at,
    done_at,
    reviewed_at,
    status,
    baseline_value,
    target_value,
    reviewed_value,
    parent_action_id,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'action') }}
