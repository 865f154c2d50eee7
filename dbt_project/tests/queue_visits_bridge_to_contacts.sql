-- Identities 1 and 12: the queues' visits are the centre's contacts, but for what a bridge names: contacts answered
-- without a logged visit count at the centre alone, further visits of a contact at the queues alone.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }} and direction = 'inbound'
),

visits as (
    select contact_id, count(*) as visits
    from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }}
    group by contact_id
),

bridge as (
    select
        contacts.local_date,
        sum(case when contacts.is_offered then 1 else 0 end) as offered_contacts,
        sum(case when contacts.is_offered and contacts.queue_visit_count = 0 then 1 else 0 end) as without_visit,
        sum(case when contacts.queue_visit_count > 1 then contacts.queue_visit_count - 1 else 0 end) as further_visits,
        sum(case when not contacts.is_offered and contacts.queue_visit_count > 0 then 1 else 0 end) as not_offered,
        sum(coalesce(visits.visits, 0)) as queue_visits
    from contacts
    left join visits on contacts.contact_id = visits.contact_id
    group by contacts.local_date
)

select *
from bridge
where queue_visits != offered_contacts - without_visit + further_visits + not_offered
