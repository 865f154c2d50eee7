-- Contacts that an agent handled: repeats, and whether they were enough. Rulings: DECISIONS.md, section 20.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set window_s = var('repeat_window_s') %}

with

-- a week to both sides, and each contact may end on the date after it began
contacts as (
    select * from {{ ref('fct_contact') }}
    where direction = 'inbound' and {{ in_read_touched_dates('local_date', 10, 9) }}
),

handled as (
    select * from contacts
    where outcome = 'answered' and ended_at is not null
),

matters as (
    select contact_id, customer_key || '|' || issue_id as repeat_group, started_at, ended_at from handled
    where customer_key is not null and issue_id is not null
),

-- who was not answered tries again, and is no failure of an agent
calls as (
    select
        contact_id,
        caller_hash as repeat_group,
        started_at,
        case when outcome = 'answered' then ended_at end as ended_at
    from contacts
    where medium = 'voice' and caller_hash is not null and number_type != 'anonymous'
),

{{ nearest_neighbours('by_matter', 'matters') }},

{{ nearest_neighbours('by_number', 'calls') }},

-- a ticket names its contact as the telephone system or the other system does
names as (
    select contact_id, ended_at, substring(contact_id, length(source_system) + 2) as call_id from handled
    union
    select
        contact_id,
        ended_at,
        substring(
            matched_contact_id, length(case when source_system = 'asterisk' then 'canonical' else 'asterisk' end) + 2
        ) as call_id
    from handled
    where matched_contact_id is not null
),

reopened as (
    select distinct names.contact_id
    from names
    inner join {{ ref('fct_ticket') }} as tickets on names.call_id = tickets.contact_id
    inner join {{ ref('fct_ticket_event') }} as events on tickets.ticket_id = events.ticket_id
    where
        events.kind = 'reopened'
        and events.happened_at > names.ended_at
        and events.happened_at <= {{ add_seconds('names.ended_at', window_s) }}
),

judged as (
    select
        handled.*,
        coalesce(settings.not_resolvable_issues not like '%|' || handled.issue_id || '|%', true) as is_resolvable,
        {{ add_seconds('handled.ended_at', window_s) }}
        <= {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'settings.timezone') }} as is_mature,
        by_matter.contact_id is not null as is_matter_known,
        {{ seconds_between('by_matter.ended_before', 'handled.started_at') }} as since_previous_s,
        {{ seconds_between('handled.ended_at', 'by_matter.started_after') }} as until_next_s,
        reopened.contact_id is not null as is_reopened,
        by_number.contact_id is not null as is_number_known,
        {{ seconds_between('by_number.ended_before', 'handled.started_at') }} as since_previous_call_s,
        {{ seconds_between('handled.ended_at', 'by_number.started_after') }} as until_next_call_s
    from handled
    cross join {{ ref('stg_centre__setting') }} as settings
    left join by_matter on handled.contact_id = by_matter.contact_id
    left join by_number on handled.contact_id = by_number.contact_id
    left join reopened on handled.contact_id = reopened.contact_id
)

select
    contact_id,
    medium,
    channel_id,
    answering_queue_id as queue_id,
    last_agent_id as agent_id,
    issue_id,
    customer_key,
    segment,
    region_code,
    started_at,
    ended_at,
    timezone,
    local_ended_at,
    local_ended_date as local_date,
    declared_resolved as is_declared_solved,
    is_resolvable,
    is_mature,
    is_matter_known,
    case when since_previous_s <= {{ window_s }} then since_previous_s end as since_previous_s,
    case when until_next_s <= {{ window_s }} then until_next_s end as until_next_s,
    case when is_matter_known then coalesce(since_previous_s <= {{ window_s }}, false) end as is_repeat,
    case when is_matter_known and is_mature then coalesce(until_next_s <= {{ window_s }}, false) end as is_followed,
    case when is_matter_known and is_mature then is_reopened end as is_reopened,
    is_number_known,
    case when is_number_known then coalesce(since_previous_call_s <= {{ window_s }}, false) end as is_repeated_call,
    case when is_number_known and is_mature then coalesce(until_next_call_s <= {{ window_s }}, false) end
        as is_followed_call
from judged
where {{ in_touched_dates('local_ended_date') }}
