-- Checks of capture devices with their local time in the zone of the centre.
{{ config(materialized='view') }}

with

checks as (
    select * from {{ ref('stg_canonical__feed_heartbeat') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        checks.*,
        settings.timezone,
        {{ to_local('checks.checked_at', 'settings.timezone') }} as local_checked_at
    from checks
    cross join settings
)

select
    device_id,
    checked_at,
    timezone,
    local_checked_at,
    cast(local_checked_at as date) as local_date,
    status,
    case when expected_count >= 0 then expected_count end as expected_count,
    case when received_count >= 0 then received_count end as received_count,
    case when gap_count >= 0 then gap_count end as gap_count,
    last_event_at,
    case when last_event_at <= checked_at then {{ seconds_between('last_event_at', 'checked_at') }} end as lag_s,
    dt
from told
