{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

evaluations as (
    select * from {{ ref('int_quality__evaluation') }}
    where {{ in_window('local_date') }}
),

sections as (
    select * from {{ ref('int_quality__section') }}
)

select
    evaluations.evaluation_id,
    sections.section,
    evaluations.agent_id,
    evaluations.evaluator_type,
    evaluations.evaluated_at,
    evaluations.local_date,
    sections.item_count,
    sections.failed_item_count,
    sections.score,
    sections.score_max,
    100.0 * sections.score / sections.score_max as score_points
from evaluations
inner join sections on evaluations.evaluation_id = sections.evaluation_id and evaluations.dt = sections.dt
