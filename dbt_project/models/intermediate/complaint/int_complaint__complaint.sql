-- Complaints in their latest state, with what follows from their instants.
{{ config(materialized='view') }}

with

complaints as (
    select * from {{ ref('stg_canonical__complaint') }}
),

clock as (
    select * from {{ ref('int_complaint__worked') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        complaints.*,
        settings.timezone,
        opened.worked_s as worked_until_opened_s,
        closed.worked_s as worked_until_closed_s,
        {{ to_local('complaints.opened_at', 'settings.timezone') }} as local_opened_at,
        {{ to_local('complaints.closed_at', 'settings.timezone') }} as local_closed_at,
        -- what ends before it began has no end (Q32)
        coalesce(complaints.closed_at >= complaints.opened_at, false) as is_closed,
        coalesce(complaints.escalated_at >= complaints.opened_at, false) as is_escalated
    from complaints
    cross join settings
    left join clock as opened on complaints.opened_at = opened.instant
    left join clock as closed on complaints.closed_at = closed.instant
)

select
    *,
    cast(local_opened_at as date) as local_opened_date,
    case when is_closed then cast(local_closed_at as date) end as local_closed_date,
    case when is_closed then {{ seconds_between('opened_at', 'closed_at') }} end as handling_s,
    case when is_closed then cast(worked_until_closed_s - worked_until_opened_s as double) end as handling_business_s,
    dt as partition_date,
    row_hash as record_hash
from told
