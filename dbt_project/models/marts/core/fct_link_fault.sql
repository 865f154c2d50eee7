-- Rows that name a record which no feed knows, or that happened before the contact which they name.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

records as (
    select * from {{ ref('int_link__record') }}
),

-- a contact is named as its own system calls it
contacts as (
    select
        substring(contact_id, length(source_system) + 2) as named_id,
        started_at,
        local_date
    from {{ ref('fct_contact') }}
    union all
    select
        substring(matched_contact_id, position(':' in matched_contact_id) + 1) as named_id,
        started_at,
        local_date
    from {{ ref('fct_contact') }}
    where matched_contact_id is not null
),

named as (
    select
        'canonical.contact' as feed,
        named_id,
        started_at,
        local_date as dt
    from contacts
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

-- who names a record that lies near, in time, is no suspect: nearly all
suspects as (
    select
        records.*,
        nearby.named_id is not null as is_nearby,
        nearby.started_at
    from records
    left join nearby on records.named_feed = nearby.feed and records.named_id = nearby.named_id
    where
        nearby.named_id is null
        or records.is_follower
        and {{ seconds_between('records.happened_at', 'nearby.started_at') }} > {{ var('link_clock_tolerance_s') }}
),

sought as (
    select distinct
        named_feed,
        named_id
    from suspects
    where not is_nearby
),

elsewhere as (
    select
        named.feed,
        named.named_id,
        min(named.started_at) as started_at
    from named
    inner join sought on named.feed = sought.named_feed and named.named_id = sought.named_id
    group by named.feed, named.named_id
),

judged as (
    select
        suspects.*,
        coalesce(suspects.started_at, elsewhere.started_at) as contact_started_at,
        case
            when suspects.is_nearby then 'before'
            when elsewhere.named_id is null then 'unknown'
            when
                suspects.is_follower
                and {{ seconds_between('suspects.happened_at', 'elsewhere.started_at') }}
                > {{ var('link_clock_tolerance_s') }}
                then 'before'
        end as fault
    from suspects
    left join elsewhere on suspects.named_feed = elsewhere.feed and suspects.named_id = elsewhere.named_id
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
