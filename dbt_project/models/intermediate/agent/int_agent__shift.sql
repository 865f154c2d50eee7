-- Shifts as they were last planned, with the dates that they lie on and the paid seconds that can be believed.
{{ config(materialized='view') }}

with

shifts as (
    select * from {{ ref('stg_canonical__shift') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        shifts.*,
        settings.timezone,
        {{ to_local('shifts.planned_start_at', 'settings.timezone') }} as local_planned_start_at,
        {{ to_local('shifts.planned_end_at', 'settings.timezone') }} as local_planned_end_at,
        {{ seconds_between('shifts.planned_start_at', 'shifts.planned_end_at') }} as span_s
    from shifts
    cross join settings
)

select
    *,
    cast(local_planned_start_at as date) as local_start_date,
    cast(local_planned_end_at as date) as local_end_date,
    case when span_s > 0 then span_s end as planned_s,
    case
        -- by the clock on the wall, so that no shift has a date between its first and its last
        when
            span_s > 0
            and local_planned_end_at <= local_planned_start_at + interval '24' hour
            and paid_s between 0 and 86400
            then paid_s
    end as known_paid_s,
    dt as partition_date,
    row_hash as record_hash
from told
