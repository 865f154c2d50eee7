-- Transfers that the channel event log shows, with what became of the party that was handed on.
with

events as (
    select * from {{ ref('base_asterisk__cel') }}
    where event in ('BLINDTRANSFER', 'ATTENDEDTRANSFER', 'BRIDGE_ENTER', 'HANGUP')
),

agents as (
    select * from {{ ref('stg_centre__agent') }}
),

transfers as (
    select
        *,
        lead(event_at) over (partition by coalesce(transferee_call_id, row_hash) order by event_at, row_hash)
            as next_transfer_at
    from events
    where event in ('BLINDTRANSFER', 'ATTENDEDTRANSFER')
),

-- until it is handed on again
fates as (
    select
        transfers.row_hash,
        min(case
            when later.event = 'BRIDGE_ENTER' and coalesce(later.bridge_technology, '') != 'holding_bridge'
                then later.event_at
        end) as taken_at,
        max(case when later.event = 'HANGUP' then 1 else 0 end) = 1 as is_over
    from transfers
    inner join events as later
        on
            transfers.transferee_call_id = later.call_id
            and transfers.event_at <= later.event_at
            and coalesce(transfers.next_transfer_at, timestamp '9999-12-31 00:00:00') >= later.event_at
    group by transfers.row_hash
)

select
    transfers.row_hash as event_id,
    transfers.call_id,
    transfers.linked_id,
    transfers.transferee_call_id,
    transfers.event_at as transferred_at,
    case when transfers.event = 'ATTENDEDTRANSFER' then 'attended' else 'blind' end as transfer_kind,
    coalesce(giver.agent_id, transfers.channel_peer) as from_agent_id,
    coalesce(target.agent_id, dialled.agent_id) as to_agent_id,
    transfers.is_target_external as is_external,
    case when not transfers.is_target_external then transfers.target_extension end as to_extension,
    case
        when transfers.event = 'ATTENDEDTRANSFER' or fates.taken_at is not null then true
        when fates.is_over then false
    end as is_completed
from transfers
left join fates on transfers.row_hash = fates.row_hash
left join agents as giver
    on
        transfers.channel_peer = giver.agent_raw
        and {{ valid_on('transfers.dt', 'giver') }}
left join agents as target
    on
        transfers.target_peer = target.agent_raw
        and {{ valid_on('transfers.dt', 'target') }}
left join agents as dialled
    on
        transfers.target_extension = dialled.agent_raw
        and {{ valid_on('transfers.dt', 'dialled') }}
