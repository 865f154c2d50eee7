-- Improvement actions in their latest state, with what follows from their instants and values.
{{ config(materialized='view') }}

with

actions as (
    select * from {{ ref('stg_canonical__action') }}
),

metrics as (
    select kpi_id, direction from {{ ref('kpi_definition') }}
    where is_default_official
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        actions.*,
        settings.timezone,
        {{ to_local('actions.created_at', 'settings.timezone') }} as local_created_at,
        {{ to_local('actions.due_at', 'settings.timezone') }} as local_due_at,
        -- what ends before it began has no end (Q32)
        case when actions.done_at >= actions.created_at then {{ to_local('actions.done_at', 'settings.timezone') }} end
            as local_done_at,
        case
            when actions.reviewed_at >= actions.created_at
                then {{ to_local('actions.reviewed_at', 'settings.timezone') }}
        end as local_reviewed_at,
        -- the register says which way it wants to go; where it does not, the KPI does
        case
            when actions.target_value > actions.baseline_value then 'up'
            when actions.target_value < actions.baseline_value then 'down'
            when metrics.direction in ('up', 'down') then metrics.direction
        end as target_direction
    from actions
    cross join settings
    left join metrics on actions.metric_id = metrics.kpi_id
)

select
    *,
    cast(local_created_at as date) as local_created_date,
    cast(local_due_at as date) as local_due_date,
    cast(local_done_at as date) as local_done_date,
    cast(local_reviewed_at as date) as local_reviewed_date,
    impact_level * (6 - difficulty_level) as ease_score,
    impact_level * difficulty_level as literal_score,
    case when due_at is not null then coalesce(local_done_at is not null and done_at <= due_at, false) end
        as is_done_in_time,
    -- only what was missed is reopened
    case when status = 'verified' then true when status in ('missed', 'reopened') then false end as is_verified,
    case
        when target_direction = 'up' then reviewed_value >= target_value
        when target_direction = 'down' then reviewed_value <= target_value
    end as is_stated_reached,
    dt as partition_date,
    row_hash as record_hash
from told
