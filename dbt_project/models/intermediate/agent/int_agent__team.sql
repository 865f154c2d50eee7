-- Teams of the agents that the configuration names, by period; an agent with several names in the sources is one agent.
select
    agent_id,
    team_id,
    valid_from,
    valid_to
from {{ ref('stg_centre__agent') }}
qualify row_number() over (partition by agent_id, valid_from order by agent_raw) = 1
