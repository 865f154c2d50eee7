-- What a board shows of a period is one official row of kpi_value, and its verdict that row's where the board has one.
with

shown as (
    select * from {{ ref('rpt_four_dimensions') }}
    union all
    select * from {{ ref('rpt_core_targets') }}
)

select
    shown.report_id,
    shown.kpi_id,
    shown.variant,
    shown.grain,
    shown.period_start,
    shown.value,
    shown.status
from shown
left join {{ ref('kpi_value') }} as kpi_values
    on
        shown.kpi_id = kpi_values.kpi_id
        and shown.variant = kpi_values.variant
        and shown.grain = kpi_values.grain
        and shown.period_start = kpi_values.period_start
        and kpi_values.dim_set = 'all'
        and kpi_values.category is null
        and kpi_values.is_official
        and shown.value is not distinct from kpi_values.value
        and shown.numerator is not distinct from kpi_values.numerator
        and shown.denominator is not distinct from kpi_values.denominator
        and shown.n is not distinct from kpi_values.n
        and shown.is_mature = kpi_values.is_mature
        and shown.status in (kpi_values.status, 'not_available', 'not_decided')
        and (shown.status != 'not_decided' or not kpi_values.is_mature)
where
    (shown.period_start is not null and kpi_values.kpi_id is null)
    or (shown.period_start is null and shown.value is not null)
