{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.recording', on_schema_change='fail'
) }}

select
    recording_id,
    contact_id,
    started_at,
    ended_at,
    duration_s,
    retention_until_at,
    due_until_at,
    deleted_at,
    deletion_reason,
    playable_checked_at,
    is_playable,
    timezone,
    local_started_at,
    local_date,
    is_deleted_early,
    is_deletion_wanted,
    partition_date,
    record_hash
from {{ ref('int_quality__recording') }}
where {{ in_changed_partitions('canonical.recording', 'partition_date') }}
