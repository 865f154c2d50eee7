{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

contacts as (
    select * from {{ ref('int_contact__settled') }}
    where {{ in_window('local_date') }}
),

limits as (
    select
        local_date,
        direction,
        answering_queue_id,
        percentile_cont(0.995) within group (order by legs_talk_s) as long_talk_s
    from contacts
    where settled_outcome = 'answered' and medium = 'voice' and legs_talk_s is not null
    group by local_date, direction, answering_queue_id
),

judged as (
    select
        contacts.*,
        case
            when contacts.settled_outcome != 'answered' or contacts.medium != 'voice' then null
            when contacts.legs_talk_s is null then null
            when contacts.legs_talk_s < coalesce(queues.anomalous_short_s, settings.anomalous_short_s) then 'short'
            when contacts.legs_talk_s > coalesce(queues.anomalous_long_s, limits.long_talk_s) then 'long'
        end as anomaly_kind
    from contacts
    cross join {{ ref('stg_centre__setting') }} as settings
    left join {{ ref('stg_centre__queue') }} as queues
        on contacts.answering_queue_id = queues.queue_id and {{ valid_on('contacts.local_date', 'queues') }}
    left join limits
        on
            contacts.local_date = limits.local_date
            and contacts.direction = limits.direction
            and coalesce(contacts.answering_queue_id, '') = coalesce(limits.answering_queue_id, '')
)

select
    contact_id,
    root_contact_id,
    source_system,
    site_id,
    channel_id,
    medium,
    direction,
    first_queue_id,
    answering_queue_id,
    first_agent_id,
    last_agent_id,
    dialled_number,
    customer_key,
    segment,
    caller_hash,
    caller_masked,
    region_code,
    number_type,
    started_at,
    system_answered_at,
    entered_queue_at as first_queue_at,
    first_agent_at,
    settled_ended_at as ended_at,
    counted_at,
    timezone,
    local_counted_at,
    local_date,
    cast(extract(hour from local_counted_at) as integer) as local_hour,
    local_ended_at,
    cast(local_ended_at as date) as local_ended_date,
    ivr_s,
    settled_wait_s as queue_wait_s,
    response_s,
    queue_response_s,
    legs_ring_s as ring_s,
    legs_talk_s as talk_s,
    legs_hold_s as hold_s,
    legs_consult_s as consult_s,
    legs_acw_s as acw_s,
    handle_s,
    coalesce(total_s, {{ seconds_between('started_at', 'settled_ended_at') }}) as total_s,
    coalesce(settled_outcome, 'waiting') as outcome,
    exit_kind as last_exit_kind,
    case
        when settled_outcome in ('abandoned_ivr', 'abandoned_queue', 'short_abandon') then 'caller'
        else hangup_side
    end as hangup_side,
    hangup_cause,
    case
        when settled_outcome in ('abandoned_ivr', 'abandoned_queue', 'short_abandon') then 'caller_hangup'
        when settled_outcome in ('answered', 'self_served') then 'completed'
        when settled_outcome in ('failed', 'blocked', 'busy', 'no_answer', 'flow_out') then 'not_connected'
    end as hangup_reason,
    agent_count,
    cast(settled_transfer_count as integer) as transfer_count,
    cast(queue_visit_count as integer) as queue_visit_count,
    sl_target_s,
    short_abandon_s,
    direction = 'inbound' and coalesce(settled_outcome, 'waiting') != 'invalid'
    and (entered_queue_at is not null or first_agent_at is not null) as is_offered,
    is_connected and connected_s < invalid_call_s as is_short_total,
    settled_outcome = 'answered' and coalesce(legs_talk_s < invalid_call_s, false) as is_short_talk,
    is_ruled_invalid or coalesce(is_connected and connected_s < invalid_call_s, false) as is_invalid,
    anomaly_kind is not null as is_anomalous,
    anomaly_kind,
    issue_id,
    disposition_code,
    line_id,
    campaign_id,
    line_of_business,
    declared_resolved,
    quality_flags,
    matched_contact_id,
    match_rule,
    is_match_ambiguous
from judged
