-- Periods that the build window touches, whole (week from Monday; a rolling year ends with each month that has data).
with

dates as (
    select distinct local_date from {{ ref('kpi_measure') }}
),

starts as (
    {%- for grain in ['week', 'month', 'quarter', 'year'] %}
    select distinct
        '{{ grain }}' as grain,
        cast(date_trunc('{{ grain }}', local_date) as timestamp) as period_start
    from dates
    union all
    {%- endfor %}
    select distinct
        'rolling_12_months' as grain,
        cast(cast(date_trunc('month', local_date) as timestamp) - interval '11' month as timestamp) as period_start
    from dates
)

select
    grain,
    period_start,
    cast({{ period_end('grain', 'period_start') }} as timestamp) as period_end
from starts
where {{ period_in_window('grain', 'period_start') }}
