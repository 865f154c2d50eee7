-- Two threads of one customer's issue are one when the later began no more than the window after the end of the earlier.
with

threads as (
    select
        thread_id,
        customer_key,
        issue_id,
        started_at,
        max(ended_at) over (
            partition by customer_key, issue_id order by started_at, thread_id
            rows between unbounded preceding and 1 preceding
        ) as ended_before
    from {{ ref('fct_issue_thread') }}
)

select thread_id, customer_key, issue_id, ended_before, started_at
from threads
where {{ seconds_between('ended_before', 'started_at') }} <= {{ var('repeat_window_s') }}
