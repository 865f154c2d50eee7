-- Calls of interfaces by the minute: what monitoring counted, else the calls that are told one by one. A repeated
-- attempt is a call of its own, as it is for monitoring.
{{ config(materialized='view') }}

with

minutes as (
    select * from {{ ref('stg_canonical__api_call_minute') }}
    where {{ in_read_window('dt') }}
),

calls as (
    select
        *,
        {{ trunc_time('started_at', 60) }} as minute_at
    from {{ ref('stg_canonical__api_call') }}
    where {{ in_read_window('dt') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

summed as (
    select
        endpoint_id,
        minute_at,
        max(tool_name) as tool_name,
        cast(count(*) as double) as call_count,
        cast(sum(case when is_success then 0 else 1 end) as double) as failure_count,
        percentile_cont(0.95) within group (order by latency_ms) as latency_p95_ms
    from calls
    group by endpoint_id, minute_at
),

told as (
    select
        endpoint_id,
        minute_at,
        tool_name,
        -- what monitoring derives from a counter that was reset can fall below zero, or failures exceed their calls
        greatest(call_count, 0) as call_count,
        least(greatest(failure_count, 0), greatest(call_count, 0)) as failure_count,
        latency_p95_ms,
        'minutes' as counted_by
    from minutes
    union all
    select
        summed.endpoint_id,
        summed.minute_at,
        summed.tool_name,
        summed.call_count,
        summed.failure_count,
        summed.latency_p95_ms,
        'calls' as counted_by
    from summed
    left join minutes on summed.endpoint_id = minutes.endpoint_id and summed.minute_at = minutes.minute_at
    where minutes.endpoint_id is null
)

select
    told.*,
    settings.timezone,
    {{ to_local('told.minute_at', 'settings.timezone') }} as local_minute_at
from told
cross join settings
