-- What was done to tickets, with its local date in the zone of the centre.
{{ config(materialized='view') }}

select
    events.*,
    cast({{ to_local('events.happened_at', 'settings.timezone') }} as date) as local_happened_date,
    events.dt as partition_date,
    events.row_hash as record_hash
from {{ ref('stg_canonical__ticket_event') }} as events
cross join {{ ref('stg_centre__setting') }} as settings
