-- Identity 4: with one visit the contact waited as long as the visit; with several no shorter than the visits up to the
-- one that decided, whose logged waits are whole seconds. Waits that a source tells against its own clock, or of queues
-- in which a contact waits at once, can be longer.
with

contacts as (
    select contact_id, local_date, queue_wait_s, last_exit_kind
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }} and queue_wait_s is not null
),

visits as (
    select
        *,
        coalesce(wait_s <= {{ seconds_between('entered_at', 'left_at') }} + 1, true)
        and coalesce(
            lag(left_at) over (partition by contact_id order by visit_no) <= {{ add_seconds('entered_at', 2) }}, true
        ) as is_one_after_another
    from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }}
),

first_answers as (
    select contact_id, min(visit_no) as visit_no
    from visits
    where exit_kind = 'answered'
    group by contact_id
),

waited as (
    select
        visits.contact_id,
        count(*) as visit_count,
        sum(visits.wait_s) as wait_s,
        min(case when visits.is_one_after_another then 1 else 0 end) = 1 as is_one_after_another
    from visits
    left join first_answers on visits.contact_id = first_answers.contact_id
    where first_answers.visit_no is null or visits.visit_no <= first_answers.visit_no
    group by visits.contact_id
)

select
    contacts.contact_id,
    contacts.local_date,
    contacts.queue_wait_s,
    waited.visit_count,
    waited.wait_s
from contacts
inner join waited on contacts.contact_id = waited.contact_id
where
    (waited.visit_count = 1 and abs(contacts.queue_wait_s - waited.wait_s) > 0.001)
    or (waited.is_one_after_another and contacts.queue_wait_s < waited.wait_s - waited.visit_count)
