{{ config(materialized='table') }}

-- One call of the CDR: its records share a queue-log call id (ruling Q37), else a linked id, else stand alone.
with

records as (
    select * from {{ ref('base_asterisk__cdr') }}
),

agents as (
    select * from {{ ref('stg_centre__agent') }}
),

queued as (
    select distinct call_id from {{ ref('stg_asterisk__queue_visit') }}
),

keyed as (
    select
        records.*,
        coalesce(by_call.call_id, by_link.call_id) as queue_call_id,
        coalesce(by_call.call_id, by_link.call_id, records.linked_id, records.call_id, records.row_hash) as call_key,
        coalesce(source_agent.agent_id, records.source_peer) as source_agent_id,
        coalesce(destination_agent.agent_id, records.destination_peer) as destination_agent_id,
        -- the outside party's end of the call, where it is no telephone of an agent
        case
            when records.direction = 'outbound' and destination_agent.agent_id is null then records.destination_peer
            when records.direction != 'outbound' and source_agent.agent_id is null then records.source_peer
        end as line_peer
    from records
    left join queued as by_call on records.call_id = by_call.call_id
    left join queued as by_link on records.linked_id = by_link.call_id
    left join agents as source_agent
        on
            records.source_peer = source_agent.agent_raw
            and {{ valid_on('records.dt', 'source_agent') }}
    left join agents as destination_agent
        on
            records.destination_peer = destination_agent.agent_raw
            and {{ valid_on('records.dt', 'destination_agent') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by call_key order by started_at, coalesce(sequence_no, 0), source_file, source_line
        ) as record_no
    from keyed
),

totals as (
    select
        call_key,
        max(queue_call_id) as queue_call_id,
        min(started_at) as started_at,
        min(answered_at) as system_answered_at,
        max(coalesce(ended_at, {{ add_seconds('started_at', 'coalesce(duration_s, 0)') }})) as ended_at,
        max(case when disposition = 'ANSWERED' then 1 else 0 end) = 1 as is_answered,
        max(case when disposition = 'CONGESTION' then 1 else 0 end) = 1 as is_congested,
        max(case when disposition = 'FAILED' then 1 else 0 end) = 1 as is_failed,
        max(case when disposition = 'BUSY' then 1 else 0 end) = 1 as is_busy,
        count(*) as records
    from ranked
    group by call_key
),

-- the record in which two parties spoke, for a call that no queue handed on
conversations as (
    select
        call_key,
        case when direction = 'outbound' then source_agent_id else destination_agent_id end as agent_id,
        answered_at,
        coalesce(ended_at, {{ add_seconds('answered_at', 'billsec_s') }}) as ended_at,
        billsec_s as talk_s
    from ranked
    where disposition = 'ANSWERED' and destination_peer is not null and queue_call_id is null
    qualify row_number() over (partition by call_key order by record_no) = 1
)

select
    'asterisk' as source_system,
    ranked.call_key,
    totals.queue_call_id,
    ranked.direction,
    totals.started_at,
    totals.system_answered_at,
    totals.ended_at,
    totals.is_answered,
    totals.is_congested,
    totals.is_failed,
    totals.is_busy,
    ranked.last_app,
    ranked.queue_id,
    ranked.destination_peer is not null as has_destination,
    ranked.dialled_number,
    ranked.customer_hash,
    ranked.customer_masked,
    ranked.customer_prefix,
    ranked.customer_number_type,
    case
        when ranked.direction = 'outbound' then ranked.source_agent_id else ranked.destination_agent_id
    end as agent_id,
    case when ranked.line_peer not like 'Local/%' then split_part(ranked.line_peer, '/', 2) end as line_id,
    ranked.campaign_id,
    conversations.agent_id as talk_agent_id,
    conversations.answered_at as talk_answered_at,
    conversations.ended_at as talk_ended_at,
    conversations.talk_s
from ranked
inner join totals on ranked.call_key = totals.call_key
left join conversations on ranked.call_key = conversations.call_key
where ranked.record_no = 1
