-- A contact that was followed is repeated by the contact that followed it: both sides of one pair say the same.
with

judged as (
    select * from {{ ref('fct_contact_resolution') }}
    where {{ in_read_touched_dates('local_date', 0, 9) }}
),

followed as (
    select
        contact_id,
        local_date,
        customer_key,
        issue_id,
        {{ add_seconds('ended_at', 'until_next_s') }} as next_started_at
    from judged
    where until_next_s is not null and {{ in_touched_dates('local_date') }}
)

select followed.contact_id, followed.local_date, followed.next_started_at
from followed
left join judged as repeats
    on
        followed.customer_key = repeats.customer_key
        and followed.issue_id = repeats.issue_id
        and followed.next_started_at = repeats.started_at
        and repeats.is_repeat
where repeats.contact_id is null
