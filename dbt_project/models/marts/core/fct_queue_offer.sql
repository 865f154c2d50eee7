{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

offers as (
    select * from {{ ref('int_queue__offer') }}
    where {{ in_window('local_date') }}
)

select
    queue_offer_id,
    queue_visit_id,
    contact_id,
    source_system,
    queue_id,
    agent_id,
    offered_at,
    ended_at,
    timezone,
    site_timezone,
    local_ended_at,
    local_date,
    cast(extract(hour from local_ended_at) as integer) as local_hour,
    ring_s,
    result
from offers
