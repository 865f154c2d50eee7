-- A contact's transfer count is that of its transfers, or more where a source tells the number alone.
with

contacts as (
    select contact_id, local_date, transfer_count
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }}
),

transfers as (
    select contact_id, count(*) as transfers
    from {{ ref('fct_transfer') }}
    where {{ in_read_window('local_date') }}
    group by contact_id
)

select
    contacts.contact_id,
    contacts.local_date,
    contacts.transfer_count,
    transfers.transfers
from contacts
inner join transfers on contacts.contact_id = transfers.contact_id
where contacts.transfer_count < transfers.transfers
