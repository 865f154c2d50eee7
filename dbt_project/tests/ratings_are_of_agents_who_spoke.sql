{{ config(severity='warn') }}
-- A rating of an agent who had no conversation in the call that is rated: the survey asked about the owner of a ticket, or
-- names its agents otherwise than the telephone system. A survey names its call as the telephone system does.
with

ratings as (
    select * from {{ ref('fct_survey_answer') }}
    where {{ in_window('local_date') }} and is_rating and contact_id is not null and agent_id is not null
),

conversations as (
    select distinct
        substring(contact_id, length(source_system) + 2) as call_id,
        agent_id
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_window('local_date') }} and medium = 'voice' and agent_id is not null
),

calls as (
    select distinct call_id from conversations
)

select
    ratings.survey_id,
    ratings.question_id,
    ratings.local_date,
    ratings.contact_id,
    ratings.agent_id
from ratings
inner join calls on ratings.contact_id = calls.call_id
left join conversations on ratings.contact_id = conversations.call_id and ratings.agent_id = conversations.agent_id
where conversations.call_id is null
