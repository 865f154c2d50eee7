{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

measurements as (
    select * from {{ ref('int_quality__measurement') }}
    where {{ in_window('local_date') }}
)

select
    contact_id,
    measured_at,
    line_id,
    agent_id,
    timezone,
    local_measured_at,
    local_date,
    mos,
    jitter_ms,
    latency_ms,
    packet_loss_rate,
    is_noisy,
    is_good,
    is_first_of_contact,
    is_contact_good,
    is_first_of_agent,
    is_agent_good,
    is_first_of_line,
    is_line_good
from measurements
