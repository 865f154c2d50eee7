-- The last periods of each KPI on a board, up to the one that the board shows, of the variant that it shows.
with

choices as (
    select distinct kpi_id, variant, grain, period_start
    from {{ ref('rpt_kpi_choice') }}
    where period_start is not null
),

found as (
    select kpi_values.*
    from choices
    inner join {{ ref('kpi_value') }} as kpi_values
        on
            choices.kpi_id = kpi_values.kpi_id
            and choices.variant = kpi_values.variant
            and choices.grain = kpi_values.grain
            and choices.period_start >= kpi_values.period_start
    where kpi_values.dim_set = 'all' and kpi_values.category is null
)

select
    kpi_id,
    grain,
    period_start,
    variant,
    numerator,
    denominator,
    value,
    n,
    target,
    status,
    is_mature
from found
qualify row_number() over (partition by kpi_id, grain order by period_start desc) <= 30
