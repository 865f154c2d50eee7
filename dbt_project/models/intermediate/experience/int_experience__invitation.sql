-- Invitations to surveys, each with the first answer that came in time.
{{ config(materialized='view') }}
{%- set late = var('late_window_days') + 1 %}

with

invitations as (
    select
        *,
        lag(sent_at) over (partition by survey_id order by sent_at, row_hash) as sent_before_at
    from {{ ref('stg_canonical__survey_invitation') }}
    where {{ in_read_touched_dates('dt', late, 1) }}
),

answers as (
    select
        survey_id,
        responded_at
    from {{ ref('stg_canonical__survey_response') }}
    where {{ in_read_touched_dates('dt', 2, late) }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

answered as (
    select
        invitations.survey_id,
        invitations.sent_at,
        min(answers.responded_at) as answered_at
    from invitations
    inner join answers
        on invitations.survey_id = answers.survey_id and {{ is_in_time('answers.responded_at', 'invitations.sent_at') }}
    group by invitations.survey_id, invitations.sent_at
),

told as (
    select
        invitations.*,
        answered.answered_at,
        settings.timezone,
        {{ to_local('invitations.sent_at', 'settings.timezone') }} as local_sent_at
    from invitations
    cross join settings
    left join answered on invitations.survey_id = answered.survey_id and invitations.sent_at = answered.sent_at
)

select
    *,
    cast(local_sent_at as date) as local_date,
    coalesce({{ is_in_time('sent_at', 'sent_before_at') }}, false) as is_sent_again
from told
