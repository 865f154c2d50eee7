{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

hand_overs as (
    select * from {{ ref('int_experience__hand_over') }}
    where {{ in_window('local_date') }}
)

select
    contact_id,
    customer_key,
    from_channel_id,
    to_channel_id,
    channel_pair,
    synced_at,
    timezone,
    local_synced_at,
    local_date,
    expected_field_count,
    synced_field_count,
    continuity_points
from hand_overs
