-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    invite_id,
    contact_id,
    agent_id,
    campaign_id,
    product_id,
    offered_at,
    is_accepted,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'invite') }}
