-- Which KPI the configured feeds can give, and which feed is missing for the others.
with

needs as (
    select
        kpi_id,
        variant,
        capability,
        max(case when is_declared then 1 else 0 end) = 1 as is_met,
        max(case when is_stale then feed end) as stale_feed,
        {{ joined_text('distinct feed', ' / ', 'feed') }} as possible_feeds
    from {{ ref('kpi_feed') }}
    group by kpi_id, variant, capability
)

select
    kpi_id,
    variant,
    min(case when is_met then 1 else 0 end) = 1 as is_available,
    {{ joined_text('case when not is_met then capability end', ', ', 'capability') }} as missing_capabilities,
    {{ joined_text("case when not is_met then coalesce(possible_feeds, 'no feed yet') end", ', ', 'capability') }}
        as missing_feeds,
    {{ joined_text('distinct stale_feed', ', ', 'stale_feed') }} as stale_feeds
from needs
group by kpi_id, variant
