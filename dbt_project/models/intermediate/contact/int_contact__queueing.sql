-- What queueing adds to a contact: its first and last visit, and the wait from first entry to answer or leaving.
with

visits as (
    select * from {{ ref('int_queue__visit') }}
),

first_visits as (
    select * from visits
    qualify row_number() over (partition by contact_id order by visit_no) = 1
),

-- the visit that decides the outcome: the first that was answered, else the last
deciding_visits as (
    select * from visits
    qualify row_number() over (
        partition by contact_id
        order by
            case when exit_kind = 'answered' then 0 else 1 end,
            case when exit_kind = 'answered' then visit_no else -visit_no end
    ) = 1
),

answered_visits as (
    select contact_id, queue_id
    from visits
    where exit_kind = 'answered'
    qualify row_number() over (partition by contact_id order by visit_no desc) = 1
)

select
    first_visits.contact_id,
    first_visits.queue_id as first_queue_id,
    coalesce(answered_visits.queue_id, first_visits.queue_id) as last_queue_id,
    first_visits.entered_at as first_queue_at,
    first_visits.sl_target_s,
    first_visits.short_abandon_s,
    first_visits.timezone,
    deciding_visits.exit_kind,
    deciding_visits.exit_kind = 'answered' as is_answered,
    deciding_visits.left_at as queue_left_at,
    -- within one visit the source's own figure counts; over several, from the first entry to the last leaving
    case
        when deciding_visits.visit_no = first_visits.visit_no then deciding_visits.wait_s
        else {{ seconds_between('first_visits.entered_at', 'deciding_visits.left_at') }}
    end as queue_wait_s
from first_visits
inner join deciding_visits on first_visits.contact_id = deciding_visits.contact_id
left join answered_visits on first_visits.contact_id = answered_visits.contact_id
