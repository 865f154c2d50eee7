-- Events that say something about an agent's presence, in the agent's order.
select
    agent_id,
    event_at,
    event,
    queue_id,
    data1,
    row_number() over (partition by agent_id order by event_at, file_begins_at, source_line) as agent_event_no,
    case
        when event in ('ADDMEMBER', 'AGENTLOGIN', 'AGENTCALLBACKLOGIN') then 1
        when event in ('REMOVEMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF') then 0
    end as joins,
    -- a log-in without a queue is one membership of its own
    case when event in ('ADDMEMBER', 'REMOVEMEMBER') then queue_id else '*' end as membership
from {{ ref('stg_asterisk__queue_event') }}
where
    agent_id is not null
    -- a call that ends does not show that the agent is still there; one that is offered does
    and event in (
        'AGENTLOGIN', 'AGENTCALLBACKLOGIN', 'ADDMEMBER', 'AGENTLOGOFF', 'AGENTCALLBACKLOGOFF', 'REMOVEMEMBER',
        'PAUSE', 'PAUSEALL', 'UNPAUSE', 'UNPAUSEALL', 'CONNECT', 'RINGNOANSWER'
    )
