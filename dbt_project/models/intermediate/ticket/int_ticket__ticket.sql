-- Tickets with what follows from their instants; the latest version of each.
{{ config(materialized='view') }}

with

tickets as (
    select * from {{ ref('stg_canonical__ticket') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

clock as (
    select * from {{ ref('int_ticket__worked') }}
),

told as (
    select
        tickets.*,
        created.worked_s as worked_until_created_s,
        solved.worked_s as worked_until_solved_s,
        settings.timezone,
        {{ to_local('tickets.created_at', 'settings.timezone') }} as local_created_at,
        {{ to_local('tickets.assigned_at', 'settings.timezone') }} as local_assigned_at,
        {{ to_local('tickets.due_at', 'settings.timezone') }} as local_due_at,
        {{ to_local('tickets.first_solved_at', 'settings.timezone') }} as local_first_solved_at,
        {{ to_local('tickets.solved_at', 'settings.timezone') }} as local_solved_at,
        {{ to_local('tickets.archived_at', 'settings.timezone') }} as local_archived_at
    from tickets
    left join clock as created on tickets.created_at = created.instant
    left join clock as solved on tickets.solved_at = solved.instant
    cross join settings
),

judged as (
    -- a solution before the creation is no solution (Q32)
    select
        *,
        coalesce(solved_at >= created_at, false) as is_solved
    from told
)

select
    *,
    cast(local_created_at as date) as local_created_date,
    cast(local_assigned_at as date) as local_assigned_date,
    cast(local_due_at as date) as local_due_date,
    case when first_solved_at >= created_at then cast(local_first_solved_at as date) end as local_first_solved_date,
    case when is_solved then cast(local_solved_at as date) end as local_solved_date,
    cast(local_archived_at as date) as local_archived_date,
    case when due_at is not null then is_solved and coalesce(solved_at <= due_at and archived_at <= due_at, false) end
        as is_closed_in_time,
    case when is_solved then {{ seconds_between('created_at', 'solved_at') }} end as solving_s,
    case when is_solved then cast(worked_until_solved_s - worked_until_created_s as double) end as solving_business_s,
    dt as partition_date,
    row_hash as record_hash
from judged
