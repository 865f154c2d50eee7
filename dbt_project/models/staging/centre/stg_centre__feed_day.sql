select
    feed,
    local_date,
    loaded_row_count,
    flagged_row_count,
    duplicate_row_count,
    held_row_count,
    is_held,
    last_event_at
from {{ lake('centre', 'feed_day') }}
