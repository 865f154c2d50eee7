-- Which KPI the configured feeds can give, and which feed is missing for the others.
with

needs as (
    select
        kpi_id,
        variant,
        capability,
        max(case when is_declared then 1 else 0 end) = 1 as is_met,
        max(case when is_stale then feed end) as stale_feed,
        string_agg(distinct feed, ' / ' order by feed) as possible_feeds
    from {{ ref('kpi_feed') }}
    group by kpi_id, variant, capability
)

select
    kpi_id,
    variant,
    min(case when is_met then 1 else 0 end) = 1 as is_available,
    string_agg(case when not is_met then capability end, ', ' order by capability) as missing_capabilities,
    string_agg(case when not is_met then coalesce(possible_feeds, 'no feed yet') end, ', ' order by capability)
        as missing_feeds,
    string_agg(distinct stale_feed, ', ' order by stale_feed) as stale_feeds
from needs
group by kpi_id, variant
