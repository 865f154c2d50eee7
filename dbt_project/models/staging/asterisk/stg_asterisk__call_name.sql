-- Ids by which another system may name a call: of the ids in one call detail record each may stand for the other.
with

records as (
    select call_id, linked_id from {{ ref('base_asterisk__cdr') }}
    where call_id is not null and linked_id is not null
)

select
    linked_id as said_id,
    call_id
from records
union
select
    call_id as said_id,
    linked_id as call_id
from records
