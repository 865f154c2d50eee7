{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

answers as (
    select * from {{ ref('int_experience__answer') }}
    where {{ in_window('local_date') }}
),

contacts as (
    select contact_id, source_system, matched_contact_id, last_agent_id, channel_id, segment, local_date
    from {{ ref('fct_contact') }}
    where {{ in_read_touched_dates('local_date', var('answer_within_days'), 1) }}
),

names as (
    {{ ids_of_contacts('contacts') }}
),

handled as (
    select names.named_id, contacts.last_agent_id, contacts.channel_id, contacts.segment, contacts.local_date
    from names
    inner join contacts on names.contact_id = contacts.contact_id
)

select
    answers.survey_id,
    answers.question_id,
    answers.question_kind,
    answers.contact_id,
    coalesce(answers.channel_id, handled.channel_id) as channel_id,
    coalesce(answers.agent_id, handled.last_agent_id) as agent_id,
    handled.segment,
    answers.scenario,
    answers.sent_at,
    answers.responded_at,
    answers.timezone,
    answers.local_responded_at,
    answers.local_date,
    answers.score,
    answers.scale_min,
    answers.scale_max,
    answers.score_points,
    answers.is_top_two,
    answers.is_resolved,
    answers.is_problem_restated,
    answers.is_praise,
    answers.is_answered_again,
    coalesce(answers.question_kind = 'csat', false) and answers.score is not null and not answers.is_answered_again
        as is_rating
from answers
-- whoever spoke to the customer last, of a contact that is not older than an answer may be
left join handled
    on
        answers.contact_id = handled.named_id
        and handled.local_date
        >= cast(answers.local_date - interval '{{ var("answer_within_days") }}' day as date)
