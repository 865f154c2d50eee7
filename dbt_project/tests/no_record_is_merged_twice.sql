-- Of two records of one contact one is the contact and the other one is none: each contact takes in one record at most,
-- and no record that was taken in counts beside it.
with

contacts as (
    select contact_id, matched_contact_id from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }}
),

merged as (
    select matched_contact_id as contact_id from contacts
    where matched_contact_id is not null
),

records as (
    select contact_id, 1 as as_contact, 0 as as_second_record from contacts
    union all
    select contact_id, 0 as as_contact, 1 as as_second_record from merged
)

select
    contact_id,
    sum(as_contact) as as_contact,
    sum(as_second_record) as as_second_record
from records
group by contact_id
having count(*) > 1
