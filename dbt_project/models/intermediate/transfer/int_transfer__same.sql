-- What the logs tell twice: each record that is told by another log too, and the record that stands for both.
with

told as (
    select * from {{ ref('int_transfer__told') }}
    where contact_id is not null
),

candidates as (
    select
        ours.told_id as left_id,
        theirs.told_id as right_id,
        theirs.told_by as right_by,
        abs({{ seconds_between('ours.transferred_at', 'theirs.transferred_at') }}) as distance_s
    from told as ours
    inner join told as theirs
        on
            ours.contact_id = theirs.contact_id
            and (
                (ours.told_by = 'queue_log' and theirs.told_by = 'cel')
                or (ours.told_by != 'canonical' and theirs.told_by = 'canonical')
            )
    where
        abs({{ seconds_between('ours.transferred_at', 'theirs.transferred_at') }}) <= {{ var('transfer_match_s') }}
        and (
            coalesce(ours.transfer_kind = theirs.transfer_kind, true)
            or theirs.transfer_kind not in ('blind', 'attended')
        )
),

of_one_pbx as (
    select * from candidates
    where right_by = 'cel'
),

{{ pairs_of_nearest('of_one_pbx', 'logged_twice') }},

-- an export is compared with what stands for both logs
with_export as (
    select candidates.*
    from candidates
    left join logged_twice on candidates.left_id = logged_twice.right_id
    where candidates.right_by = 'canonical' and logged_twice.right_id is null
),

{{ pairs_of_nearest('with_export', 'exported_too') }}

select right_id as told_id, left_id as same_as_id from logged_twice
union all
select right_id as told_id, left_id as same_as_id from exported_too
