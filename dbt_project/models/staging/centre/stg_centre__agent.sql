select
    agent_id,
    agent_raw,
    team_id,
    valid_from,
    valid_to
from {{ lake('centre', 'agent') }}
