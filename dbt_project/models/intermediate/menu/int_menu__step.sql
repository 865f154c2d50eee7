-- Steps in the telephone menu with their length.
{{ config(materialized='view') }}

select
    contact_id,
    step_no,
    flow_id,
    flow_version,
    node_id,
    entered_at,
    left_at,
    case when left_at >= entered_at then {{ seconds_between('entered_at', 'left_at') }} end as visit_s,
    key_pressed,
    target_node_id,
    is_jump_completed,
    exit_kind
from {{ ref('stg_canonical__ivr_step') }}
where {{ in_read_window('dt') }}
