-- Conversations that an export tells by its legs, of contacts that count as the export's, each with the queue visit
-- that led to it if one did. Rulings: DECISIONS.md, section 36.
with

contacts as (
    select * from {{ ref('int_contact__unioned') }}
    where source_system = 'canonical' and outcome = 'answered'
),

told as (
    select * from {{ ref('int_agent__told') }}
),

-- a visit's conversation begins between its entry and the next one; two clocks differ by up to two seconds
led as (
    select
        visits.contact_id, visits.visit_no, visits.queue_id, visits.agent_id, visits.answered_count,
        told.told_no
    from {{ ref('int_queue__exported') }} as visits
    inner join told
        on
            visits.contact_id = told.contact_id
            and told.answered_at >= {{ add_seconds('visits.entered_at', -2) }}
            and told.answered_at
            < coalesce({{ add_seconds('visits.next_entered_at', -2) }}, timestamp '9999-12-31 00:00:00')
    where
        visits.exit_kind = 'answered'
        and (
            told.routed_by = 'queue'
            or (told.routed_by = 'other' and coalesce(told.agent_id = visits.told_agent_id, true))
        )
    qualify row_number() over (
        partition by visits.contact_id, visits.visit_no
        order by
            case when told.routed_by = 'queue' then 0 else 1 end,
            case when told.queue_id != visits.queue_id then 1 else 0 end,
            case when told.agent_id != visits.told_agent_id then 1 else 0 end,
            told.told_no
    ) = 1
),

joined as (
    select
        contacts.source_system,
        contacts.contact_id,
        contacts.direction,
        contacts.channel_id,
        contacts.medium,
        contacts.site_timezone as timezone,
        contacts.talk_s as contact_talk_s,
        contacts.hold_s as contact_hold_s,
        contacts.ring_s as contact_ring_s,
        contacts.ended_at as contact_ended_at,
        led.visit_no,
        led.queue_id,
        coalesce(told.agent_id, led.agent_id) as agent_id,
        told.told_no,
        told.routed_by,
        told.answered_at,
        told.ended_at,
        told.ring_s,
        told.talk_s,
        told.hold_s,
        told.acw_s,
        told.consult_s,
        told.is_acw_told,
        told.is_consult_told,
        told.told_count = 1
        and (coalesce(led.answered_count, 0) = 1 or (led.visit_no is null and not contacts.is_answered_in_queue))
            as is_only_one
    from told
    inner join contacts on told.contact_id = contacts.contact_id
    left join led on told.contact_id = led.contact_id and told.told_no = led.told_no
),

completed as (
    select
        *,
        coalesce(ended_at, case when is_only_one then contact_ended_at end) as known_ended_at,
        coalesce(hold_s, case when is_only_one then contact_hold_s end) as known_hold_s
    from joined
)

select
    source_system,
    contact_id,
    -- numbers of visits stay below
    coalesce(visit_no, 999 + told_no) as leg_no,
    told_no,
    agent_id,
    queue_id,
    direction,
    channel_id,
    medium,
    case
        when visit_no is not null then 'queue'
        when routed_by = 'transfer' or (routed_by != 'direct' and told_no > 1) then 'transfer'
        when direction = 'outbound' then 'outbound'
        else 'direct'
    end as via,
    answered_at,
    known_ended_at as ended_at,
    coalesce(
        talk_s,
        case when is_only_one then contact_talk_s end,
        round({{ seconds_between('answered_at', 'known_ended_at') }}, 3)
        - coalesce(known_hold_s, 0) - coalesce(consult_s, 0)
    ) as talk_s,
    known_hold_s as hold_s,
    coalesce(ring_s, case when is_only_one then contact_ring_s end) as ring_s,
    acw_s,
    consult_s,
    is_acw_told,
    is_consult_told,
    timezone
from completed
