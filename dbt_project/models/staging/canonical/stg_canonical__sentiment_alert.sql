-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
{{ config(materialized='ephemeral') }}

select
    alert_id,
    contact_id,
    raised_at,
    alert_level,
    speaker,
    emotion,
    confidence_rate,
    handled_by_agent_id,
    intervened_at,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'sentiment_alert') }}
