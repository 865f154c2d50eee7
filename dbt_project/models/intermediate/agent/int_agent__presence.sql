-- What each agent's log says of presence between two of the agent's events: logged in, paused and why.
with

presence as (
    select * from {{ ref('stg_asterisk__agent_presence') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

followed as (
    select
        presence.*,
        settings.acw_pause_reasons,
        settings.agent_silence_max_s,
        lead(presence.event_at) over (partition by presence.agent_id order by presence.agent_event_no) as next_event_at
    from presence
    cross join settings
)

select
    source_system,
    agent_id,
    agent_event_no,
    pause_no,
    event_at as started_at,
    -- silence for too long is absence: the log may have lost the log-out
    least(
        coalesce(next_event_at, {{ add_seconds('event_at', 'agent_silence_max_s') }}),
        {{ add_seconds('event_at', 'agent_silence_max_s') }}
    ) as ended_at,
    pause_decided_at,
    case when is_paused then pause_reason end as pause_reason,
    case
        when not is_paused then 'ready'
        when acw_pause_reasons like '%|' || lower(pause_reason) || '|%' then 'acw'
        {%- for busy in ['busy', '示忙', 'ticket', '工单', 'meeting', '会议', 'training', '培训', 'outbound', '外呼'] %}
        when lower(pause_reason) like '{{ busy }}%' then 'busy'
        {%- endfor %}
        else 'break'
    end as presence_state
from followed
where is_logged_in
