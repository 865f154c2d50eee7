-- Which feeds give what each KPI variant needs; a need that no contract meets has one row without a feed.
with

definitions as (
    select * from {{ ref('kpi_definition') }}
),

capabilities as (
    select distinct capability from {{ ref('kpi_capability') }}
),

feeds as (
    select * from {{ ref('stg_centre__feed_capability') }}
)

select distinct
    definitions.kpi_id,
    definitions.variant,
    capabilities.capability,
    feeds.feed,
    coalesce(feeds.is_declared, false) as is_declared,
    coalesce(feeds.is_declared and feeds.is_stale, false) as is_stale,
    feeds.last_date
from definitions
inner join capabilities
    on ';' || definitions.needs || ';' like '%;' || capabilities.capability || ';%'
left join feeds on capabilities.capability = feeds.capability
