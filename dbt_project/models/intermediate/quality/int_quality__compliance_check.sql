-- Checks of whether a contact had what it must have; of several of one requirement the last counts.
{{ config(materialized='view') }}

with

checks as (
    select
        *,
        lead(checked_at) over (partition by contact_id, requirement_id order by checked_at, row_hash)
            as checked_again_at
    from {{ ref('stg_canonical__compliance_record') }}
    where {{ in_read_touched_dates('dt', 1, var('late_window_days') + 1) }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told as (
    select
        checks.*,
        settings.timezone,
        {{ to_local('checks.checked_at', 'settings.timezone') }} as local_checked_at
    from checks
    cross join settings
    where not coalesce({{ is_in_time('checks.checked_again_at', 'checks.checked_at') }}, false)
)

select
    *,
    cast(local_checked_at as date) as local_date
from told
