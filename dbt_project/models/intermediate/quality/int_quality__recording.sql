-- Recordings in their latest state, with what became of them.
{{ config(materialized='view') }}

with

recordings as (
    select * from {{ ref('stg_canonical__recording') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        recordings.*,
        settings.timezone,
        {{ to_local('recordings.started_at', 'settings.timezone') }} as local_started_at,
        -- six months is what the law asks for; a centre may ask for more of itself
        greatest(
            coalesce(recordings.retention_until_at, recordings.started_at),
            recordings.started_at + interval '{{ var("recording_kept_months_min") }}' month
        ) as due_until_at
    from recordings
    cross join settings
)

select
    *,
    cast(local_started_at as date) as local_date,
    coalesce(deleted_at < due_until_at, false) as is_deleted_early,
    coalesce(deleted_at < due_until_at and deletion_reason = 'customer_request', false) as is_deletion_wanted,
    dt as partition_date,
    row_hash as record_hash
from told
