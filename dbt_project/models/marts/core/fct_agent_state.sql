{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

states as (
    select * from {{ ref('int_agent__state') }}
    where {{ in_window('local_date') }}
)

select
    agent_id,
    state,
    reason_code,
    started_at,
    ended_at,
    duration_s,
    timezone,
    local_started_at,
    local_ended_at,
    local_date,
    shift_date,
    is_continued
from states
