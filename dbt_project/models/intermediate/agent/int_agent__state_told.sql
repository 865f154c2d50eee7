-- Spans of agents' states as an export tells them, in the terms of the telephone's log; they may overlap. Rulings:
-- DECISIONS.md, section 36.
with

told as (
    select * from {{ ref('stg_canonical__agent_state') }}
    where {{ in_read_window('dt') }}
),

channels as (
    select * from {{ ref('channel') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

spans as (
    select
        told.agent_id,
        told.state,
        told.reason_code,
        told.started_at,
        coalesce(told.ended_at, {{ add_seconds('told.started_at', 'told.duration_s') }}) as ended_at
    from told
    left join channels on told.channel_id = channels.channel_id
    where coalesce(channels.kind, 'voice') = 'voice'
),

followed as (
    select
        *,
        -- of several states at one instant those without an end come last and so last until a later one
        lead(started_at) over (
            partition by agent_id order by started_at, case when ended_at is null then 1 else 0 end, state
        ) as next_started_at
    from spans
),

believed as (
    select
        followed.agent_id,
        followed.state,
        followed.reason_code,
        followed.started_at,
        case
            when followed.ended_at is not null
                then least(followed.ended_at, {{ add_seconds('followed.started_at', '86400') }})
            -- silence for too long is absence
            else least(
                coalesce(followed.next_started_at, timestamp '9999-12-31 00:00:00'),
                {{ add_seconds('followed.started_at', 'settings.agent_silence_max_s') }}
            )
        end as ended_at
    from followed
    cross join settings
)

select
    agent_id,
    started_at,
    ended_at,
    case
        when state in ('ready', 'ringing', 'talk', 'acw', 'break') then state
        when state = 'hold' then 'talk'
        else 'busy'
    end as state,
    case
        when state in ('break', 'busy_ticket', 'busy_transfer', 'meeting', 'training', 'other')
            then coalesce(nullif(trim(reason_code), ''), state)
    end as reason_code
from believed
where state != 'offline' and started_at < ended_at
