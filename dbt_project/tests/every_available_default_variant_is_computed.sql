-- Every default official variant whose capabilities a feed gives has a value on each date on which both of its measures
-- have one.
with

definitions as (
    select definitions.*
    from {{ ref('kpi_definition') }} as definitions
    inner join {{ ref('kpi_availability') }} as availability
        on definitions.kpi_id = availability.kpi_id and definitions.variant = availability.variant
    where definitions.is_default_official and availability.is_available
),

measured as (
    select distinct local_date, measure
    from {{ ref('kpi_measure') }}
    where {{ in_window('local_date') }} and measure_value > 0
),

expected as (
    select
        definitions.kpi_id,
        definitions.variant,
        numerators.local_date
    from definitions
    inner join measured as numerators
        on
            definitions.numerator = numerators.measure
            and numerators.local_date >= definitions.valid_from
            and (definitions.valid_to is null or numerators.local_date < definitions.valid_to)
    left join measured as denominators
        on definitions.denominator = denominators.measure and numerators.local_date = denominators.local_date
    where definitions.denominator is null or denominators.measure is not null
),

computed as (
    select distinct
        kpi_id,
        variant,
        grain,
        period_start
    from {{ ref('kpi_value') }}
    where grain in ('hour', 'day', 'week', 'month')
)

select
    expected.kpi_id,
    expected.variant,
    expected.local_date
from expected
left join computed
    on
        expected.kpi_id = computed.kpi_id
        and expected.variant = computed.variant
        and cast(expected.local_date as timestamp) < {{ period_end('computed.grain', 'computed.period_start') }}
        and computed.period_start < cast(expected.local_date as timestamp) + interval '1' day
where computed.kpi_id is null
