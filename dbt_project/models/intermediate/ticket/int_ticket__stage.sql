-- Sendings of tickets to departments, when each was accepted there and when it was taken from there again, of the
-- tickets that a run looks at. Rulings: DECISIONS.md, sections 23 and 40.
with

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

tickets as (
    select
        tickets.ticket_id,
        tickets.ticket_type,
        tickets.issue_id,
        settings.timezone,
        cast({{ to_local('tickets.created_at', 'settings.timezone') }} as date) as local_date
    from {{ ref('stg_canonical__ticket') }} as tickets
    cross join settings
),

looked_at as (
    select * from tickets
    where {{ in_touched_dates('local_date') }}
),

-- of one instant the shorter id is the earlier number; what a department hands to itself it never gave away
events as (
    select
        events.ticket_id,
        events.kind,
        events.happened_at,
        events.from_department_id,
        events.to_department_id,
        row_number() over (
            partition by events.ticket_id order by events.happened_at, length(events.event_id), events.event_id
        ) as event_no
    from {{ ref('int_ticket__event') }} as events
    inner join looked_at on events.ticket_id = looked_at.ticket_id
    where
        events.kind in ('accepted', 'solved', 'archived')
        or (
            events.kind in ('sent_to_department', 'returned')
            and coalesce(events.from_department_id != events.to_department_id, true)
        )
),

hand_overs as (
    select
        *,
        lead(kind) over (partition by ticket_id, to_department_id order by event_no) as next_kind,
        lead(happened_at) over (partition by ticket_id, to_department_id order by event_no) as next_at,
        lead(event_no) over (partition by ticket_id, to_department_id order by event_no) as next_no
    from events
    where kind in ('sent_to_department', 'accepted') and to_department_id is not null
),

stages as (
    select
        ticket_id,
        cast(row_number() over (partition by ticket_id order by event_no) as integer) as stage_no,
        from_department_id,
        to_department_id,
        happened_at as sent_at,
        case when next_kind = 'accepted' then next_at end as accepted_at,
        case when next_kind = 'accepted' then next_no end as accepted_no
    from hand_overs
    where kind = 'sent_to_department'
),

-- what takes a ticket from a department; of a sending by another one it is not known to
leavings as (
    select * from events
    where kind != 'accepted'
),

left_again as (
    select
        stages.ticket_id,
        stages.stage_no,
        min(
            case
                when
                    leavings.kind in ('solved', 'archived')
                    or coalesce(leavings.from_department_id, stages.to_department_id) = stages.to_department_id
                    then leavings.happened_at
            end
        ) as left_at
    from stages
    inner join leavings on stages.ticket_id = leavings.ticket_id and stages.accepted_no < leavings.event_no
    group by stages.ticket_id, stages.stage_no
)

select
    stages.ticket_id,
    stages.stage_no,
    looked_at.ticket_type,
    looked_at.issue_id,
    looked_at.timezone,
    looked_at.local_date,
    stages.from_department_id,
    stages.to_department_id,
    stages.sent_at,
    stages.accepted_at,
    stages.accepted_no,
    left_again.left_at
from stages
inner join looked_at on stages.ticket_id = looked_at.ticket_id
left join left_again on stages.ticket_id = left_again.ticket_id and stages.stage_no = left_again.stage_no
