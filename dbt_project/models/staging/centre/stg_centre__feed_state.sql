select
    feed,
    feed_name_zh,
    feed_name_en,
    timezone,
    is_critical,
    is_steady,
    is_needed_hourly,
    is_stale,
    landed_count,
    last_landed_at
from {{ lake('centre', 'feed_state') }}
