-- Identity 12: hours add up to their date, and dates to every longer period that the build window touches. Maxima,
-- minima, ranked hours and ratios of two facts are not additive and are left to their own tests.
with

families as (
    select measure, {{ joined_text('distinct family', ',', 'family') }} as family
    from {{ ref('kpi_measure_definition') }}
    group by measure
),

definitions as (
    select
        definitions.kpi_id,
        definitions.variant,
        definitions.grain_set,
        definitions.valid_from,
        definitions.valid_to,
        -- the whole of a share is not its members' own
        definitions.kind = 'share' as is_share
    from {{ ref('kpi_definition') }} as definitions
    inner join families as above on definitions.numerator = above.measure
    left join families as below on definitions.denominator = below.measure
    where
        definitions.kind in ('count', 'sum', 'ratio', 'mean', 'share', 'distribution')
        and (definitions.denominator is null or above.family = below.family)
),

pairs as (
    select distinct
        longer.grain_set,
        longer.dim_set,
        longer.grain,
        shorter.grain as shorter_grain
    from {{ ref('kpi_grain_set') }} as longer
    inner join {{ ref('kpi_grain_set') }} as shorter
        on longer.grain_set = shorter.grain_set and longer.dim_set = shorter.dim_set
    where
        (longer.grain = 'day' and shorter.grain = 'hour')
        or (longer.grain not in ('day', 'hour') and shorter.grain = 'day')
),

members as (
    select
        *,
        {{ dim_key() }} || '|' || coalesce(category, '') as member_key
    from {{ ref('kpi_value') }}
),

longer as (
    select
        members.*,
        {{ period_end('members.grain', 'members.period_start') }} as period_end,
        pairs.shorter_grain,
        definitions.is_share
    from members
    inner join definitions
        on
            members.kpi_id = definitions.kpi_id
            and members.variant = definitions.variant
            and cast(members.period_start as date) >= definitions.valid_from
            and (
                definitions.valid_to is null
                or {{ period_end('members.grain', 'members.period_start') }} <= definitions.valid_to
            )
    inner join pairs
        on
            definitions.grain_set = pairs.grain_set
            and members.dim_set = pairs.dim_set
            and members.grain = pairs.grain
    where {{ period_in_window('members.grain', 'members.period_start') }}
)

select
    longer.kpi_id,
    longer.variant,
    longer.grain,
    longer.period_start,
    longer.dim_set,
    longer.member_key,
    longer.numerator,
    sum(shorter.numerator) as numerators,
    longer.denominator,
    sum(shorter.denominator) as denominators
from longer
left join members as shorter
    on
        longer.kpi_id = shorter.kpi_id
        and longer.variant = shorter.variant
        and longer.dim_set = shorter.dim_set
        and longer.member_key = shorter.member_key
        and longer.shorter_grain = shorter.grain
        and shorter.period_start >= longer.period_start
        and shorter.period_start < longer.period_end
group by
    longer.kpi_id, longer.variant, longer.grain, longer.period_start, longer.dim_set, longer.member_key,
    longer.numerator, longer.denominator, longer.is_share
having
    abs(longer.numerator - coalesce(sum(shorter.numerator), 0)) > 0.001
    or (not longer.is_share and abs(coalesce(longer.denominator, 0) - coalesce(sum(shorter.denominator), 0)) > 0.001)
