-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    survey_id,
    question_id,
    question_kind,
    contact_id,
    agent_id,
    channel_id,
    scenario,
    sent_at,
    responded_at,
    score,
    scale_min,
    scale_max,
    is_resolved,
    is_problem_restated,
    is_praise,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'survey_response') }}
