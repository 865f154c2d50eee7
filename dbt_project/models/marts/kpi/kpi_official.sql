-- Which variant of each KPI is the official one, and which target profile: the centre's choice before the seeds'.
with

defaults as (
    select kpi_id, variant from {{ ref('kpi_definition') }}
    where is_default_official
),

choices as (
    select * from {{ ref('stg_centre__official_variant') }}
)

select
    kpi_id,
    variant,
    'default' as target_profile,
    0 as priority,
    date '1900-01-01' as valid_from,
    cast(null as date) as valid_to
from defaults
union all
select
    choices.kpi_id,
    coalesce(choices.variant, defaults.variant) as variant,
    coalesce(choices.target_profile, 'default') as target_profile,
    1 as priority,
    choices.valid_from,
    choices.valid_to
from choices
inner join defaults on choices.kpi_id = defaults.kpi_id
