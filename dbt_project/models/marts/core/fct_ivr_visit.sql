{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

contacts as (
    select
        contact_id, source_system, matched_contact_id, channel_id, started_at, first_queue_at, first_agent_at, outcome,
        timezone, local_date
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }}
),

names as (
    {{ ids_of_contacts('contacts') }}
),

steps as (
    select
        contacts.contact_id,
        contacts.channel_id,
        contacts.timezone,
        contacts.local_date,
        contacts.first_queue_at is not null as is_contact_queued,
        contacts.first_queue_at is null and contacts.first_agent_at is null as is_without_agent,
        contacts.outcome = 'self_served' as is_told_self_served,
        steps.contact_id as said_contact_id,
        steps.step_no,
        steps.flow_id,
        steps.flow_version,
        steps.node_id,
        steps.entered_at,
        steps.left_at,
        steps.visit_s,
        steps.key_pressed,
        steps.target_node_id,
        steps.is_jump_completed,
        steps.exit_kind,
        row_number() over (partition by contacts.contact_id order by steps.step_no, steps.contact_id) = 1
            as is_first_of_contact
    from {{ ref('int_menu__step') }} as steps
    inner join names on steps.contact_id = names.named_id
    inner join contacts on names.contact_id = contacts.contact_id
    where
        {{ seconds_between('contacts.started_at', 'steps.entered_at') }}
        between -{{ var('max_call_s') }} and {{ var('max_call_s') }}
),

totals as (
    select
        contact_id,
        case when count(visit_s) = count(*) then {{ sum_seconds('visit_s') }} end as contact_menu_s,
        max(case when exit_kind = 'self_service_done' then 1 else 0 end) = 1 as is_done
    from steps
    group by contact_id
)

select
    steps.contact_id,
    steps.said_contact_id,
    steps.step_no,
    steps.channel_id,
    steps.flow_id,
    steps.flow_version,
    steps.node_id,
    steps.entered_at,
    steps.left_at,
    steps.timezone,
    {{ to_local('steps.entered_at', 'steps.timezone') }} as local_entered_at,
    steps.local_date,
    steps.visit_s,
    steps.key_pressed,
    steps.target_node_id,
    steps.is_jump_completed,
    steps.exit_kind,
    steps.is_first_of_contact,
    steps.is_contact_queued,
    steps.is_without_agent and (totals.is_done or steps.is_told_self_served) as is_contact_self_served,
    totals.contact_menu_s
from steps
inner join totals on steps.contact_id = totals.contact_id
