-- Transfers as each log tells them, with the contact that each is of. Rulings: DECISIONS.md, section 15.
with

contacts as (
    select contact_id from {{ ref('int_contact__unioned') }}
),

matches as (
    select contact_id, matched_contact_id from {{ ref('int_contact__match') }}
    where not is_kept
),

queue_log as (
    select * from {{ ref('stg_asterisk__logged_visit') }}
    where is_transfer
),

channel_events as (
    select * from {{ ref('stg_asterisk__channel_transfer') }}
),

exported as (
    select * from {{ ref('stg_canonical__transfer') }}
    where {{ in_read_window('dt') }}
),

-- a channel is of the contact that its call is, else of the contact of the party that it handed on
named as (
    select event_id, 1 as name_no, 'asterisk:' || linked_id as contact_id from channel_events
    union all
    select event_id, 2 as name_no, 'asterisk:' || transferee_call_id as contact_id from channel_events
    union all
    select event_id, 3 as name_no, 'asterisk:' || call_id as contact_id from channel_events
),

told as (
    select
        'queue_log:' || call_id || ':' || visit_no as told_id,
        'queue_log' as told_by,
        1 as name_no,
        'asterisk:' || call_id as named_contact_id,
        ended_at as transferred_at,
        case when finish_event = 'ATTENDEDTRANSFER' then 'attended' else 'blind' end as transfer_kind,
        cast(null as string) as reason,
        agent_id as from_agent_id,
        queue_id as from_queue_id,
        cast(null as string) as to_agent_id,
        cast(null as string) as to_queue_id,
        -- a telephone number is masked in the lake
        case when finish_event != 'ATTENDEDTRANSFER' and transferred_to not like '%****%' then transferred_to end
            as to_extension,
        case when finish_event != 'ATTENDEDTRANSFER' then transferred_to like '%****%' end as is_external,
        case when finish_event = 'ATTENDEDTRANSFER' then true end as is_completed,
        cast(null as boolean) as is_problem_restated,
        cast(null as string) as restated_evidence
    from queue_log
    union all
    select
        'cel:' || channel_events.event_id as told_id,
        'cel' as told_by,
        named.name_no,
        named.contact_id as named_contact_id,
        channel_events.transferred_at,
        channel_events.transfer_kind,
        cast(null as string) as reason,
        channel_events.from_agent_id,
        cast(null as string) as from_queue_id,
        channel_events.to_agent_id,
        cast(null as string) as to_queue_id,
        channel_events.to_extension,
        channel_events.is_external,
        channel_events.is_completed,
        cast(null as boolean) as is_problem_restated,
        cast(null as string) as restated_evidence
    from channel_events
    inner join named on channel_events.event_id = named.event_id
    union all
    select
        'canonical:' || transfer_id as told_id,
        'canonical' as told_by,
        1 as name_no,
        'canonical:' || contact_id as named_contact_id,
        transferred_at,
        kind as transfer_kind,
        reason,
        from_agent_id,
        cast(null as string) as from_queue_id,
        to_agent_id,
        to_queue_id,
        cast(null as string) as to_extension,
        is_external,
        is_completed,
        is_problem_restated,
        restated_evidence
    from exported
)

select
    told.*,
    contacts.contact_id
from told
left join matches on told.named_contact_id = matches.contact_id
left join contacts on coalesce(matches.matched_contact_id, told.named_contact_id) = contacts.contact_id
qualify row_number() over (
    partition by told.told_id order by case when contacts.contact_id is null then 1 else 0 end, told.name_no
) = 1
