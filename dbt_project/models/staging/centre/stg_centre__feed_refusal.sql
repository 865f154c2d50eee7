select
    feed,
    local_date,
    rule,
    refused_row_count
from {{ lake('centre', 'feed_refusal') }}
