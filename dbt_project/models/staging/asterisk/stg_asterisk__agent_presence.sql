with

events as (
    select
        *,
        row_number() over (partition by agent_id order by event_at, file_begins_at, source_line) as agent_event_no
    from {{ ref('stg_asterisk__queue_event') }}
    where
        agent_id is not null
        -- a call that ends does not show that the agent is still there; one that is offered does
        and event in (
            'AGENTLOGIN', 'AGENTCALLBACKLOGIN', 'ADDMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF', 'REMOVEMEMBER',
            'PAUSE', 'PAUSEALL', 'UNPAUSE', 'UNPAUSEALL', 'CONNECT', 'RINGNOANSWER'
        )
),

memberships as (
    select
        *,
        case
            when event in ('ADDMEMBER', 'AGENTLOGIN', 'AGENTCALLBACKLOGIN') then 1
            when event in ('REMOVEMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF') then 0
        end as joins,
        -- a log-in without a queue is one membership of its own
        case when event in ('ADDMEMBER', 'REMOVEMEMBER') then queue_id else '*' end as membership
    from events
),

-- A membership is believed for three days and a pause for six: what an agent is on a date must not depend on older
-- rows than an incremental run reads.
followed as (
    select
        *,
        lag(joins) over same_membership as joined_before,
        lag(event_at) over same_membership as changed_before_at
    from memberships
    window same_membership as (partition by agent_id, membership, joins is null order by agent_event_no)
),

counted as (
    select
        *,
        sum(
            joins
            - case
                when changed_before_at >= event_at - interval '3' day then joined_before
                else 0
            end
        ) over (
            partition by agent_id order by event_at range between interval '3' day preceding and current row
        ) as memberships
    from followed
),

present as (
    select
        *,
        joins is null or joins = 1 or coalesce(memberships, 0) > 0 as is_logged_in
    from counted
),

paused as (
    select
        *,
        count(case when event in ('PAUSE', 'PAUSEALL', 'UNPAUSE', 'UNPAUSEALL') or not is_logged_in then 1 end) over (
            partition by agent_id order by agent_event_no rows between unbounded preceding and current row
        ) as pause_no
    from present
)

select
    'asterisk' as source_system,
    agent_id,
    agent_event_no,
    event_at,
    is_logged_in,
    pause_no,
    first_value(event in ('PAUSE', 'PAUSEALL')) over pause_group
    and first_value(event_at) over pause_group >= event_at - interval '6' day as is_paused,
    first_value(case when event in ('PAUSE', 'PAUSEALL') then coalesce(nullif(trim(data1), ''), 'unknown') end)
        over pause_group as pause_reason,
    first_value(event_at) over pause_group as pause_decided_at
from paused
window pause_group as (partition by agent_id, pause_no order by agent_event_no)
