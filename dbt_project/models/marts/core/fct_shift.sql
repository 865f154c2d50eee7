{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.shift', on_schema_change='fail'
) }}

select
    agent_id,
    shift_id,
    shift_date,
    published_at,
    planned_start_at,
    planned_end_at,
    timezone,
    local_planned_start_at,
    local_planned_end_at,
    local_start_date,
    local_end_date,
    planned_s,
    known_paid_s as paid_s,
    partition_date,
    record_hash
from {{ ref('int_agent__shift') }}
where {{ in_changed_partitions('canonical.shift', 'partition_date') }}
