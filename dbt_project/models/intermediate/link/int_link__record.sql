-- What rows of the build name in other feeds, as far as it can be judged: a record that is not there yet is no fault.
-- Rulings: DECISIONS.md, section 30.
{{ config(materialized='view') }}

with

links as (
    select * from {{ ref('stg_canonical__link') }}
    where {{ in_touched_dates('dt') }}
),

feed_days as (
    select feed, local_date, loaded_row_count from {{ ref('stg_centre__feed_day') }}
    where loaded_row_count > 0
),

-- contacts are told by several systems
looked_in as (
    select
        feed as named_feed,
        feed,
        max(local_date) as last_date
    from feed_days
    group by feed
    union all
    select
        'canonical.contact' as named_feed,
        feed,
        max(local_date) as last_date
    from feed_days
    where feed in ('asterisk.queue_log', 'asterisk.cdr')
    group by feed
),

-- read apart from the rows themselves, which an engine would keep to give them twice
days as (
    select distinct named_feed, dt from {{ ref('stg_canonical__link') }}
    where {{ in_touched_dates('dt') }}
),

-- each feed in which a record is looked for has rows of the date and of a later one, or had the whole late window to
-- bring them
settled as (
    select
        days.named_feed,
        days.dt
    from days
    inner join looked_in on days.named_feed = looked_in.named_feed
    left join feed_days on looked_in.feed = feed_days.feed and days.dt = feed_days.local_date
    group by days.named_feed, days.dt
    having
        (min(looked_in.last_date) > days.dt and count(feed_days.feed) = count(*))
        or days.dt < cast(timestamp '{{ var("as_of") }}' - interval '{{ var("late_window_days") }}' day as date)
)

select
    links.*,
    coalesce(feed_days.loaded_row_count, 0) as feed_row_count
from links
inner join settled on links.named_feed = settled.named_feed and links.dt = settled.dt
left join feed_days on links.feed = feed_days.feed and links.dt = feed_days.local_date
