-- Answers to surveys with their local times, on the scale that they were given and from 0 to 100. What an answer does
-- not tell of whom it rates, its invitation does, if it was sent in time for the answer.
{{ config(materialized='view') }}
{%- set late = var('late_window_days') + 1 %}

with

answers as (
    select
        *,
        lag(responded_at) over (partition by survey_id, question_id order by responded_at, row_hash)
            as answered_before_at
    from {{ ref('stg_canonical__survey_response') }}
    where {{ in_read_touched_dates('dt', late, 1) }}
),

invitations as (
    select * from {{ ref('stg_canonical__survey_invitation') }}
    where {{ in_read_touched_dates('dt', late, 2) }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        answers.survey_id,
        answers.question_id,
        answers.question_kind,
        coalesce(answers.contact_id, invitations.contact_id) as contact_id,
        coalesce(answers.agent_id, invitations.agent_id) as agent_id,
        coalesce(answers.channel_id, invitations.channel_id) as channel_id,
        coalesce(answers.scenario, invitations.scenario) as scenario,
        coalesce(answers.sent_at, invitations.sent_at) as sent_at,
        answers.responded_at,
        answers.answered_before_at,
        answers.scale_min,
        answers.scale_max,
        case
            when answers.scale_max > answers.scale_min and answers.score between answers.scale_min and answers.scale_max
                then answers.score
        end as score,
        answers.is_resolved,
        answers.is_problem_restated,
        answers.is_praise,
        settings.timezone,
        {{ to_local('answers.responded_at', 'settings.timezone') }} as local_responded_at
    from answers
    cross join settings
    left join invitations
        on answers.survey_id = invitations.survey_id and {{ is_in_time('answers.responded_at', 'invitations.sent_at') }}
    qualify row_number() over (
        partition by answers.survey_id, answers.question_id, answers.responded_at, answers.row_hash
        order by invitations.sent_at, invitations.row_hash
    ) = 1
)

select
    *,
    cast(local_responded_at as date) as local_date,
    100.0 * (score - scale_min) / nullif(scale_max - scale_min, 0) as score_points,
    {{ top_two('score', 'scale_min', 'scale_max') }} as is_top_two,
    -- the first answer counts, so that nobody changes a rating by answering again
    coalesce({{ is_in_time('responded_at', 'answered_before_at') }}, false) as is_answered_again
from told
