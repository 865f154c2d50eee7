-- Queue visits of all sources, with the queue's settings as they were on the day and the visit's local time.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
),

asterisk as (
    select
        source_system || ':' || call_id as contact_id,
        visit_no, queue_id, entered_at, left_at, wait_s as logged_wait_s, exit_kind, agent_id, answered_at,
        ring_s as logged_ring_s, talk_s as logged_talk_s,
        cast(null as double) as hold_s, ended_at, hangup_side, is_transfer, transfer_kind, is_entry_reconstructed,
        true as is_answer_timed, false as is_first_answered, false as is_conversation_told
    from {{ ref('stg_asterisk__queue_visit') }}
),

conversations as (
    select * from {{ ref('int_agent__exported') }}
),

first_conversations as (
    select contact_id from conversations
    where told_no = 1
),

canonical as (
    select
        visits.contact_id,
        visits.visit_no, visits.queue_id, visits.entered_at, visits.left_at, visits.logged_wait_s, visits.exit_kind,
        coalesce(conversations.agent_id, visits.agent_id) as agent_id, visits.answered_at,
        -- what the contact tells is of all its conversations once one is told by itself
        case
            when first_conversations.contact_id is null then visits.ring_s else conversations.ring_s
        end as logged_ring_s,
        case
            when first_conversations.contact_id is null then visits.talk_s else conversations.talk_s
        end as logged_talk_s,
        case when first_conversations.contact_id is null then visits.hold_s else conversations.hold_s end as hold_s,
        case when conversations.contact_id is null then visits.ended_at else conversations.ended_at end as ended_at,
        visits.hangup_side,
        false as is_transfer, cast(null as string) as transfer_kind, false as is_entry_reconstructed,
        visits.is_answer_timed,
        visits.is_first_answered and first_conversations.contact_id is null as is_first_answered,
        conversations.contact_id is not null as is_conversation_told
    from {{ ref('int_queue__exported') }} as visits
    left join first_conversations on visits.contact_id = first_conversations.contact_id
    left join conversations
        on visits.contact_id = conversations.contact_id and visits.visit_no = conversations.leg_no
),

visits as (
    select * from asterisk
    union all
    select * from canonical
),

queues as (
    select
        *,
        {{ validity_instants() }}
    from {{ ref('stg_centre__queue') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

settled as (
    select
        visits.*,
        visits.contact_id || ':' || visits.visit_no as queue_visit_id,
        contacts.source_system,
        contacts.direction,
        contacts.channel_id,
        contacts.medium,
        contacts.site_timezone,
        case when visits.logged_wait_s >= 0 then visits.logged_wait_s end as wait_s,
        case when visits.logged_ring_s >= 0 then visits.logged_ring_s end as ring_s,
        case when visits.logged_talk_s >= 0 then visits.logged_talk_s end as talk_s,
        coalesce(queues.sl_target_s, settings.sl_target_s) as sl_target_s,
        coalesce(queues.short_abandon_s, settings.short_abandon_s) as short_abandon_s,
        coalesce(queues.anomalous_short_s, settings.anomalous_short_s) as anomalous_short_s,
        queues.anomalous_long_s,
        coalesce(queues.timezone, contacts.site_timezone) as timezone,
        settings.timezone as usual_timezone
    from visits
    inner join contacts on visits.contact_id = contacts.contact_id
    cross join settings
    left join queues
        on
            visits.queue_id = queues.queue_id
            and {{ valid_at('visits.entered_at', 'queues') }}
)

select
    *,
    {{ to_local_mostly('entered_at', 'timezone', 'usual_timezone') }} as local_entered_at,
    cast(local_entered_at as date) as local_date,
    {{ to_local_mostly('ended_at', 'timezone', 'usual_timezone') }} as local_ended_at,
    -- an abandon whose wait is not believed is not short
    coalesce(exit_kind = 'abandoned' and wait_s < short_abandon_s, false) as is_short_abandon
from settled
