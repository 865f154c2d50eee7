select
    feed,
    object_id,
    file,
    column_name,
    change,
    first_seen_at,
    is_held
from {{ ref('stg_centre__feed_drift') }}
