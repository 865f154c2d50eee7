{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

legs as (
    select * from {{ ref('int_agent__handled_leg') }}
    where {{ in_window('local_date') }}
)

select
    leg_id,
    contact_id,
    source_system,
    agent_id,
    queue_id,
    channel_id,
    medium,
    direction,
    via,
    answered_at,
    ended_at,
    timezone,
    local_ended_at,
    local_date,
    cast(extract(hour from local_ended_at) as integer) as local_hour,
    ring_s,
    talk_s,
    hold_s,
    consult_s,
    acw_s,
    handle_s,
    is_told
from legs
