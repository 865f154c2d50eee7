{{ config(materialized='view') }}

-- Events of the business calendar with their local dates.
select
    events.event_id,
    events.kind,
    events.event_name,
    events.created_at,
    events.planned_start_at,
    events.planned_end_at,
    settings.timezone,
    cast({{ to_local('events.planned_start_at', 'settings.timezone') }} as date) as local_start_date,
    -- the end itself is left out, so an event until midnight ends on the date before
    cast({{ add_seconds(to_local('events.planned_end_at', 'settings.timezone'), -1) }} as date) as local_end_date,
    events.queue_id,
    events.line_of_business,
    events.region_code
from {{ ref('stg_canonical__calendar_event') }} as events
cross join {{ ref('stg_centre__setting') }} as settings
