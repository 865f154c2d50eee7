{{ config(severity='warn') }}
-- A ticket that was created more than a minute before its contact began: the clocks of the two systems differ, or the
-- contact is the wrong one. A ticket names its contact as the telephone system does.
with

tickets as (
    select ticket_id, contact_id, created_at, local_created_date
    from {{ ref('fct_ticket') }}
    where {{ in_window('local_created_date') }} and contact_id is not null
),

contacts as (
    select substring(contact_id, length(source_system) + 2) as call_id, started_at
    from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }}
)

select
    tickets.ticket_id,
    tickets.contact_id,
    tickets.local_created_date,
    tickets.created_at,
    contacts.started_at
from tickets
inner join contacts on tickets.contact_id = contacts.call_id
where {{ seconds_between('tickets.created_at', 'contacts.started_at') }} > 60
