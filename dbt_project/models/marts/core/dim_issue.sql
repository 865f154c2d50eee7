with

configured as (
    select * from {{ ref('issue') }}
),

-- an issue that only an export names keeps its own code: nothing is folded into another one
seen as (
    select distinct issue_id from {{ ref('fct_contact') }}
    where issue_id is not null
)

select
    issue_id,
    topic_id,
    issue_name_zh,
    issue_name_en,
    purpose,
    true as is_configured
from configured
union all
select
    issue_id,
    cast(null as string) as topic_id,
    issue_id as issue_name_zh,
    issue_id as issue_name_en,
    'service' as purpose,
    false as is_configured
from seen
where issue_id not in (select configured.issue_id from configured)
