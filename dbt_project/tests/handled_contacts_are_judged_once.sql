-- Every inbound contact that an agent handled and that ended is in fct_contact_resolution on the date of its end, once,
-- and no other contact is.
with

handled as (
    select contact_id, local_ended_date as local_date, 1 as contact_count, 0 as judged_count
    from {{ ref('fct_contact') }}
    where direction = 'inbound' and outcome = 'answered' and {{ in_touched_dates('local_ended_date') }}
),

judged as (
    select contact_id, local_date, 0 as contact_count, 1 as judged_count
    from {{ ref('fct_contact_resolution') }}
    where {{ in_touched_dates('local_date') }}
),

both_sides as (
    select * from handled
    union all
    select * from judged
)

select contact_id, local_date, sum(contact_count) as contact_count, sum(judged_count) as judged_count
from both_sides
group by contact_id, local_date
having sum(contact_count) != 1 or sum(judged_count) != 1
