-- Every variant of every KPI for the periods that the window touches: numerator and denominator as the registry names
-- them. A denominator of 0 gives NULL (identity 7 of the event model).
with

-- measures that are split by category meet their own category, the others stand for all of them
split_measures as (
    select measure, max(case when category is null then 0 else 1 end) = 1 as is_split
    from {{ ref('kpi_measure_definition') }}
    group by measure
),

definitions as (
    select
        definition.*,
        pairs.grain,
        pairs.dim_set,
        coalesce(below.is_split, false) as is_denominator_split,
        coalesce(records.is_split, false) as is_n_split
    from {{ ref('kpi_definition') }} as definition
    inner join {{ ref('kpi_grain_set') }} as pairs on definition.grain_set = pairs.grain_set
    left join split_measures as below on definition.denominator = below.measure
    left join split_measures as records on definition.n_measure = records.measure
),

measures as (
    select
        periods.*,
        coalesce(periods.category, '') as category_key,
        {{ whole_key('periods') }} as whole_key
    from {{ ref('kpi_measure_period') }} as periods
),

ranked_hours as (
    select * from {{ ref('kpi_ranked_hour') }}
),

calculated as (
    select
        definitions.kpi_id, definitions.variant, definitions.maturity_days, above.grain, above.period_start,
        above.dim_set, {{ kpi_members('above') }}, above.category,
        above.measure_value as numerator,
        below.measure_value as denominator,
        records.measure_value as n,
        definitions.denominator as denominator_name
    from definitions
    inner join measures as above
        on
            definitions.numerator = above.measure
            and definitions.grain = above.grain
            and definitions.dim_set = above.dim_set
    left join measures as below
        on
            definitions.denominator = below.measure
            and above.grain = below.grain
            and above.period_start = below.period_start
            and below.category_key = case when definitions.is_denominator_split then above.category_key else '' end
            -- a share is taken of its whole, every other rate of its own dimension members
            and below.dim_key = case when definitions.kind = 'share' then above.whole_key else above.dim_key end
    left join measures as records
        on
            definitions.n_measure = records.measure
            and above.grain = records.grain
            and above.period_start = records.period_start
            and records.category_key = case when definitions.is_n_split then above.category_key else '' end
            and records.dim_key = case when definitions.kind = 'share' then above.whole_key else above.dim_key end
    where
        definitions.kind not in ('peak', 'trough')
        and cast(above.period_start as date) >= definitions.valid_from
        and (definitions.valid_to is null or cast(above.period_start as date) < definitions.valid_to)
        and (definitions.denominator is null or below.measure_value is not null)
    union all
    select
        definitions.kpi_id, definitions.variant, definitions.maturity_days, ranked_hours.grain,
        ranked_hours.period_start, 'all' as dim_set,
        {{ kpi_no_members() }},
        lpad(cast(ranked_hours.hour_of_day as string), 2, '0') || ':00' as category,
        ranked_hours.measure_value as numerator, cast(null as double) as denominator, ranked_hours.measure_value as n,
        cast(null as string) as denominator_name
    from definitions
    inner join ranked_hours
        on
            definitions.kind = ranked_hours.kind
            and definitions.numerator = ranked_hours.measure
            and definitions.grain = ranked_hours.grain
)

select
    kpi_id, variant, grain, period_start, dim_set, {{ kpi_members() }}, category,
    numerator, denominator, n, maturity_days,
    case when denominator_name is null then numerator else numerator / nullif(denominator, 0) end as value
from calculated
