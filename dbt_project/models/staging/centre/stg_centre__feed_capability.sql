select
    feed,
    capability,
    is_declared,
    is_stale,
    last_date
from {{ lake('centre', 'feed_capability') }}
