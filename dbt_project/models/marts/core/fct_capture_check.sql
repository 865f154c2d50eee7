{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

checks as (
    select * from {{ ref('int_capture__check') }}
    where {{ in_read_window('dt') }} and {{ in_window('local_date') }}
)

select
    device_id,
    checked_at,
    timezone,
    local_checked_at,
    local_date,
    cast(extract(hour from local_checked_at) as integer) as local_hour,
    status,
    expected_count,
    received_count,
    gap_count,
    last_event_at,
    lag_s
from checks
