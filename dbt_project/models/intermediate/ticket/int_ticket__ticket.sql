-- Tickets with what follows from their instants; the latest version of each.
{{ config(materialized='view') }}

with

tickets as (
    select * from {{ ref('stg_canonical__ticket') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        tickets.*,
        settings.timezone,
        {{ to_local('tickets.created_at', 'settings.timezone') }} as local_created_at,
        {{ to_local('tickets.assigned_at', 'settings.timezone') }} as local_assigned_at,
        {{ to_local('tickets.due_at', 'settings.timezone') }} as local_due_at,
        {{ to_local('tickets.solved_at', 'settings.timezone') }} as local_solved_at,
        {{ to_local('tickets.archived_at', 'settings.timezone') }} as local_archived_at
    from tickets
    cross join settings
)

select
    *,
    cast(local_created_at as date) as local_created_date,
    cast(local_assigned_at as date) as local_assigned_date,
    cast(local_due_at as date) as local_due_date,
    cast(local_solved_at as date) as local_solved_date,
    cast(local_archived_at as date) as local_archived_date,
    case when due_at is not null then coalesce(solved_at <= due_at and archived_at <= due_at, false) end
        as is_closed_in_time,
    case when solved_at >= created_at then {{ seconds_between('created_at', 'solved_at') }} end as solving_s,
    dt as partition_date,
    row_hash as record_hash
from told
