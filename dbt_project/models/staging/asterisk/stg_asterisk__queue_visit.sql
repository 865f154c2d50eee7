{{ config(materialized='table') }}

-- Queue visits with what the log lost put back: an entry is the exit less the wait.
with

logged as (
    select * from {{ ref('stg_asterisk__logged_visit') }}
),

settled as (
    select
        *,
        coalesce(
            logged_entered_at,
            {{ add_seconds('answered_at', '-answer_wait_s') }},
            {{ add_seconds('left_at', '-exit_wait_s') }},
            answered_at,
            left_at
        ) as entered_at
    from logged
)

select
    'asterisk' as source_system,
    call_id,
    visit_no,
    queue_id,
    entered_at,
    logged_entered_at is null as is_entry_reconstructed,
    -- an answer outweighs an abandon: some versions log both for one visit
    case
        when answered_at is not null then 'answered'
        when exit_event = 'ABANDON' then 'abandoned'
        when exit_event = 'EXITWITHTIMEOUT' then 'timeout'
        when exit_event = 'EXITWITHKEY' then 'exit_key'
        when exit_event = 'EXITEMPTY' then 'empty'
    end as exit_kind,
    coalesce(answered_at, left_at) as left_at,
    case
        when answered_at is not null
            then coalesce(answer_wait_s, {{ seconds_between('entered_at', 'answered_at') }})
        else coalesce(exit_wait_s, {{ seconds_between('entered_at', 'left_at') }})
    end as wait_s,
    agent_id,
    answered_at,
    ring_s,
    case when answered_at is not null then ended_at end as ended_at,
    case when answered_at is not null then talk_s end as talk_s,
    case
        when finish_event = 'COMPLETEAGENT' then 'agent'
        when finish_event = 'COMPLETECALLER' then 'caller'
    end as hangup_side,
    is_transfer,
    case
        when finish_event = 'ATTENDEDTRANSFER' then 'attended'
        when finish_event in ('BLINDTRANSFER', 'TRANSFER') then 'blind'
    end as transfer_kind,
    transferred_to
from settled
where entered_at is not null
