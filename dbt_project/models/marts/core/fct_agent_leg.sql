{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

legs as (
    select * from {{ ref('int_agent__handled_leg') }}
    where {{ in_window('local_date') }}
),

teams as (
    select * from {{ ref('int_agent__team') }}
)

select
    legs.leg_id,
    legs.contact_id,
    legs.source_system,
    legs.agent_id,
    legs.queue_id,
    legs.channel_id,
    legs.medium,
    legs.direction,
    legs.via,
    legs.answered_at,
    legs.ended_at,
    legs.timezone,
    legs.local_ended_at,
    legs.local_date,
    cast(extract(hour from legs.local_ended_at) as integer) as local_hour,
    legs.ring_s,
    legs.talk_s,
    legs.hold_s,
    legs.consult_s,
    legs.acw_s,
    legs.handle_s,
    legs.is_told,
    teams.team_id
from legs
left join teams on legs.agent_id = teams.agent_id and {{ valid_on('legs.local_date', 'teams') }}
