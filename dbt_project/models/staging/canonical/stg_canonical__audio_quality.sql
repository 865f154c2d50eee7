-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    measured_at,
    line_id,
    agent_id,
    mos,
    jitter_ms,
    latency_ms,
    packet_loss_rate,
    is_noisy,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'audio_quality') }}
