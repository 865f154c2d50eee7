{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.ticket_event', on_schema_change='fail'
) }}

select
    ticket_id,
    event_id,
    happened_at,
    local_happened_date,
    kind,
    actor_agent_id,
    from_department_id,
    to_department_id,
    from_status,
    to_status,
    reason,
    missing_field,
    priority,
    partition_date,
    record_hash
from {{ ref('int_ticket__event') }}
where {{ in_changed_partitions('canonical.ticket_event', 'partition_date') }}
