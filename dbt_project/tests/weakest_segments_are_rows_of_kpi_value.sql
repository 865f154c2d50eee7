-- A weakest segment is a member in kpi_value of a KPI that a board shows as missed, and its shares follow from that row
-- and the centre's.
with

missed as (
    select kpi_id, variant, grain, period_start, numerator, denominator, target, status
    from {{ ref('rpt_four_dimensions') }}
    union
    select kpi_id, variant, grain, period_start, numerator, denominator, target, status
    from {{ ref('rpt_core_targets') }}
),

members as (
    select *, {{ member_path() }} as member_path from {{ ref('kpi_value') }}
    where dim_set <> 'all' and category is null
)

select
    segments.kpi_id,
    segments.grain,
    segments.segment_rank,
    segments.dim_set,
    segments.member_path
from {{ ref('rpt_weakest_segment') }} as segments
left join members
    on
        segments.kpi_id = members.kpi_id
        and segments.variant = members.variant
        and segments.grain = members.grain
        and segments.period_start = members.period_start
        and segments.dim_set = members.dim_set
        and segments.member_path = members.member_path
        and segments.value = members.value
        and segments.n = members.n
left join missed
    on
        segments.kpi_id = missed.kpi_id
        and segments.variant = missed.variant
        and segments.grain = missed.grain
        and segments.period_start = missed.period_start
        and missed.status = 'missed'
where
    members.kpi_id is null
    or missed.kpi_id is null
    or abs(segments.volume_share - members.denominator / missed.denominator) > 0.000001
    or abs(
        segments.shortfall_share * (missed.target * missed.denominator - missed.numerator)
        - (missed.target * members.denominator - members.numerator)
    ) > 0.000001 * greatest(1, abs(missed.numerator))
