-- What came of each feed for each date, beside what usually comes on that weekday. A steady feed has a row for every
-- date from its first to the last that any feed reached, so that a date without rows is seen.
with

feeds as (
    select * from {{ ref('dim_feed') }}
),

loaded as (
    select * from {{ ref('stg_centre__feed_day') }}
),

refused as (
    select feed, local_date, sum(refused_row_count) as refused_row_count
    from {{ ref('stg_centre__feed_refusal') }}
    group by feed, local_date
),

bounds as (
    select feed, min(local_date) as first_date
    from loaded
    group by feed
),

reached as (
    select max(local_date) as last_date
    from loaded
    where loaded_row_count > 0
),

dates as (
    select feed, local_date from loaded
    union
    select feed, local_date from refused
    union
    select bounds.feed, calendar.local_date
    from bounds
    inner join feeds on bounds.feed = feeds.feed and feeds.is_steady
    cross join reached
    inner join {{ ref('dim_date') }} as calendar
        on calendar.local_date between bounds.first_date and reached.last_date
),

usual as (
    select
        dates.feed,
        dates.local_date,
        median(before.loaded_row_count) as expected_row_count
    from dates
    inner join feeds on dates.feed = feeds.feed and feeds.is_steady
    cross join (values (7), (14), (21), (28)) as weeks (days)
    inner join loaded as before
        on
            dates.feed = before.feed
            and before.local_date = cast(dates.local_date - weeks.days * interval '1' day as date)
    group by dates.feed, dates.local_date
),

counted as (
    select
        dates.feed,
        dates.local_date,
        usual.expected_row_count,
        coalesce(loaded.loaded_row_count, 0) as loaded_row_count,
        coalesce(loaded.flagged_row_count, 0) as flagged_row_count,
        coalesce(loaded.duplicate_row_count, 0) as duplicate_row_count,
        coalesce(refused.refused_row_count, 0) as refused_row_count,
        coalesce(loaded.held_row_count, 0) as held_row_count,
        coalesce(loaded.is_held, false) as is_held,
        loaded.last_event_at
    from dates
    left join loaded on dates.feed = loaded.feed and dates.local_date = loaded.local_date
    left join refused on dates.feed = refused.feed and dates.local_date = refused.local_date
    left join usual on dates.feed = usual.feed and dates.local_date = usual.local_date
)

select
    feed,
    local_date,
    cast(expected_row_count as double) as expected_row_count,
    -- of a held date the lake has at most former rows, which are not what came
    cast(
        case when is_held then held_row_count else loaded_row_count end + duplicate_row_count + refused_row_count
        as bigint
    ) as received_row_count,
    cast(loaded_row_count as bigint) as loaded_row_count,
    cast(flagged_row_count as bigint) as flagged_row_count,
    cast(duplicate_row_count as bigint) as duplicate_row_count,
    cast(refused_row_count as bigint) as refused_row_count,
    cast(held_row_count as bigint) as held_row_count,
    is_held,
    loaded_row_count = 0 and coalesce(expected_row_count, 0) > 0 as is_missing,
    last_event_at
from counted
