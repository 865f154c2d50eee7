-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    step_no,
    flow_id,
    flow_version,
    node_id,
    entered_at,
    left_at,
    key_pressed,
    target_node_id,
    is_jump_completed,
    exit_kind,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'ivr_step') }}
