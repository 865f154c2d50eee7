-- What one channel handed over to another about a contact; of what is told of it several times in a row the last
-- counts.
{{ config(materialized='view') }}

with

hand_overs as (
    select
        *,
        lead(synced_at) over (
            partition by contact_id, from_channel_id, to_channel_id order by synced_at, row_hash
        ) as synced_again_at
    from {{ ref('stg_canonical__interaction_sync') }}
    where {{ in_read_touched_dates('dt', 1, var('late_window_days') + 1) }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        hand_overs.*,
        settings.timezone,
        {{ to_local('hand_overs.synced_at', 'settings.timezone') }} as local_synced_at
    from hand_overs
    cross join settings
    where not coalesce({{ is_in_time('hand_overs.synced_again_at', 'hand_overs.synced_at') }}, false)
)

select
    *,
    cast(local_synced_at as date) as local_date,
    from_channel_id || '>' || to_channel_id as channel_pair,
    case
        when expected_field_count > 0 and synced_field_count between 0 and expected_field_count
            then cast(10 * synced_field_count as double) / expected_field_count
    end as continuity_points
from told
