select
    feed,
    local_date,
    rule,
    refused_row_count
from {{ ref('stg_centre__feed_refusal') }}
