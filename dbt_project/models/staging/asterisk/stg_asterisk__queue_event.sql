{{ config(materialized='table') }}

with

events as (
    select
        *,
        -- lines of one second are in the order of the log, and a rotated file comes before its successor
        min(event_at) over (partition by source_file) as file_begins_at
    from {{ ref('base_asterisk__queue_log') }}
),

agents as (
    select * from {{ ref('stg_centre__agent') }}
),

named as (
    select
        events.event_at,
        events.file_begins_at,
        events.source_file,
        events.source_line,
        events.call_id,
        events.queue_id,
        coalesce(agents.agent_id, events.agent_raw) as agent_id,
        events.event,
        events.data1,
        events.data2,
        events.data3,
        events.data4,
        events.data5,
        events.caller_hash,
        events.caller_masked,
        events.caller_prefix,
        events.caller_number_type
    from events
    left join agents
        on
            events.agent_raw = agents.agent_raw
            and {{ valid_on('events.dt', 'agents') }}
)

select
    *,
    -- lines of no call need no number: by file, so that they don't all go through one window; the n-th time that this
    -- call enters a queue, 0 where the log was cut before it entered one
    cast(count(case when event = 'ENTERQUEUE' then 1 end) over (
        partition by coalesce(call_id, source_file)
        order by event_at, file_begins_at, source_line
        rows between unbounded preceding and current row
    ) as integer) as visit_no,
    row_number() over (
        partition by coalesce(call_id, source_file)
        order by event_at, file_begins_at, source_line
    ) as event_no
from named
