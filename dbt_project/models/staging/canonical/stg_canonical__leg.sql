-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
{{ config(materialized='ephemeral') }}

select
    contact_id,
    leg_id,
    leg_type,
    service_channel,
    agent_id,
    queue_id,
    line_id,
    routed_by,
    started_at,
    ringing_at,
    answered_at,
    ended_at,
    ring_s,
    talk_s,
    hold_s,
    hold_count,
    acw_s,
    hangup_side,
    hangup_cause,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'leg') }}
