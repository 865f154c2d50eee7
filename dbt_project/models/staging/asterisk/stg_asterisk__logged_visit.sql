-- What the log says of each queue visit: its entry, its answer, the end of its conversation, its exit.
with

events as (
    select * from {{ ref('stg_asterisk__queue_event') }}
    where
        call_id is not null
        and event in (
            'ENTERQUEUE', 'CONNECT', 'ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY',
            'COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER'
        )
),

visits as (
    select
        call_id,
        visit_no,
        coalesce(max(case when event = 'ENTERQUEUE' then queue_id end), min(queue_id)) as queue_id,
        max(case when event = 'ENTERQUEUE' then event_at end) as logged_entered_at
    from events
    group by call_id, visit_no
),

answers as (
    select
        call_id,
        visit_no,
        agent_id,
        event_at as answered_at,
        try_cast(data1 as double) as wait_s,
        try_cast(data3 as double) as ring_s
    from events
    where event = 'CONNECT'
    qualify row_number() over (partition by call_id, visit_no order by event_no) = 1
),

finishes as (
    select
        call_id,
        visit_no,
        event,
        agent_id,
        event_at as ended_at,
        data1 as transferred_to,
        event in ('TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER') as is_transfer,
        try_cast(case when event in ('COMPLETEAGENT', 'COMPLETECALLER') then data1 else data3 end as double) as wait_s,
        try_cast(case when event in ('COMPLETEAGENT', 'COMPLETECALLER') then data2 else data4 end as double) as talk_s
    from events
    where event in ('COMPLETEAGENT', 'COMPLETECALLER', 'TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER')
    -- the first counts: after an attended transfer some versions log COMPLETE when the outside party hangs up
    qualify row_number() over (partition by call_id, visit_no order by event_no) = 1
),

exits as (
    select
        call_id,
        visit_no,
        event,
        event_at as left_at,
        try_cast(case when event = 'EXITWITHKEY' then data4 else data3 end as double) as wait_s
    from events
    where event in ('ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY')
    qualify row_number() over (partition by call_id, visit_no order by event_no) = 1
)

select
    visits.*,
    coalesce(answers.agent_id, finishes.agent_id) as agent_id,
    -- an answer that the log lost is the end less the conversation
    coalesce(answers.answered_at, {{ add_seconds('finishes.ended_at', '-finishes.talk_s') }}) as answered_at,
    answers.ring_s,
    finishes.ended_at,
    coalesce(
        finishes.talk_s, {{ seconds_between('answers.answered_at', 'finishes.ended_at') }}
    ) as talk_s,
    finishes.event as finish_event,
    coalesce(finishes.is_transfer, false) as is_transfer,
    finishes.transferred_to,
    exits.event as exit_event,
    exits.left_at,
    coalesce(answers.wait_s, finishes.wait_s) as answer_wait_s,
    exits.wait_s as exit_wait_s
from visits
left join answers on visits.call_id = answers.call_id and visits.visit_no = answers.visit_no
left join finishes on visits.call_id = finishes.call_id and visits.visit_no = finishes.visit_no
left join exits on visits.call_id = exits.call_id and visits.visit_no = exits.visit_no
