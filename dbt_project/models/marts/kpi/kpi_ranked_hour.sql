-- The busiest and the quietest hour of day of each period (M010, M011).
with

hours as (
    select
        grain,
        period_start,
        hour_of_day,
        measure,
        measure_value,
        row_number() over (
            partition by grain, period_start, measure order by measure_value desc, hour_of_day asc
        ) as from_top,
        row_number() over (
            partition by grain, period_start, measure order by measure_value asc, hour_of_day asc
        ) as from_bottom
    from {{ ref('kpi_measure_period') }}
    where dim_set = 'hour_of_day' and measure = 'inbound' and measure_value > 0
)

select grain, period_start, 'peak' as kind, measure, hour_of_day, measure_value
from hours
where from_top = 1
union all
select grain, period_start, 'trough' as kind, measure, hour_of_day, measure_value
from hours
where from_bottom = 1
