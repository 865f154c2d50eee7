-- Conversations of a date and the recordings that began on it. Before the first recording nothing is expected of any.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}

with

recordings as (
    select * from {{ ref('fct_recording') }}
    where {{ in_touched_dates('local_date') }}
),

first_recording as (
    select min(local_date) as first_date from {{ ref('fct_recording') }}
),

legs as (
    select cast({{ to_local('coalesce(answered_at, ended_at)', 'timezone') }} as date) as local_date
    from {{ ref('fct_agent_leg') }}
    where {{ in_read_touched_dates('local_date', 0, 1) }} and medium = 'voice'
),

counted as (
    select
        legs.local_date,
        1 as conversations,
        0 as recordings,
        0 as deleted_early,
        0 as deletions_wanted
    from legs
    inner join first_recording on legs.local_date >= first_recording.first_date
    where {{ in_touched_dates('legs.local_date') }}
    union all
    select
        local_date,
        0 as conversations,
        1 as recordings,
        case when is_deleted_early then 1 else 0 end as deleted_early,
        case when is_deletion_wanted then 1 else 0 end as deletions_wanted
    from recordings
)

select
    local_date,
    cast(sum(conversations) as bigint) as conversation_count,
    cast(sum(recordings) as bigint) as recording_count,
    cast(sum(deleted_early) as bigint) as deleted_early_count,
    cast(sum(deletions_wanted) as bigint) as deletion_wanted_count
from counted
group by local_date
