-- What the handled contacts of a month took, by channel and queue: what cost is shared out by. A contact belongs to the
-- month in which it ended and to the queue whose agent answered it first.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='month', on_schema_change='fail'
) }}

with

contacts as (
    select
        *,
        cast(date_trunc('month', local_ended_date) as date) as month
    from {{ ref('fct_contact') }}
    where {{ in_touched_months('local_ended_date') }} and outcome = 'answered'
),

first_visits as (
    select
        contact_id,
        queue_id
    from {{ ref('fct_queue_visit') }}
    where {{ in_touched_months('local_date', reach_days=var('late_window_days')) }} and exit_kind = 'answered'
    qualify row_number() over (partition by contact_id order by visit_no) = 1
),

conversations as (
    select
        contact_id,
        agent_id,
        coalesce(talk_s, {{ seconds_between('answered_at', 'ended_at') }}) as spent_s
    from {{ ref('fct_agent_leg') }}
    where {{ in_touched_months('local_date', reach_days=var('late_window_days')) }}
),

placed as (
    select
        contacts.contact_id,
        contacts.month,
        contacts.local_ended_date,
        contacts.channel_id,
        first_visits.queue_id
    from contacts
    left join first_visits on contacts.contact_id = first_visits.contact_id
),

spent as (
    select
        placed.*,
        conversations.agent_id,
        greatest(conversations.spent_s, 0) as spent_s
    from placed
    inner join conversations on placed.contact_id = conversations.contact_id
    where conversations.spent_s > 0
),

-- an agent takes one seat a day and is one head a month, each divided by what the agent's seconds were for
shared as (
    select
        month,
        channel_id,
        queue_id,
        0 as contact_count,
        spent_s,
        spent_s / sum(spent_s) over (partition by agent_id, local_ended_date) as seat_days,
        spent_s / sum(spent_s) over (partition by agent_id, month) as heads
    from spent
    union all
    select
        month,
        channel_id,
        queue_id,
        1 as contact_count,
        0 as spent_s,
        0 as seat_days,
        0 as heads
    from placed
)

select
    month as local_date,
    channel_id,
    queue_id,
    cast(sum(contact_count) as bigint) as contact_count,
    {{ exact_sum('spent_s') }} as spent_s,
    {{ exact_sum('seat_days') }} as seat_days,
    {{ exact_sum('heads') }} as heads
from shared
group by month, channel_id, queue_id
