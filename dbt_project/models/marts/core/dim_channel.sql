with

configured as (
    select * from {{ ref('channel') }}
),

-- a channel that only an export names keeps its own name: nothing is folded into `unknown`
seen as (
    select distinct channel_id from {{ ref('fct_contact') }}
)

select
    channel_id,
    kind,
    entry_point,
    channel_name_zh,
    channel_name_en,
    true as is_configured
from configured
union all
select
    channel_id,
    cast(null as string) as kind,
    cast(null as string) as entry_point,
    channel_id as channel_name_zh,
    channel_id as channel_name_en,
    false as is_configured
from seen
where channel_id not in (select configured.channel_id from configured)
