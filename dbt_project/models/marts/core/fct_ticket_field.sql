{{ config(
    materialized='incremental', incremental_strategy='window', window_by='canonical.ticket_field',
    on_schema_change='fail'
) }}

select
    ticket_id,
    field_name,
    ticket_created_at,
    local_created_date,
    is_required,
    is_filled_at_creation,
    is_filled,
    partition_date,
    record_hash
from {{ ref('int_ticket__field') }}
where {{ in_changed_partitions('canonical.ticket_field', 'partition_date') }}
