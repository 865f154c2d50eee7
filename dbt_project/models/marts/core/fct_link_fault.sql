-- Rows that name a record which no feed knows, or that happened before the contact which they name.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

-- a contact is named as its own system calls it
named as (
    select
        'canonical.contact' as feed,
        substring(contact_id, length(source_system) + 2) as named_id,
        started_at,
        local_date as dt
    from {{ ref('fct_contact') }}
    union all
    select
        'canonical.contact' as feed,
        substring(matched_contact_id, position(':' in matched_contact_id) + 1) as named_id,
        started_at,
        local_date as dt
    from {{ ref('fct_contact') }}
    where matched_contact_id is not null
    union all
    select
        feed,
        named_id,
        cast(null as timestamp) as started_at,
        dt
    from {{ ref('int_link__named') }}
),

-- nearly all that is named lies near: only for what does not is all of history searched
nearby as (
    select
        feed,
        named_id,
        min(started_at) as started_at
    from named
    where {{ in_read_window('dt') }}
    group by feed, named_id
),

-- each record that is named, once: the rows are many and wide, so they are read twice rather than kept to be joined
told as (
    select
        named_feed,
        named_id,
        min(case when is_follower then happened_at end) as first_followed_at
    from {{ ref('int_link__record') }}
    group by named_feed, named_id
),

-- what is not there, or began after a row that follows it: hardly any
doubted as (
    select
        told.named_feed,
        told.named_id,
        nearby.named_id is not null as is_nearby,
        nearby.started_at
    from told
    left join nearby on told.named_feed = nearby.feed and told.named_id = nearby.named_id
    where
        nearby.named_id is null
        or {{ seconds_between('told.first_followed_at', 'nearby.started_at') }} > {{ var('link_clock_tolerance_s') }}
),

elsewhere as (
    select
        named.feed,
        named.named_id,
        min(named.started_at) as started_at
    from named
    inner join doubted on named.feed = doubted.named_feed and named.named_id = doubted.named_id
    where not doubted.is_nearby
    group by named.feed, named.named_id
),

found as (
    select
        doubted.named_feed,
        doubted.named_id,
        doubted.is_nearby or elsewhere.named_id is not null as is_there,
        coalesce(doubted.started_at, elsewhere.started_at) as started_at
    from doubted
    left join elsewhere on doubted.named_feed = elsewhere.feed and doubted.named_id = elsewhere.named_id
),

judged as (
    select
        records.*,
        found.started_at as contact_started_at,
        case
            when not found.is_there then 'unknown'
            when
                records.is_follower
                and {{ seconds_between('records.happened_at', 'found.started_at') }}
                > {{ var('link_clock_tolerance_s') }}
                then 'before'
        end as fault
    from {{ ref('int_link__record') }} as records
    inner join found on records.named_feed = found.named_feed and records.named_id = found.named_id
)

select
    feed,
    link_column,
    record_id,
    fault,
    named_feed,
    -- a customer is nobody to whom a reader could be led
    case when named_feed != 'canonical.customer' then named_id end as named_id,
    happened_at,
    contact_started_at,
    dt as local_date,
    source_file,
    source_line,
    cast(feed_row_count as bigint) as feed_row_count
from judged
where fault is not null
