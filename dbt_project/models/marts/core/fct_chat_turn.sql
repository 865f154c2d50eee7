{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

with

chats as (
    select contact_id, source_system, matched_contact_id, channel_id, counted_at, timezone, local_date
    from {{ ref('fct_contact') }}
    where {{ in_window('local_date') }} and medium = 'im'
),

names as (
    {{ ids_of_contacts('chats') }}
),

said as (
    select
        chats.contact_id,
        chats.channel_id,
        chats.timezone,
        chats.local_date,
        messages.sender_type,
        messages.agent_id,
        messages.sent_at,
        messages.place,
        lag(messages.sender_type) over (partition by chats.contact_id order by messages.place) as sender_before
    from {{ ref('int_chat__message') }} as messages
    inner join names on messages.contact_id = names.named_id
    inner join chats on names.contact_id = chats.contact_id
    where
        {{ seconds_between('chats.counted_at', 'messages.sent_at') }}
        between -86400 and {{ var('chat_max_days') * 86400 }}
),

-- the first message of each who takes the word; they take turns, so an agent's follows a customer's
taken as (
    select
        *,
        lead(sent_at) over (partition by contact_id order by place) as next_sent_at,
        lead(agent_id) over (partition by contact_id order by place) as next_agent_id
    from said
    where sender_before is null or sender_before != sender_type
)

select
    contact_id,
    cast(row_number() over (partition by contact_id order by place) as integer) as turn_no,
    channel_id,
    next_agent_id as agent_id,
    sent_at as asked_at,
    next_sent_at as answered_at,
    timezone,
    {{ to_local('sent_at', 'timezone') }} as local_asked_at,
    local_date,
    {{ seconds_between('sent_at', 'next_sent_at') }} as response_s
from taken
where sender_type = 'customer'
