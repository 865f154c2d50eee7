with

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

configured as (
    select * from {{ ref('stg_centre__queue') }}
),

seen as (
    select queue_id from {{ ref('fct_queue_visit') }}
    union
    select answering_queue_id as queue_id from {{ ref('fct_contact') }}
    union
    select queue_id from {{ ref('fct_queue_offer') }}
    union
    select to_queue_id as queue_id from {{ ref('fct_transfer') }}
),

unnamed as (
    select queue_id from seen
    where queue_id is not null and queue_id not in (select configured.queue_id from configured)
)

select
    queue_id,
    coalesce(queue_name_zh, queue_id) as queue_name_zh,
    coalesce(queue_name_en, queue_id) as queue_name_en,
    skill_group_id,
    timezone,
    sl_target_s,
    sl_target_rate,
    short_abandon_s,
    true as is_configured,
    valid_from,
    valid_to,
    valid_to is null as is_current
from configured
union all
select
    unnamed.queue_id,
    unnamed.queue_id as queue_name_zh,
    unnamed.queue_id as queue_name_en,
    cast(null as string) as skill_group_id,
    settings.timezone,
    settings.sl_target_s,
    settings.sl_target_rate,
    settings.short_abandon_s,
    false as is_configured,
    date '1900-01-01' as valid_from,
    cast(null as date) as valid_to,
    true as is_current
from unnamed
cross join settings
