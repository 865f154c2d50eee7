-- The recordings of a date are those that began on it, however long ago it was and whatever became of them since.
with

days as (
    select * from {{ ref('fct_recording_day') }}
    where {{ in_touched_dates('local_date') }}
),

recordings as (
    select
        local_date,
        count(*) as recording_count,
        sum(case when is_deleted_early then 1 else 0 end) as deleted_early_count
    from {{ ref('fct_recording') }}
    where {{ in_touched_dates('local_date') }}
    group by local_date
)

select
    coalesce(days.local_date, recordings.local_date) as local_date,
    days.recording_count,
    recordings.recording_count as begun_count,
    days.deleted_early_count,
    recordings.deleted_early_count as gone_count
from days
full join recordings on days.local_date = recordings.local_date
where
    coalesce(days.recording_count, 0) != coalesce(recordings.recording_count, 0)
    or coalesce(days.deleted_early_count, 0) != coalesce(recordings.deleted_early_count, 0)
