-- The centre's number that the caller dialled, from the DID event of the queue log.
select
    call_id,
    data1 as dialled_number
from {{ ref('stg_asterisk__queue_event') }}
where event = 'DID' and call_id is not null
qualify row_number() over (partition by call_id order by event_no) = 1
