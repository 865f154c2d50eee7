{{ config(severity='warn') }}
-- An evaluation whose items add up to another score, or another highest score, than it has: the form weights its items,
-- an appeal changed one side alone, or an item is missing.
with

evaluations as (
    select * from {{ ref('fct_qa_evaluation') }}
    where {{ in_window('local_date') }} and score_points is not null
),

items as (
    select
        evaluation_id,
        evaluated_at,
        sum(score) as score,
        sum(score_max) as score_max
    from {{ ref('fct_qa_section') }}
    where {{ in_window('local_date') }}
    group by evaluation_id, evaluated_at
)

select
    evaluations.evaluation_id,
    evaluations.local_date,
    evaluations.score,
    items.score as item_score,
    evaluations.score_max,
    items.score_max as item_score_max
from evaluations
inner join items
    on evaluations.evaluation_id = items.evaluation_id and evaluations.evaluated_at = items.evaluated_at
where
    abs(evaluations.score - items.score) > 0.51
    or abs(evaluations.score_max - items.score_max) > 0.01
