-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    tool_name,
    query_id,
    executed_at,
    user_id,
    run_by,
    query_hash,
    saved_query_id,
    table_names,
    row_count,
    is_exported,
    previous_chain_hash,
    chain_hash,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'query_log') }}
