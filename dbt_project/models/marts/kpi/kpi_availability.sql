-- Which KPI the configured feeds can give, and which feed is missing for the others.
with

definitions as (
    select * from {{ ref('kpi_definition') }}
),

capabilities as (
    select distinct capability from {{ ref('kpi_capability') }}
),

needs as (
    select
        definitions.kpi_id,
        definitions.variant,
        capabilities.capability
    from definitions
    inner join capabilities
        on ';' || definitions.needs || ';' like '%;' || capabilities.capability || ';%'
),

feeds as (
    select * from {{ ref('stg_centre__feed_capability') }}
),

met as (
    select
        needs.kpi_id,
        needs.variant,
        needs.capability,
        max(case when feeds.is_declared then 1 else 0 end) = 1 as is_met,
        max(case when feeds.is_declared and feeds.is_stale then feeds.feed end) as stale_feed,
        string_agg(distinct feeds.feed, ' / ' order by feeds.feed) as possible_feeds
    from needs
    left join feeds on needs.capability = feeds.capability
    group by needs.kpi_id, needs.variant, needs.capability
)

select
    kpi_id,
    variant,
    min(case when is_met then 1 else 0 end) = 1 as is_available,
    string_agg(case when not is_met then capability end, ', ' order by capability) as missing_capabilities,
    string_agg(case when not is_met then coalesce(possible_feeds, 'no feed yet') end, ', ' order by capability)
        as missing_feeds,
    string_agg(distinct stale_feed, ', ' order by stale_feed) as stale_feeds
from met
group by kpi_id, variant
