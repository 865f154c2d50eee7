-- Of each call that an agent handled, by the date of its end: whether its conversations were recorded and what it had
-- to have was there. Before the first recording and the first check nothing is expected of any call.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

contacts as (
    select * from {{ ref('fct_contact') }}
    where
        {{ in_touched_dates('local_ended_date') }}
        and outcome = 'answered'
        and medium = 'voice'
        and last_agent_id is not null
),

first_record as (
    select greatest(
        (select min(recordings.local_date) from {{ ref('fct_recording') }} as recordings),
        (select min(checks.local_date) from {{ ref('fct_compliance_check') }} as checks)
    ) as first_date
),

names as (
    {{ ids_of_contacts('contacts') }}
),

legs as (
    select contact_id, count(*) as conversation_count
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_touched_dates('local_date', 1, 1) }}
    group by contact_id
),

recordings as (
    select names.contact_id, count(*) as recording_count
    from {{ ref('fct_recording') }} as recordings
    inner join names on recordings.contact_id = names.named_id
    where {{ in_read_touched_dates('recordings.local_date', 1, 1) }}
    group by names.contact_id
),

checks as (
    select
        contacts.contact_id,
        count(*) as requirement_count,
        sum(case when checks.is_met then 1 else 0 end) as requirement_met_count
    from {{ ref('fct_compliance_check') }} as checks
    inner join names on checks.contact_id = names.named_id
    inner join contacts on names.contact_id = contacts.contact_id
    where
        {{ in_read_touched_dates('checks.local_date', 1, var('answer_within_days') + 1) }}
        and {{ is_in_time('checks.checked_at', 'contacts.ended_at') }}
    group by contacts.contact_id
),

counted as (
    select
        contacts.contact_id,
        contacts.channel_id,
        contacts.last_agent_id as agent_id,
        contacts.ended_at,
        contacts.local_ended_date as local_date,
        cast(coalesce(legs.conversation_count, 0) as integer) as conversation_count,
        cast(coalesce(recordings.recording_count, 0) as integer) as recording_count,
        cast(coalesce(checks.requirement_count, 0) as integer) as requirement_count,
        cast(coalesce(checks.requirement_met_count, 0) as integer) as requirement_met_count
    from contacts
    inner join first_record on contacts.local_ended_date >= first_record.first_date
    left join legs on contacts.contact_id = legs.contact_id
    left join recordings on contacts.contact_id = recordings.contact_id
    left join checks on contacts.contact_id = checks.contact_id
)

select
    *,
    recording_count >= conversation_count as is_recorded,
    requirement_count > 0 and requirement_met_count = requirement_count as is_compliant,
    recording_count >= conversation_count and requirement_count > 0 and requirement_met_count = requirement_count
        as is_complete
from counted
