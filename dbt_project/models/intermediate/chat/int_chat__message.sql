-- What customers and agents wrote to each other, in order. What a bot or the system says is no answer of an agent.
{{ config(materialized='view') }}

select
    contact_id,
    message_id,
    sender_type,
    agent_id,
    sent_at,
    -- numbers of messages are texts: 9 comes before 10
    row_number() over (partition by contact_id order by sent_at, length(message_id), message_id, row_hash) as place
from {{ ref('stg_canonical__chat_message') }}
where
    sender_type in ('customer', 'agent')
    and {{ in_read_touched_dates('dt', 2, var('chat_max_days') + 2) }}
