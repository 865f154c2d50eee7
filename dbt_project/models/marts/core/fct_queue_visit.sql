{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

visits as (
    select * from {{ ref('int_queue__visit') }}
    where {{ in_window('local_date') }}
),

legs as (
    select * from {{ ref('int_agent__handled_leg') }}
    where via = 'queue'
)

select
    visits.queue_visit_id,
    visits.contact_id,
    visits.visit_no,
    visits.source_system,
    visits.queue_id,
    visits.channel_id,
    visits.medium,
    visits.direction,
    visits.entered_at,
    visits.left_at,
    visits.timezone,
    visits.local_entered_at,
    visits.local_date,
    cast(extract(hour from visits.local_entered_at) as integer) as local_hour,
    visits.wait_s,
    coalesce(visits.exit_kind, 'waiting') as exit_kind,
    visits.is_short_abandon,
    coalesce(visits.exit_kind, 'waiting') not in ('answered', 'abandoned', 'waiting') as is_flow_out,
    coalesce(visits.wait_s <= visits.sl_target_s, false) as is_within_target,
    visits.sl_target_s,
    visits.short_abandon_s,
    visits.agent_id,
    visits.answered_at,
    visits.ended_at,
    visits.local_ended_at,
    visits.ring_s,
    visits.talk_s,
    visits.hold_s,
    legs.acw_s,
    legs.handle_s,
    visits.hangup_side,
    visits.is_transfer,
    visits.transfer_kind,
    visits.is_entry_reconstructed
from visits
left join legs on visits.contact_id = legs.contact_id and visits.visit_no = legs.leg_no
