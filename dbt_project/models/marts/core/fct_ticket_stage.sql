-- Rows are made again by the date of their ticket's creation, with all others of the ticket.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

stages as (
    select * from {{ ref('int_ticket__stage') }}
    where {{ in_touched_dates('local_date') }}
),

clock as (
    select * from {{ ref('int_ticket__stage_worked') }}
),

timed as (
    select
        stages.*,
        coalesce(stages.from_department_id, 'unknown') || '>' || stages.to_department_id as stage,
        {{ seconds_between('stages.sent_at', 'stages.accepted_at') }} as waiting_s,
        cast(accepted.worked_s - sent.worked_s as double) as waiting_business_s,
        {{ seconds_between('stages.accepted_at', 'stages.left_at') }} as handling_s,
        cast(departed.worked_s - accepted.worked_s as double) as handling_business_s,
        stages.accepted_at is not null
        and stages.accepted_no = max(stages.accepted_no) over (partition by stages.ticket_id) as is_last_accepted
    from stages
    left join clock as sent on stages.sent_at = sent.instant
    left join clock as accepted on stages.accepted_at = accepted.instant
    left join clock as departed on stages.left_at = departed.instant
),

summed as (
    select
        *,
        sum(waiting_s) over (partition by ticket_id) as all_waiting_s,
        sum(waiting_business_s) over (partition by ticket_id) as all_waiting_business_s
    from timed
)

select
    ticket_id,
    stage_no,
    ticket_type,
    issue_id,
    stage,
    from_department_id,
    to_department_id,
    sent_at,
    accepted_at,
    left_at,
    timezone,
    local_date,
    cast({{ to_local('accepted_at', 'timezone') }} as date) as local_accepted_date,
    waiting_s,
    waiting_business_s,
    handling_s,
    handling_business_s,
    is_last_accepted,
    case when is_last_accepted then all_waiting_s end as ticket_waiting_s,
    case when is_last_accepted then all_waiting_business_s end as ticket_waiting_business_s
from summed
