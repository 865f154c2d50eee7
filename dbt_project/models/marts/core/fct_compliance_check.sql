{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

checks as (
    select * from {{ ref('int_quality__compliance_check') }}
    where {{ in_window('local_date') }}
)

select
    contact_id,
    requirement_id,
    is_present as is_met,
    checked_at,
    timezone,
    local_checked_at,
    local_date
from checks
