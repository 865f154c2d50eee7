-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    evaluation_id,
    item_id,
    section,
    evaluated_at,
    score,
    score_max,
    is_applicable,
    is_fatal,
    violation_type,
    record_updated_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'qa_evaluation_item') }}
