-- Queue visits as an export tells each of them, in the order in which their contact made them. Rulings: DECISIONS.md,
-- section 36.
with

visits as (
    select * from {{ ref('stg_canonical__queue_visit') }}
    where {{ in_read_window('dt') }}
),

ordered as (
    select
        *,
        row_number() over contact_visits as visit_no,
        lead(entered_at) over contact_visits as next_entered_at
    from visits
    window contact_visits as (partition by contact_id order by entered_at, queue_id)
),

ended as (
    select
        *,
        case
            when exit_kind in ('overflow', 'voicemail', 'transfer') then 'other'
            when exit_kind is not null then exit_kind
            -- NULL where the contact must say how its last visit ended
            when agent_id is not null then 'answered'
            when next_entered_at is not null then 'other'
        end as known_exit_kind
    from ordered
)

select
    'canonical:' || contact_id as contact_id,
    cast(visit_no as integer) as visit_no,
    queue_id,
    entered_at,
    coalesce(left_at, {{ add_seconds('entered_at', 'wait_s') }}) as left_at,
    coalesce(wait_s, {{ seconds_between('entered_at', 'left_at') }}) as logged_wait_s,
    known_exit_kind as exit_kind,
    agent_id,
    next_entered_at,
    cast(sum(case when known_exit_kind = 'answered' then 1 else 0 end) over (partition by contact_id) as integer)
        as answered_count,
    cast(min(case when known_exit_kind = 'answered' then visit_no end) over (partition by contact_id) as integer)
        as first_answered_no
from ended
