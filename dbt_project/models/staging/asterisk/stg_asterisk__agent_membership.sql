-- How many queues an agent is a member of after each event that changes it. A membership is believed for three days:
-- what an agent is on a date must not depend on older rows than an incremental run reads.
with

changes as (
    select
        *,
        lead(event_at) over same_membership as next_at,
        lead(agent_event_no) over same_membership as next_event_no
    from {{ ref('stg_asterisk__agent_event') }}
    where joins is not null
    window same_membership as (partition by agent_id, membership order by agent_event_no)
),

edges as (
    select agent_id, event_at as changed_at, agent_event_no, 1 as change from changes
    where joins = 1
    union all
    select
        agent_id,
        least(coalesce(next_at, event_at + interval '3' day), event_at + interval '3' day) as changed_at,
        case when next_at <= event_at + interval '3' day then next_event_no else 0 end as agent_event_no,
        -1 as change
    from changes
    where joins = 1
    union all
    select agent_id, event_at as changed_at, agent_event_no, 0 as change from changes
    where joins = 0
),

instants as (
    select agent_id, changed_at, agent_event_no, sum(change) as change
    from edges
    group by agent_id, changed_at, agent_event_no
)

select
    agent_id,
    changed_at,
    agent_event_no,
    sum(change) over (
        partition by agent_id order by changed_at, agent_event_no rows between unbounded preceding and current row
    ) as memberships
from instants
