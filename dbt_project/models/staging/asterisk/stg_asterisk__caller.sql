-- Who called, from the first ENTERQUEUE that shows a number.
select
    call_id,
    caller_hash,
    caller_masked,
    caller_prefix,
    caller_number_type
from {{ ref('stg_asterisk__queue_event') }}
where event = 'ENTERQUEUE' and call_id is not null
qualify row_number() over (
    partition by call_id order by case when caller_hash is null then 1 else 0 end, event_no
) = 1
