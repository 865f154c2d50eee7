-- How far the data behind each KPI variant reach, and how much of them is missing.
with

feeds as (
    select distinct kpi_id, variant, feed, is_stale
    from {{ ref('kpi_feed') }}
    where is_declared
),

-- of several feeds that give the same, the latest is enough
capabilities as (
    select kpi_id, variant, capability, max(last_date) as last_date
    from {{ ref('kpi_feed') }}
    where is_declared
    group by kpi_id, variant, capability
),

reached as (
    select kpi_id, variant, min(last_date) as data_until
    from capabilities
    group by kpi_id, variant
),

recent as (
    select
        feed,
        sum(received_row_count) as received_row_count,
        sum(refused_row_count) as refused_row_count
    from {{ ref('fct_feed_day') }}
    where local_date > cast({{ last_known_date() }} - interval '{{ var("trust_days") }}' day as date)
    group by feed
),

counted as (
    select
        feeds.kpi_id,
        feeds.variant,
        {{ joined_text('feeds.feed', ', ', 'feeds.feed') }} as feeds,
        {{ joined_text('case when feeds.is_stale then feeds.feed end', ', ', 'feeds.feed') }} as stale_feeds,
        cast(sum(case when feeds.is_stale then 1 else 0 end) as bigint) as stale_feed_count,
        cast(sum(recent.refused_row_count) as double) / nullif(sum(recent.received_row_count), 0) as quarantined_rate
    from feeds
    left join recent on feeds.feed = recent.feed
    group by feeds.kpi_id, feeds.variant
)

select
    counted.kpi_id,
    counted.variant,
    counted.feeds,
    counted.stale_feed_count,
    counted.stale_feeds,
    counted.quarantined_rate,
    reached.data_until,
    greatest(
        {{ seconds_between(
            "cast(reached.data_until + interval '1' day as timestamp)", "timestamp '" ~ var("as_of") ~ "'"
        ) }},
        0
    ) as data_age_s
from counted
inner join reached on counted.kpi_id = reached.kpi_id and counted.variant = reached.variant
