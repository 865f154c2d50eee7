with

feeds as (
    select * from {{ ref('dim_feed') }}
),

days as (
    select
        feed,
        min(case when loaded_row_count > 0 then local_date end) as first_date,
        max(case when loaded_row_count > 0 then local_date end) as last_date,
        max(last_event_at) as last_event_at,
        sum(received_row_count) as received_row_count,
        sum(loaded_row_count) as loaded_row_count,
        sum(flagged_row_count) as flagged_row_count,
        sum(duplicate_row_count) as duplicate_row_count,
        sum(refused_row_count) as refused_row_count,
        sum(held_row_count) as held_row_count,
        sum(case when is_held then 1 else 0 end) as held_date_count,
        sum(case when is_missing then 1 else 0 end) as missing_date_count
    from {{ ref('fct_feed_day') }}
    group by feed
)

select
    feeds.feed,
    feeds.feed_name_zh,
    feeds.feed_name_en,
    feeds.timezone,
    feeds.is_critical,
    feeds.is_steady,
    feeds.is_needed_hourly,
    case
        when coalesce(days.loaded_row_count, 0) = 0 then 'empty'
        when feeds.is_stale then 'stale'
        when days.missing_date_count > 0 then 'gaps'
        else 'complete'
    end as state,
    days.first_date,
    days.last_date,
    days.last_event_at,
    feeds.last_landed_at,
    greatest({{ seconds_between('days.last_event_at', 'feeds.last_landed_at') }}, 0) as lag_s,
    feeds.landed_count,
    cast(coalesce(days.received_row_count, 0) as bigint) as received_row_count,
    cast(coalesce(days.loaded_row_count, 0) as bigint) as loaded_row_count,
    cast(coalesce(days.flagged_row_count, 0) as bigint) as flagged_row_count,
    cast(coalesce(days.duplicate_row_count, 0) as bigint) as duplicate_row_count,
    cast(coalesce(days.refused_row_count, 0) as bigint) as refused_row_count,
    cast(coalesce(days.held_row_count, 0) as bigint) as held_row_count,
    cast(coalesce(days.held_date_count, 0) as bigint) as held_date_count,
    cast(coalesce(days.missing_date_count, 0) as bigint) as missing_date_count
from feeds
left join days on feeds.feed = days.feed
