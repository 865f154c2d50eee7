-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    ticket_id,
    event_id,
    happened_at,
    kind,
    actor_agent_id,
    from_department_id,
    to_department_id,
    from_status,
    to_status,
    reason,
    missing_field,
    priority,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'ticket_event') }}
