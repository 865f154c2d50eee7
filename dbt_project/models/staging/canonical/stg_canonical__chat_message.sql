-- Written by `python -m expectations.staging` from the feed's contract; change that, not this.
select
    contact_id,
    message_id,
    sender_type,
    agent_id,
    sent_at,
    is_quick_reply,
    quick_reply_id,
    flags,
    row_hash,
    dt
from {{ lake('canonical', 'chat_message') }}
