{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- From handling of contacts, by the end of the contact, to that of the queues' conversations, by their own end.
{%- set measures = ['talk_s', 'handle_s'] %}
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }} and outcome = 'answered' and medium = 'voice'
),

legs as (
    select * from {{ ref('fct_agent_leg') }}
    where {{ in_read_window('local_date') }}
),

visits as (
    select
        contact_id, talk_s, handle_s, ended_at is not null as is_ended, cast(local_ended_at as date) as ended_date
    from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }} and exit_kind = 'answered'
),

paired as (
    select visits.*, contacts.local_ended_date as contact_date
    from visits
    inner join contacts on visits.contact_id = contacts.contact_id
    where contacts.direction = 'inbound'
),

conversations as (
    select contact_id, talk_s, handle_s from legs
    union all
    select contact_id, talk_s, handle_s from paired
    where not is_ended
),

{{ told_apart() }},

movements as ( -- noqa: disable=AL03
    select local_ended_date as local_date, 'start' as step, talk_s, handle_s from contacts
    union all
    select local_ended_date, 'outbound', -talk_s, -handle_s from contacts
    where direction != 'inbound'
    union all
    -- a conversation apart from the queues; of a contact that also had some, and of one that had none
    select
        contacts.local_ended_date,
        case
            when legs.via = 'transfer' then 'handed_on' when contacts.first_queue_at is null then 'without_queue'
            else 'outside_queue'
        end,
        -legs.talk_s, -legs.handle_s
    from legs
    inner join contacts on legs.contact_id = contacts.contact_id
    where contacts.direction = 'inbound' and legs.via != 'queue'
    union all
    select local_ended_date, 'told_apart', talk_s, handle_s from told_apart
    where direction = 'inbound'
    union all
    select contact_date, 'end_unknown', -talk_s, -handle_s from paired
    where not is_ended
    union all
    select contact_date, 'on_another_date', -talk_s, -handle_s from paired
    where is_ended and contact_date != ended_date
    union all
    select ended_date, 'of_another_date', talk_s, handle_s from paired
    where is_ended and contact_date != ended_date
    union all
    select local_date, 'end', talk_s, handle_s from {{ ref('fct_queue_interval') }}
    where direction = 'inbound' and medium = 'voice'
),

{{ bridge_rows('queue_handling', measures) }}
