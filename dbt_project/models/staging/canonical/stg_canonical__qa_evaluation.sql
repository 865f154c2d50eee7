-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    evaluation_id,
    contact_id,
    recording_id,
    agent_id,
    evaluator_type,
    evaluator_id,
    form_id,
    form_version,
    sampled_by,
    score,
    score_max,
    is_passed,
    is_fatal_fail,
    evaluated_at,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'qa_evaluation') }}
