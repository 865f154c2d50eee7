-- What the boards show of each KPI that stands on one: its official variant, at the grain that the board asks for or
-- else its finest, in the last period that is decided.
with

asked as (
    select distinct
        kpi_id,
        coalesce(grain, '') as asked_grain
    from {{ ref('report_kpi') }}
),

officials as (
    select official.kpi_id, official.variant, official.target_profile
    from {{ ref('kpi_official') }} as official
    where {{ valid_on(last_known_date(), 'official') }}
    qualify
        row_number() over (
            partition by official.kpi_id order by official.priority desc, official.valid_from desc
        ) = 1
),

definitions as (
    select definition.kpi_id, definition.variant, definition.grain_set
    from {{ ref('kpi_definition') }} as definition
    where {{ valid_on(last_known_date(), 'definition') }}
),

finest as (
    select pairs.grain_set, pairs.grain
    from {{ ref('kpi_grain_set') }} as pairs
    inner join (
        values ('day', 1), ('week', 2), ('month', 3), ('quarter', 4), ('year', 5), ('rolling_12_months', 6)
    ) as ranks (grain, place) on pairs.grain = ranks.grain
    where pairs.dim_set = 'all'
    qualify row_number() over (partition by pairs.grain_set order by ranks.place) = 1
),

wanted as (
    select
        asked.kpi_id,
        asked.asked_grain,
        definitions.variant,
        officials.target_profile,
        coalesce(nullif(asked.asked_grain, ''), finest.grain) as grain
    from asked
    left join officials on asked.kpi_id = officials.kpi_id
    left join definitions on officials.kpi_id = definitions.kpi_id and officials.variant = definitions.variant
    left join finest on definitions.grain_set = finest.grain_set
),

-- a variant that is official in place of another, or was until now, counts in its periods
official_values as (
    select *
    from {{ ref('kpi_value') }}
    where is_official and dim_set = 'all' and category is null and period_start < timestamp '{{ var("as_of") }}'
),

ranked as (
    select
        wanted.kpi_id,
        wanted.asked_grain,
        official_values.variant,
        official_values.target_profile,
        official_values.period_start,
        row_number() over (
            partition by wanted.kpi_id, wanted.asked_grain
            order by
                case
                    when official_values.value is null then 3
                    when official_values.is_mature then 1
                    else 2
                end,
                official_values.period_start desc
        ) as place
    from wanted
    inner join official_values on wanted.kpi_id = official_values.kpi_id and wanted.grain = official_values.grain
)

select
    wanted.kpi_id,
    wanted.asked_grain,
    coalesce(ranked.variant, wanted.variant) as variant,
    coalesce(ranked.target_profile, wanted.target_profile) as target_profile,
    wanted.grain,
    ranked.period_start
from wanted
left join ranked
    on wanted.kpi_id = ranked.kpi_id and wanted.asked_grain = ranked.asked_grain and ranked.place = 1
