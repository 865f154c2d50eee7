select
    'canonical' as source_system,
    transfer_id,
    contact_id as call_id,
    transferred_at,
    kind as transfer_kind,
    reason,
    from_agent_id,
    to_agent_id,
    to_queue_id,
    is_external,
    is_completed,
    is_problem_restated,
    restated_evidence
from {{ ref('base_canonical__transfer') }}
