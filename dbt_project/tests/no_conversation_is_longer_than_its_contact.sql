{{ config(severity='warn') }}

-- Identity 4, a warning: clocks of two logs may differ, and such rows are kept.
with

contacts as (
    select contact_id, local_date, total_s
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }}
),

longest as (
    select contact_id, max(talk_s) as talk_s
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_window('local_date') }}
    group by contact_id
)

select
    contacts.contact_id,
    contacts.local_date,
    contacts.total_s,
    longest.talk_s
from contacts
inner join longest on contacts.contact_id = longest.contact_id
where longest.talk_s > contacts.total_s + 2
