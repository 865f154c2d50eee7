-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    survey_id,
    contact_id,
    ticket_id,
    agent_id,
    channel_id,
    scenario,
    sent_at,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'survey_invitation') }}
