-- Improvement actions with what they promised, what the warehouse measured, and what is to be done next.
{%- set as_of = "timestamp '" ~ var('as_of') ~ "'" %}

with

actions as (
    select
        *,
        local_done_date is null and status not in ('done', 'verified', 'missed', 'reopened') as is_open
    from {{ ref('fct_action') }}
),

metrics as (
    select * from {{ ref('kpi_definition') }}
    where is_default_official
),

befores as (
    select * from {{ ref('rpt_action_window') }}
    where side = 'before'
),

afters as (
    select * from {{ ref('rpt_action_window') }}
    where side = 'after'
),

departments as (
    select distinct assigned_department_id as department_id from {{ ref('fct_ticket') }}
    where assigned_department_id is not null
),

department_total as (
    select count(*) as department_count from departments
),

-- of several remedies the one that answers a single trigger
remedies as (
    select * from {{ ref('strategy_rule') }}
    qualify row_number() over (partition by kpi_id order by coalesce(rule_group, ''), measure_en) = 1
),

measured as (
    select
        actions.*,
        metrics.name_zh as metric_name_zh,
        metrics.name_en as metric_name_en,
        metrics.unit as metric_unit,
        coalesce(befores.variant, afters.variant) as metric_variant,
        befores.first_date as before_from,
        befores.last_date as before_to,
        befores.numerator as before_numerator,
        befores.denominator as before_denominator,
        befores.value as before_value,
        afters.first_date as after_from,
        afters.last_date as after_to,
        afters.numerator as after_numerator,
        afters.denominator as after_denominator,
        afters.value as after_value,
        coalesce(afters.is_over, false) as is_after_over,
        case
            when actions.target_direction = 'up' then afters.value >= actions.target_value
            when actions.target_direction = 'down' then afters.value <= actions.target_value
        end as is_measured_reached,
        case when actions.is_open then {{ as_of }} else actions.local_done_at end as ended_at,
        remedies.measure_zh as remedy_zh,
        remedies.measure_en as remedy_en,
        department_total.department_count,
        departments.department_id is not null as is_named_by_tickets
    from actions
    left join metrics on actions.metric_id = metrics.kpi_id
    left join befores on actions.action_id = befores.action_id
    left join afters on actions.action_id = afters.action_id
    cross join department_total
    left join departments on actions.department_id = departments.department_id
    left join remedies on actions.metric_id = remedies.kpi_id
),

judged as (
    select
        *,
        not coalesce(is_verified, is_measured_reached, is_stated_reached, true) as is_missed,
        coalesce({{ seconds_between('local_due_at', 'ended_at') }}, 0) as overdue_s
    from measured
)

select
    action_id, parent_action_id, problem, measure, department_id,
    owner_agent_id, metric_id, metric_name_zh, metric_name_en, metric_variant, metric_unit,
    impact_level, difficulty_level, ease_score, literal_score, status,
    case
        when is_verified then 'reached'
        when not is_verified then 'missed'
        when is_open and local_due_at <= {{ as_of }} then 'overdue'
        when is_open then 'open'
        when is_after_over then 'to_review'
        else 'measuring'
    end as review_state,
    local_created_at, local_created_date, local_due_at, local_done_at, local_reviewed_date,
    is_open and coalesce(local_due_at <= {{ as_of }}, false) as is_overdue,
    -- begun days; what was done late stays late
    cast(ceil(greatest(overdue_s, 0) / 86400) as integer) as overdue_days,
    target_direction, target_value, baseline_value as stated_before, reviewed_value as stated_after,
    reviewed_value - baseline_value as stated_difference,
    (reviewed_value - baseline_value) / nullif(abs(baseline_value), 0) as stated_relative_change,
    is_stated_reached,
    before_from, before_to, before_numerator, before_denominator, before_value,
    after_from, after_to, after_numerator, after_denominator, after_value,
    after_value - before_value as measured_difference,
    (after_value - before_value) / nullif(abs(before_value), 0) as measured_relative_change,
    is_measured_reached,
    case when is_missed then remedy_zh end as next_measure_zh,
    case when is_missed then remedy_en end as next_measure_en,
    case when metric_id is not null then metric_name_zh is not null end as is_metric_known,
    case
        when department_id is not null and department_count > 0 then is_named_by_tickets
    end as is_department_known,
    {{ as_of }} as as_of
from judged
