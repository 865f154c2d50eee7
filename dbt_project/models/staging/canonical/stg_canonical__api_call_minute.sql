-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    endpoint_id,
    tool_name,
    minute_at,
    call_count,
    failure_count,
    latency_p95_ms,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'api_call_minute') }}
