{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

evaluations as (
    select * from {{ ref('int_quality__evaluation') }}
    where {{ in_window('local_date') }}
)

select
    evaluation_id,
    contact_id,
    recording_id,
    agent_id,
    evaluator_type,
    evaluator_id,
    form_id,
    form_version,
    sampled_by,
    evaluated_at,
    timezone,
    local_evaluated_at,
    local_date,
    score,
    score_max,
    score_points,
    is_passed,
    is_fatal_fail,
    bearing_points,
    script_item_count,
    failed_script_item_count,
    coalesce(sampled_by = 'random', false) and recording_id is not null and script_item_count > 0 as is_script_check
from evaluations
