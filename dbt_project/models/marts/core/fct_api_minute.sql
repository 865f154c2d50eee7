{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

minutes as (
    select
        *,
        cast(local_minute_at as date) as local_date
    from {{ ref('int_integration__minute') }}
)

select
    endpoint_id,
    minute_at,
    tool_name,
    timezone,
    local_minute_at,
    local_date,
    cast(extract(hour from local_minute_at) as integer) as local_hour,
    call_count,
    failure_count,
    latency_p95_ms,
    counted_by
from minutes
where {{ in_window('local_date') }}
