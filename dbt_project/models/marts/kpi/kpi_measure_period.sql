-- Measures of every period that the window touches: hours and dates as they are, longer periods summed from dates.
with

measures as (
    select * from {{ ref('kpi_measure') }}
),

periods as (
    select * from {{ ref('kpi_period') }}
),

short as (
    select
        grain, period_start, dim_set, dim_key, {{ kpi_members() }}, measure, category, measure_value
    from measures
    where {{ in_touched_dates('local_date') }}
),

long as (
    select
        periods.grain, periods.period_start, measures.dim_set, measures.dim_key, {{ kpi_members('measures') }},
        measures.measure, measures.category,
        case measures.aggregation
            when 'max' then max(measures.measure_value)
            when 'min' then min(measures.measure_value)
            else {{ exact_sum('measures.measure_value') }}
        end as measure_value
    from measures
    inner join periods
        on measures.period_start >= periods.period_start and measures.period_start < periods.period_end
    where measures.grain = 'day'
    group by
        periods.grain, periods.period_start, measures.dim_set, measures.dim_key, {{ kpi_members('measures') }},
        measures.measure, measures.category, measures.aggregation
)

select * from short
union all
select * from long
