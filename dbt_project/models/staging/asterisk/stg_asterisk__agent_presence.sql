-- Whether an agent is logged in and paused after each event. A pause is believed for six days.
with

events as (
    select * from {{ ref('stg_asterisk__agent_event') }}
),

memberships as (
    select * from {{ ref('stg_asterisk__agent_membership') }}
    where agent_event_no > 0
),

present as (
    select
        events.*,
        -- leaving one of several queues is no log-out
        events.joins is null or events.joins = 1 or coalesce(memberships.memberships, 0) > 0 as is_logged_in
    from events
    left join memberships
        on events.agent_id = memberships.agent_id and events.agent_event_no = memberships.agent_event_no
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
