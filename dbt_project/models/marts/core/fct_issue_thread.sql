-- Contacts of one customer about one issue, chained as repeats are told. Rulings: DECISIONS.md, section 20.
-- A table, made whole each time: a contact that comes late can join two chains of any length, so neither the window nor
-- touched dates bound what changes.
with

contacts as (
    select * from {{ ref('fct_contact_resolution') }}
    where is_matter_known
),

-- the latest end of all that began earlier, which need not be that of the one before
preceded as (
    select
        *,
        max(ended_at) over (
            partition by customer_key, issue_id order by started_at, contact_id
            rows between unbounded preceding and 1 preceding
        ) as ended_before
    from contacts
),

begun as (
    select
        *,
        case
            when {{ seconds_between('ended_before', 'started_at') }} <= {{ var('repeat_window_s') }} then 0 else 1
        end as is_first
    from preceded
),

numbered as (
    select
        *,
        sum(is_first) over (
            partition by customer_key, issue_id order by started_at, contact_id
            rows between unbounded preceding and current row
        ) as thread_no,
        lead(is_first, 1, 1) over (partition by customer_key, issue_id order by started_at, contact_id) as is_last
    from begun
)

select
    max(case when is_first = 1 then contact_id end) as thread_id,
    customer_key,
    issue_id,
    max(case when is_first = 1 then contact_id end) as first_contact_id,
    max(case when is_last = 1 then contact_id end) as last_contact_id,
    max(case when is_first = 1 then agent_id end) as first_agent_id,
    max(case when is_first = 1 then channel_id end) as first_channel_id,
    max(case when is_first = 1 then medium end) as first_medium,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    max(case when is_first = 1 then timezone end) as timezone,
    max(case when is_first = 1 then local_date end) as local_date,
    {{ seconds_between('min(started_at)', 'max(ended_at)') }} as span_s,
    cast(count(*) as integer) as contact_count,
    cast(sum(case when is_repeat then 1 else 0 end) as integer) as repeat_count,
    max(case when is_first = 1 then is_declared_solved end) as is_first_declared_solved,
    bool_and(is_mature) as is_mature
from numbered
group by customer_key, issue_id, thread_no
