-- What the items of an evaluation that applied add up to in each section of the form. Items have the partition of their
-- evaluation: both feeds are dated by it.
{{ config(materialized='view') }}
{%- set late = var('late_window_days') + 1 %}

select
    evaluation_id,
    dt,
    coalesce(section, 'other') as section,
    cast(count(*) as integer) as item_count,
    cast(sum(case when score < score_max then 1 else 0 end) as integer) as failed_item_count,
    sum(score) as score,
    sum(score_max) as score_max
from {{ ref('stg_canonical__qa_evaluation_item') }}
where
    {{ in_read_touched_dates('dt', late, late) }}
    and is_applicable
    and score_max > 0
    and score between 0 and score_max
group by evaluation_id, dt, coalesce(section, 'other')
