-- Improvement actions by each date that they touch: decided, due, reviewed. One that is not due yet is left out of the
-- due ones: it is not decided.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set touches = {
    'created': 'ease_score is not null',
    'due': "local_due_at <= timestamp '" ~ var('as_of') ~ "'",
    'reviewed': 'true',
} %}

with

actions as (
    select
        *,
        baseline_value is not null and reviewed_value is not null as is_compared
    from {{ ref('fct_action') }}
),

touched as (
    {%- for kind, condition in touches.items() %}
    select
        '{{ kind }}' as kind,
        local_{{ kind }}_date as local_date,
        action_id, department_id, metric_id, ease_score, literal_score, is_done_in_time, is_verified, is_stated_reached,
        is_compared, baseline_value, reviewed_value
    from actions
    where {{ in_touched_dates('local_' ~ kind ~ '_date') }} and {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    local_date,
    action_id,
    department_id,
    metric_id,
    {{ count_if("kind = 'created'") }} as scored_count,
    cast(sum(case when kind = 'created' then ease_score else 0 end) as bigint) as ease_score,
    cast(sum(case when kind = 'created' then literal_score else 0 end) as bigint) as literal_score,
    {{ count_if("kind = 'due'") }} as due_count,
    {{ count_if("kind = 'due' and is_done_in_time") }} as done_in_time_count,
    {{ count_if("kind = 'reviewed' and is_verified is not null") }} as judged_count,
    {{ count_if("kind = 'reviewed' and is_verified") }} as verified_count,
    {{ count_if("kind = 'reviewed' and is_stated_reached is not null") }} as stated_count,
    {{ count_if("kind = 'reviewed' and is_stated_reached") }} as stated_reached_count,
    {{ count_if("kind = 'reviewed' and is_compared") }} as compared_count,
    {{ exact_sum("case when kind = 'reviewed' and is_compared then reviewed_value - baseline_value else 0 end") }}
        as difference,
    {{ exact_sum("case when kind = 'reviewed' and is_compared then abs(baseline_value) else 0 end") }} as baseline_value
from touched
group by local_date, action_id, department_id, metric_id
