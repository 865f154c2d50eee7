{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.action', on_schema_change='fail'
) }}

select
    action_id,
    parent_action_id,
    problem,
    measure,
    department_id,
    owner_agent_id,
    metric_id,
    impact_level,
    difficulty_level,
    ease_score,
    literal_score,
    created_at,
    due_at,
    done_at,
    reviewed_at,
    status,
    baseline_value,
    target_value,
    reviewed_value,
    target_direction,
    timezone,
    local_created_at,
    local_due_at,
    local_done_at,
    local_created_date,
    local_due_date,
    local_done_date,
    local_reviewed_date,
    is_done_in_time,
    is_verified,
    is_stated_reached,
    partition_date,
    record_hash
from {{ ref('int_action__action') }}
where {{ in_changed_partitions('canonical.action', 'partition_date') }}
