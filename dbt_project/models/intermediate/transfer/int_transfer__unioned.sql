-- Transfers, each once, whichever logs tell it. Rulings: DECISIONS.md, section 15.
with

told as (
    select * from {{ ref('int_transfer__told') }}
),

same as (
    select * from {{ ref('int_transfer__same') }}
),

visits as (
    select contact_id, queue_id, entered_at, exit_kind from {{ ref('int_queue__visit') }}
),

queues as (
    select distinct queue_id from {{ ref('stg_centre__queue') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

told_again as (
    select told.*, same.same_as_id
    from told
    inner join same on told.told_id = same.told_id
),

joined as (
    select
        first_told.told_id as transfer_id,
        first_told.contact_id,
        first_told.transferred_at,
        coalesce(first_told.transfer_kind, exported.transfer_kind) as transfer_kind,
        coalesce(first_told.reason, exported.reason) as reason,
        coalesce(first_told.from_agent_id, cel.from_agent_id, exported.from_agent_id) as from_agent_id,
        first_told.from_queue_id,
        coalesce(cel.to_agent_id, exported.to_agent_id, first_told.to_agent_id) as to_agent_id,
        coalesce(exported.to_queue_id, first_told.to_queue_id, queues.queue_id) as named_queue_id,
        coalesce(cel.to_extension, first_told.to_extension) as to_extension,
        coalesce(cel.is_external, exported.is_external, first_told.is_external) as told_external,
        coalesce(cel.is_completed, exported.is_completed, first_told.is_completed) as told_completed,
        coalesce(first_told.is_problem_restated, exported.is_problem_restated) as is_problem_restated,
        coalesce(first_told.restated_evidence, exported.restated_evidence) as restated_evidence,
        first_told.told_by = 'queue_log' as is_in_queue_log,
        first_told.told_by = 'cel' or cel.told_id is not null as is_in_cel,
        first_told.told_by = 'canonical' or exported.told_id is not null as is_in_export,
        lead(first_told.transferred_at) over (
            partition by coalesce(first_told.contact_id, first_told.told_id)
            order by first_told.transferred_at, first_told.told_id
        ) as next_transfer_at
    from told as first_told
    left join same on first_told.told_id = same.told_id
    left join told_again as cel on first_told.told_id = cel.same_as_id and cel.told_by = 'cel'
    left join told_again as exported on first_told.told_id = exported.same_as_id and exported.told_by = 'canonical'
    left join queues on coalesce(cel.to_extension, first_told.to_extension) = queues.queue_id
    where same.told_id is null
),

-- the queue that the contact enters next
followed as (
    select
        joined.transfer_id,
        visits.queue_id,
        visits.exit_kind
    from joined
    inner join visits
        on
            joined.contact_id = visits.contact_id
            and visits.entered_at >= {{ add_seconds('joined.transferred_at', -1) }}
            and visits.entered_at <= {{ add_seconds('joined.transferred_at', 60) }}
            and visits.entered_at < coalesce(joined.next_transfer_at, timestamp '9999-12-31 00:00:00')
    where joined.transfer_kind != 'attended'
    qualify row_number() over (partition by joined.transfer_id order by visits.entered_at, visits.queue_id) = 1
)

select
    joined.*,
    coalesce(joined.named_queue_id, followed.queue_id) as to_queue_id,
    coalesce(
        joined.told_external,
        case when coalesce(joined.to_agent_id, joined.named_queue_id, followed.queue_id) is not null then false end
    ) as is_external,
    case
        when followed.exit_kind is not null then followed.exit_kind = 'answered'
        -- a queue that has not let go of the contact yet
        when followed.transfer_id is not null then null
        else joined.told_completed
    end as is_completed,
    cast(row_number() over (
        partition by coalesce(joined.contact_id, joined.transfer_id) order by joined.transferred_at, joined.transfer_id
    ) as integer) as transfer_no,
    settings.timezone,
    {{ to_local('joined.transferred_at', 'settings.timezone') }} as local_transferred_at
from joined
cross join settings
left join followed on joined.transfer_id = followed.transfer_id
