with

events as (
    select * from {{ ref('stg_asterisk__queue_event') }}
    where event in ('RINGNOANSWER', 'RINGCANCELED', 'CONNECT') and agent_id is not null
),

rung as (
    select
        *,
        -- milliseconds for an attempt that failed, seconds for one that was answered
        case
            when event = 'CONNECT' then try_cast(data3 as double)
            else try_cast(data1 as double) / 1000
        end as ring_s
    from events
)

select
    'asterisk' as source_system,
    call_id,
    visit_no,
    event_no,
    queue_id,
    agent_id,
    {{ add_seconds('event_at', '-coalesce(ring_s, 0)') }} as offered_at,
    event_at as ended_at,
    ring_s,
    case event when 'CONNECT' then 'answered' when 'RINGNOANSWER' then 'no_answer' else 'caller_gone' end as result
from rung
