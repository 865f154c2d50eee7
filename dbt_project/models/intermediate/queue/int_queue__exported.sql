{{ config(materialized='view') }}

-- Queue visits of the contacts of an export, told one by one or by the contact's own columns, before it is known which
-- conversation each led to. Rulings: DECISIONS.md, section 36.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
    where source_system = 'canonical' and first_queue_at is not null
),

told as (
    select * from {{ ref('int_queue__told') }}
),

listed as (
    select
        contacts.contact_id,
        contacts.outcome,
        contacts.ring_s,
        contacts.talk_s,
        contacts.hold_s,
        contacts.agent_id as contact_agent_id,
        contacts.agent_answered_at as contact_answered_at,
        contacts.ended_at as contact_ended_at,
        contacts.hangup_side as contact_hangup_side,
        contacts.is_answer_timed as is_contact_timed,
        coalesce(told.visit_no, 1) as visit_no,
        told.contact_id is not null as is_told,
        case when told.contact_id is null then contacts.queue_id else told.queue_id end as queue_id,
        case when told.contact_id is null then contacts.first_queue_at else told.entered_at end as entered_at,
        case
            when told.contact_id is null then coalesce(contacts.queue_left_at, contacts.agent_answered_at)
            else told.left_at
        end as left_at,
        case when told.contact_id is null then contacts.queue_wait_s else told.logged_wait_s end as told_wait_s,
        told.exit_kind as told_exit_kind,
        told.agent_id as told_agent_id,
        told.next_entered_at,
        coalesce(told.answered_count, 0) as told_answered_count,
        told.first_answered_no
    from contacts
    left join told on contacts.contact_id = told.contact_id
),

ended as (
    select
        *,
        case
            when told_exit_kind is not null then told_exit_kind
            when told_answered_count > 0 then 'other'
            when outcome = 'answered' then 'answered'
            when outcome = 'abandoned_queue' then 'abandoned'
            when outcome = 'flow_out' then 'timeout'
            else 'other'
        end as exit_kind
    from listed
),

counted as (
    select
        *,
        -- where no visit is told to be answered, the contact's answer is of its last one
        case when exit_kind = 'answered' then greatest(told_answered_count, 1) else told_answered_count end
            as answered_count
    from ended
)

select
    contact_id,
    visit_no,
    queue_id,
    entered_at,
    next_entered_at,
    left_at,
    coalesce(told_wait_s, {{ seconds_between('entered_at', 'left_at') }}) as logged_wait_s,
    exit_kind,
    answered_count,
    exit_kind = 'answered' and coalesce(visit_no = first_answered_no, true) as is_first_answered,
    told_agent_id,
    case
        when exit_kind = 'answered' then coalesce(told_agent_id, case when answered_count = 1 then contact_agent_id end)
    end as agent_id,
    case
        when exit_kind != 'answered' then null
        when is_told then coalesce(left_at, case when answered_count = 1 then contact_answered_at end, entered_at)
        else contact_answered_at
    end as answered_at,
    case when is_told and left_at is not null then true else is_contact_timed end as is_answer_timed,
    -- nobody speaks with a contact that waits again
    case when exit_kind = 'answered' then coalesce(next_entered_at, contact_ended_at) end as ended_at,
    case when next_entered_at is null then contact_hangup_side end as hangup_side,
    -- what the contact tells of its conversations is of one visit when that is the only one answered
    case when exit_kind = 'answered' and answered_count = 1 then ring_s end as ring_s,
    case when exit_kind = 'answered' and answered_count = 1 then talk_s end as talk_s,
    case when exit_kind = 'answered' and answered_count = 1 then hold_s end as hold_s
from counted
