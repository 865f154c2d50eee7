-- Identity 4: a contact's handling is that of its conversations; those whose end is unknown are in the contact alone. A
-- contact may tell less than its legs do, where an export tells both (DECISIONS.md, section 36).
with

contacts as (
    select contact_id, local_date, handle_s
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }}
),

conversations as (
    select contact_id, sum(handle_s) as handle_s
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_window('local_date') }}
    group by contact_id
    having max(case when is_told then 1 else 0 end) = 0
)

select
    contacts.contact_id,
    contacts.local_date,
    contacts.handle_s,
    conversations.handle_s as conversations_handle_s
from contacts
inner join conversations on contacts.contact_id = conversations.contact_id
where coalesce(contacts.handle_s, 0) < conversations.handle_s - 0.001
