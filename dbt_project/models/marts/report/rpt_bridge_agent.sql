{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- From contacts that were answered, each once, to the conversations of each agent. `answered` begins by the date that a
-- contact counts on, seconds begin by the date of its end; conversations belong to their own end.
{%- set measures = ['answered', 'talk_s', 'handle_s'] %}
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }} and medium = 'voice'
),

visits as (
    select * from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }} and exit_kind = 'answered' and medium = 'voice'
),

legs as (
    select
        legs.*,
        row_number() over (partition by legs.contact_id order by legs.answered_at, legs.leg_id) as leg_number,
        case legs.via
            when 'queue' then {{ way_after_conversation() }} when 'transfer' then 'return' else 'outside_queue'
        end as way_on
    from {{ ref('fct_agent_leg') }} as legs
    left join visits on legs.leg_id = visits.queue_visit_id
    where {{ in_read_window('legs.local_date') }} and legs.medium = 'voice'
),

led as (
    select
        *,
        case via
            when 'direct' then 'outside_queue'
            when 'transfer' then 'handed_on'
            else lag(way_on) over (partition by contact_id order by leg_number)
        end as way_in
    from legs
),

paired as (
    select
        led.leg_number, led.way_in, led.agent_id, led.talk_s, led.handle_s, led.local_date as leg_date,
        contacts.local_date as counted_date, contacts.local_ended_date as ended_date,
        contacts.outcome = 'answered' as is_answered
    from led
    inner join contacts on led.contact_id = contacts.contact_id
),

-- conversations that no agent's interval can have
endless as (
    select contacts.contact_id, contacts.local_date, contacts.local_ended_date, visits.talk_s, visits.handle_s
    from contacts
    inner join visits on contacts.contact_id = visits.contact_id
    left join legs on visits.queue_visit_id = legs.leg_id
    where legs.leg_id is null and contacts.outcome = 'answered'
),

conversations as (
    select contact_id, talk_s, handle_s from legs
    union all
    select contact_id, talk_s, handle_s from endless
),

{{ told_apart() }},

movements as ( -- noqa: disable=AL03
    {%- for date, count, seconds in [('local_date', 1, 0), ('local_ended_date', 0, 1)] %}
    select
        {{ date }} as local_date, case when direction = 'inbound' then 'start' else 'outbound' end as step,
        {{ count }} as answered, {{ seconds }} * talk_s as talk_s, {{ seconds }} * handle_s as handle_s
    from contacts
    where outcome = 'answered'
    union all
    {%- endfor %}
    select counted_date, way_in, 1, 0, 0 from paired
    where is_answered and leg_number > 1
    union all
    select counted_date, 'ruled_invalid', 1, 0, 0 from paired
    where not is_answered
    union all
    select ended_date, 'ruled_invalid', 0, talk_s, handle_s from paired
    where not is_answered
    union all
    -- a contact without any conversation that ended counts one too many
    select local_date, 'end_unknown', -1, 0, 0 from contacts
    where outcome = 'answered' and contact_id not in (select legs.contact_id from legs)
    union all
    select local_ended_date, 'end_unknown', 0, -talk_s, -handle_s from endless
    union all
    select local_ended_date, 'told_apart', 0, talk_s, handle_s from told_apart
    union all
    {%- for date, count, seconds in [('counted_date', 1, 0), ('ended_date', 0, 1)] %}
    select {{ date }}, 'on_another_date', -{{ count }}, -{{ seconds }} * talk_s, -{{ seconds }} * handle_s from paired
    where {{ date }} != leg_date
    union all
    select leg_date, 'of_another_date', {{ count }}, {{ seconds }} * talk_s, {{ seconds }} * handle_s from paired
    where {{ date }} != leg_date
    union all
    {%- endfor %}
    select leg_date, 'agent_unknown', -1, -talk_s, -handle_s from paired
    where agent_id is null
    union all
    select local_date, 'end', handled_legs, talk_s, handle_s from {{ ref('fct_agent_interval') }}
),

{{ bridge_rows('agent', measures) }}
