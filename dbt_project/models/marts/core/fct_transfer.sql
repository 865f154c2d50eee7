{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

transfers as (
    select
        *,
        cast(local_transferred_at as date) as local_date
    from {{ ref('int_transfer__unioned') }}
)

select
    transfer_id,
    contact_id,
    transfer_no,
    transfer_kind,
    reason,
    from_agent_id,
    from_queue_id,
    to_agent_id,
    to_queue_id,
    to_extension,
    is_external,
    transferred_at,
    timezone,
    local_transferred_at,
    local_date,
    cast(extract(hour from local_transferred_at) as integer) as local_hour,
    is_completed,
    is_problem_restated,
    restated_evidence,
    is_in_queue_log,
    is_in_cel,
    is_in_export
from transfers
where {{ in_window('local_date') }}
