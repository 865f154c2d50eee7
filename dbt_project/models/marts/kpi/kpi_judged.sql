{{ config(
    materialized='incremental', incremental_strategy='window', on_schema_change='fail',
    window_by='period'
) }}

with

results as (
    select * from {{ ref('kpi_result') }}
),

officials as (
    select * from {{ ref('kpi_official') }}
),

fallbacks as (
    select * from {{ ref('kpi_fallback') }}
),

targets as (
    select * from {{ ref('kpi_target') }}
    where kind = 'target'
),

judged as (
    select
        results.*,
        coalesce(fallbacks.fallback_variant, official.variant) = results.variant as is_official,
        official.target_profile,
        targets.operator,
        targets.target_value,
        targets.lower,
        targets.upper,
        targets.min_n,
        row_number() over (
            partition by
                results.kpi_id, results.variant, results.grain, results.period_start, results.dim_set,
                {{ kpi_members('results') }}, results.category
            order by official.priority desc, targets.valid_from desc
        ) as choice
    from results
    inner join officials as official
        on
            results.kpi_id = official.kpi_id
            and {{ valid_on('cast(results.period_start as date)', 'official') }}
    left join fallbacks
        on
            official.kpi_id = fallbacks.kpi_id
            and official.variant = fallbacks.variant
            and results.grain = fallbacks.grain
            and results.period_start = fallbacks.period_start
    left join targets
        on
            results.kpi_id = targets.kpi_id
            and results.variant = targets.variant
            and official.target_profile = targets.profile
            and results.dim_set = targets.scope
            and {{ valid_on('results.period_start', 'targets') }}
)

select
    kpi_id,
    variant,
    grain,
    period_start,
    dim_set,
    {{ kpi_members() }},
    category,
    numerator,
    denominator,
    value,
    -- to the nearest: one engine would cut what the other rounds
    cast(round(n) as bigint) as n,
    is_official,
    target_profile,
    coalesce(target_value, case when value < lower then lower else upper end) as target,
    case
        when value is null then 'no_data'
        when operator is null then 'no_target'
        when n < min_n then 'few_records'
        when operator = '>=' and value >= target_value then 'met'
        when operator = '>' and value > target_value then 'met'
        when operator = '<=' and value <= target_value then 'met'
        when operator = '<' and value < target_value then 'met'
        when operator = 'band' and value between lower and upper then 'met'
        else 'missed'
    end as status,
    -- a period that is still running can change, and one whose last events a later one may still decide
    {{ add_seconds('(' ~ period_end('grain', 'period_start') ~ ')', 'maturity_days * 86400') }} as mature_from
from judged
where choice = 1
