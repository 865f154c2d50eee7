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

targets as (
    select * from {{ ref('kpi_target') }}
    where kind = 'target'
),

judged as (
    select
        results.*,
        official.variant = results.variant as is_official,
        official.target_profile,
        targets.operator,
        targets.target_value,
        targets.lower,
        targets.upper,
        targets.min_n,
        row_number() over (
            partition by
                results.kpi_id, results.variant, results.grain, results.period_start, results.dim_set, results.channel,
                results.queue, results.agent, results.region, results.hour_of_day, results.category
            order by official.priority desc, targets.valid_from desc
        ) as choice
    from results
    inner join officials as official
        on
            results.kpi_id = official.kpi_id
            and {{ valid_on('cast(results.period_start as date)', 'official') }}
    left join targets
        on
            results.kpi_id = targets.kpi_id
            and results.variant = targets.variant
            and official.target_profile = targets.profile
            and results.dim_set = targets.scope
            and {{ valid_on('cast(results.period_start as date)', 'targets') }}
)

select
    kpi_id,
    variant,
    grain,
    period_start,
    dim_set,
    channel,
    cast(null as varchar) as direction,
    queue,
    agent,
    cast(null as varchar) as team,
    cast(null as varchar) as issue,
    region,
    cast(null as varchar) as segment,
    cast(hour_of_day as integer) as hour_of_day,
    category,
    numerator,
    denominator,
    value,
    cast(n as bigint) as n,
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
    -- a period that is still running can change
    {{ period_end('grain', 'period_start') }} <= timestamp '{{ var("as_of") }}' as is_mature,
    timestamp '{{ var("as_of") }}' as as_of
from judged
where choice = 1
