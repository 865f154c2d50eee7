-- What moves volumes, as the business calendar has it.
select
    event_id,
    kind,
    event_name,
    created_at,
    planned_start_at,
    planned_end_at,
    timezone,
    local_start_date,
    local_end_date,
    queue_id,
    line_of_business,
    region_code
from {{ ref('int_calendar__event') }}
