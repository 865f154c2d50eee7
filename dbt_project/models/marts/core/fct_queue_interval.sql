{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- Access counts belong to the interval of queue entry, handling to the interval in which the conversation ended (Q9).
with

visits as (
    select * from {{ ref('fct_queue_visit') }}
),

offers as (
    select * from {{ ref('fct_queue_offer') }}
),

entries as (
    select
        {{ trunc_time('entered_at', 900) }} as interval_start,
        local_date, local_hour, queue_id, channel_id, medium, direction,
        cast(count(*) as bigint) as offered,
        {{ count_if("exit_kind = 'answered'") }} as answered,
        {{ count_if("exit_kind = 'answered' and is_within_target") }} as answered_in_target,
        {{ count_if("exit_kind = 'abandoned' and not is_short_abandon") }} as abandoned,
        {{ count_if("exit_kind = 'abandoned' and not is_short_abandon and is_within_target") }} as abandoned_in_target,
        {{ count_if("is_short_abandon") }} as short_abandoned,
        {{ count_if("is_short_abandon and is_within_target") }} as short_abandoned_in_target,
        {{ count_if("is_flow_out") }} as flowed_out,
        {{ count_if("is_flow_out and is_within_target") }} as flowed_out_in_target,
        {{ count_if("exit_kind = 'callback' and is_within_target") }} as callback_in_target,
        {{ count_if("exit_kind = 'waiting'") }} as still_waiting,
        {{ count_if("exit_kind = 'answered' and wait_s is not null") }} as answered_with_wait,
        {{ count_if("wait_s is not null and exit_kind != 'waiting'") }} as left_with_wait,
        {{ sum_if("wait_s", "exit_kind = 'answered'") }} as answered_wait_s,
        {{ sum_if("wait_s", "exit_kind != 'waiting'") }} as queue_wait_s,
        max(case when exit_kind != 'waiting' then wait_s end) as queue_wait_max_s,
        {{ count_if("exit_kind = 'answered' and ring_s is not null") }} as answered_with_ring,
        {%- for bucket in wait_buckets() %}
        {{ count_if("exit_kind = 'abandoned' and " ~ in_bucket('wait_s', bucket)) }} as abandoned_{{ bucket.name }},
        {{ count_if("exit_kind != 'waiting' and " ~ in_bucket('wait_s', bucket)) }} as left_{{ bucket.name }},
        {%- endfor %}
        {{ sum_if("ring_s", "exit_kind = 'answered'") }} as answered_ring_s
    from visits
    where {{ in_window('local_date') }}
    group by 1, 2, 3, 4, 5, 6, 7
),

endings as (
    select
        {{ trunc_time('ended_at', 900) }} as interval_start,
        cast(local_ended_at as date) as local_date,
        cast(extract(hour from local_ended_at) as integer) as local_hour,
        queue_id, channel_id, medium, direction,
        cast(count(*) as bigint) as handled_legs,
        cast(count(talk_s) as bigint) as legs_with_talk,
        {{ sum_seconds("coalesce(talk_s, 0)") }} as talk_s,
        {{ sum_seconds("coalesce(hold_s, 0)") }} as hold_s,
        {{ sum_seconds("coalesce(acw_s, 0)") }} as acw_s,
        {{ sum_seconds("coalesce(handle_s, 0)") }} as handle_s,
        {{ sum_if("handle_s", "talk_s is not null") }} as handle_with_talk_s,
        max(talk_s) as talk_max_s,
        min(talk_s) as talk_min_s
    from visits
    where exit_kind = 'answered' and ended_at is not null and {{ in_window('cast(local_ended_at as date)') }}
    group by 1, 2, 3, 4, 5, 6, 7
),

rings as (
    select
        {{ trunc_time('offers.ended_at', 900) }} as interval_start,
        offers.local_date, offers.local_hour, offers.queue_id, visits.channel_id, visits.medium, visits.direction,
        cast(count(*) as bigint) as ring_attempts,
        {{ count_if("offers.result = 'no_answer'") }} as ring_attempts_unanswered,
        {{ count_if("offers.ring_s is not null") }} as ring_attempts_with_ring,
        {{ sum_seconds("coalesce(offers.ring_s, 0)") }} as ring_attempts_ring_s
    from offers
    inner join visits on offers.queue_visit_id = visits.queue_visit_id
    where {{ in_window('offers.local_date') }}
    group by 1, 2, 3, 4, 5, 6, 7
),

intervals as (
    select interval_start, local_date, local_hour, queue_id, channel_id, medium, direction from entries
    union
    select interval_start, local_date, local_hour, queue_id, channel_id, medium, direction from endings
    union
    select interval_start, local_date, local_hour, queue_id, channel_id, medium, direction from rings
)

select
    intervals.interval_start,
    intervals.local_date,
    intervals.local_hour, intervals.queue_id,
    intervals.channel_id,
    intervals.medium,
    intervals.direction,
    {%- for measure in fct_queue_interval_entry_counts() %}
    coalesce(entries.{{ measure }}, 0) as {{ measure }},
    {%- endfor %}
    coalesce(entries.answered_wait_s, 0) as answered_wait_s,
    coalesce(entries.queue_wait_s, 0) as queue_wait_s,
    entries.queue_wait_max_s,
    coalesce(entries.answered_ring_s, 0) as answered_ring_s,
    {%- for measure in
        ['handled_legs', 'legs_with_talk', 'talk_s', 'hold_s', 'acw_s', 'handle_s', 'handle_with_talk_s'] %}
    coalesce(endings.{{ measure }}, 0) as {{ measure }},
    {%- endfor %}
    endings.talk_max_s,
    endings.talk_min_s,
    coalesce(rings.ring_attempts, 0) as ring_attempts,
    coalesce(rings.ring_attempts_unanswered, 0) as ring_attempts_unanswered,
    coalesce(rings.ring_attempts_with_ring, 0) as ring_attempts_with_ring,
    coalesce(rings.ring_attempts_ring_s, 0) as ring_attempts_ring_s
-- noqa: disable=LT02
from intervals
{%- for part in ['entries', 'endings', 'rings'] %}
left join {{ part }}
    on
        intervals.interval_start = {{ part }}.interval_start and intervals.local_date = {{ part }}.local_date
        and coalesce(intervals.queue_id, '') = coalesce({{ part }}.queue_id, '')
        and intervals.channel_id = {{ part }}.channel_id
        and intervals.direction = {{ part }}.direction
{%- endfor %}
