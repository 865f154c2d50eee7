{{ config(severity='warn') }}

-- Dates on which more than one in twenty of the contacts that two systems list could also have been another record: the
-- export should name the telephone system's call (telephony_call_id), or `contact_match_s` is too long.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }}
)

select
    local_date,
    count(matched_contact_id) as matched_contacts,
    sum(case when is_match_ambiguous then 1 else 0 end) as ambiguous_contacts
from contacts
group by local_date
having sum(case when is_match_ambiguous then 1 else 0 end) > greatest(0.05 * count(matched_contact_id), 5)
