with

configured as (
    select * from {{ ref('int_agent__team') }}
),

seen as (
    select agent_id from {{ ref('fct_agent_leg') }}
    union
    select agent_id from {{ ref('fct_agent_state') }}
    union
    select agent_id from {{ ref('fct_queue_visit') }}
    union
    select agent_id from {{ ref('fct_queue_offer') }}
    union
    select from_agent_id as agent_id from {{ ref('fct_transfer') }}
    union
    select to_agent_id as agent_id from {{ ref('fct_transfer') }}
)

select
    agent_id,
    team_id,
    true as is_configured,
    valid_from,
    valid_to,
    valid_to is null as is_current
from configured
union all
select
    agent_id,
    cast(null as string) as team_id,
    false as is_configured,
    date '1900-01-01' as valid_from,
    cast(null as date) as valid_to,
    true as is_current
from seen
where agent_id is not null and agent_id not in (select configured.agent_id from configured)
