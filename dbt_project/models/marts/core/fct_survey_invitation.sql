{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

invitations as (
    select * from {{ ref('int_experience__invitation') }}
    where {{ in_window('local_date') }}
)

select
    survey_id,
    contact_id,
    ticket_id,
    channel_id,
    agent_id,
    scenario,
    sent_at,
    timezone,
    local_sent_at,
    local_date,
    answered_at,
    case when answered_at >= sent_at then {{ seconds_between('sent_at', 'answered_at') }} end as answering_s,
    answered_at is not null as is_answered,
    is_sent_again
from invitations
