-- Periods in which too little is known for a variant to be official, and the variant that takes its place. A date is
-- judged by its week: one quiet date decides nothing, and a week is always made again with its dates.
{{ config(
    materialized='incremental', incremental_strategy='window', on_schema_change='fail',
    window_by='period'
) }}

with

totals as (
    select
        grain,
        period_start,
        max(case when measure = 'handled_inbound' then measure_value end) as handled_count,
        max(case when measure = 'known_inbound' then measure_value end) as known_count
    from {{ ref('kpi_measure_period') }}
    where dim_set = 'all' and measure in ('handled_inbound', 'known_inbound')
    group by grain, period_start
),

rules as (
    select * from {{ ref('kpi_variant_fallback') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
)

select
    rules.kpi_id,
    rules.variant,
    rules.fallback_variant,
    totals.grain,
    totals.period_start,
    cast(judged.handled_count as bigint) as handled_count,
    cast(judged.known_count as bigint) as known_count,
    judged.known_count / judged.handled_count as known_rate,
    settings.min_known_rate
from totals
inner join totals as judged
    on
        judged.grain = case when totals.grain = 'day' then 'week' else totals.grain end
        and judged.period_start = case
            when totals.grain = 'day' then cast(date_trunc('week', totals.period_start) as timestamp)
            else totals.period_start
        end
cross join rules
cross join settings
where judged.handled_count > 0 and judged.known_count / judged.handled_count < settings.min_known_rate
