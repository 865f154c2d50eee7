-- Evaluations in their latest version, with what their items say of the script and of how the agent came across.
{{ config(materialized='view') }}
{%- set late = var('late_window_days') + 1 %}

with

evaluations as (
    select
        *,
        -- the lake holds one version a partition; one with another date lies in another partition
        lead(evaluated_at) over (
            partition by evaluation_id order by record_updated_at nulls first, evaluated_at, row_hash
        ) as evaluated_again_at
    from {{ ref('stg_canonical__qa_evaluation') }}
    where {{ in_read_touched_dates('dt', late, late) }}
),

sections as (
    select * from {{ ref('int_quality__section') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

summed as (
    select
        evaluation_id,
        dt,
        sum(case when section = 'compliance' then item_count else 0 end) as script_item_count,
        sum(case when section = 'compliance' then failed_item_count else 0 end) as failed_script_item_count,
        100.0 * sum(case when section in ('attitude', 'professionalism') then score end)
        / nullif(sum(case when section in ('attitude', 'professionalism') then score_max end), 0) as bearing_points
    from sections
    group by evaluation_id, dt
),

told as (
    select
        evaluations.*,
        settings.timezone,
        {{ to_local('evaluations.evaluated_at', 'settings.timezone') }} as local_evaluated_at
    from evaluations
    cross join settings
    where
        evaluations.evaluated_again_at is null
        or abs({{ seconds_between('evaluations.evaluated_at', 'evaluations.evaluated_again_at') }})
        > {{ var('answer_within_days') * 86400 }}
)

select
    told.*,
    cast(told.local_evaluated_at as date) as local_date,
    case
        when told.score_max > 0 and told.score between 0 and told.score_max then 100.0 * told.score / told.score_max
    end as score_points,
    cast(coalesce(summed.script_item_count, 0) as integer) as script_item_count,
    cast(coalesce(summed.failed_script_item_count, 0) as integer) as failed_script_item_count,
    summed.bearing_points
from told
left join summed on told.evaluation_id = summed.evaluation_id and told.dt = summed.dt
