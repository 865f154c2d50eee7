-- An action that has fallen due counts once, on the date on which it did, and nothing else does (M167).
with

due as (
    select
        action_id,
        local_due_date as local_date
    from {{ ref('fct_action') }}
    where local_due_at <= timestamp '{{ var("as_of") }}' and {{ in_touched_dates('local_due_date') }}
),

counted as (
    select
        action_id,
        local_date,
        due_count
    from {{ ref('fct_action_day') }}
    where due_count > 0 and {{ in_touched_dates('local_date') }}
)

select
    coalesce(due.action_id, counted.action_id) as action_id,
    coalesce(due.local_date, counted.local_date) as local_date,
    counted.due_count
from due
full join counted on due.action_id = counted.action_id and due.local_date = counted.local_date
where due.action_id is null or coalesce(counted.due_count, 0) != 1
