-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    api_call_id,
    endpoint_id,
    tool_name,
    contact_id,
    started_at,
    latency_ms,
    is_success,
    error_class,
    retry_of,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'api_call') }}
