-- Contacts that agents took part in, by the date on which the contact ended, and the complaints about them: a complaint
-- counts for the agent and on the date of the contact that it is about, whenever and wherever it came in (Q11).
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_touched_dates('local_ended_date') }} and outcome = 'answered'
),

names as (
    {{ ids_of_contacts('contacts') }}
),

taken as (
    select distinct
        contact_id,
        agent_id
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_touched_dates('local_date', var('late_window_days'), 1) }}
),

counted as (
    select
        contacts.local_ended_date as local_date,
        taken.agent_id,
        1 as handled,
        0 as complaints
    from contacts
    inner join taken on contacts.contact_id = taken.contact_id
    where taken.agent_id is not null
    union all
    select
        contacts.local_ended_date as local_date,
        complaints.about_agent_id as agent_id,
        0 as handled,
        1 as complaints
    from {{ ref('fct_complaint') }} as complaints
    inner join names on complaints.about_contact_id = names.named_id
    inner join contacts on names.contact_id = contacts.contact_id
    where complaints.about_agent_id is not null
)

select
    local_date,
    agent_id,
    cast(sum(handled) as bigint) as handled_count,
    cast(sum(complaints) as bigint) as complaint_count
from counted
group by local_date, agent_id
