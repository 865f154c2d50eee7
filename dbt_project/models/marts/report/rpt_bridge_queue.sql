{{ config(materialized='incremental', incremental_strategy='window', on_schema_change='fail') }}

-- From contacts that count once to queue visits that count each. Of a contact's visits one decides its outcome: the
-- first that was answered, else the last. Every other one is led to by a way, and differs from the contact by it.
{%- set results = ['answered', 'abandoned', 'short_abandoned', 'flowed_out', 'still_waiting'] %}
{%- set measures = ['offered'] + results + ['wait_s'] %}
with

contacts as (
    select
        contact_id, local_date, is_offered, first_queue_at,
        case outcome
            when 'abandoned_queue' then 'abandoned' when 'short_abandon' then 'short_abandoned'
            when 'flow_out' then 'flowed_out' when 'waiting' then 'still_waiting' else outcome
        end as result,
        -- who still waits has no wait yet
        case when is_offered and outcome != 'waiting' then coalesce(queue_wait_s, 0) end as wait_s
    from {{ ref('fct_contact') }}
    where {{ in_read_window('local_date') }} and direction = 'inbound' and medium = 'voice'
),

visits as (
    select
        contact_id, visit_no, queue_id, exit_kind, is_transfer, transfer_kind, local_date as visit_date,
        case
            when is_short_abandon then 'short_abandoned' when is_flow_out then 'flowed_out'
            when exit_kind = 'waiting' then 'still_waiting' else exit_kind
        end as result,
        case when exit_kind != 'waiting' then coalesce(wait_s, 0) else 0 end as wait_s,
        lead(queue_id) over (partition by contact_id order by visit_no) as next_queue_id,
        coalesce(
            min(case when exit_kind = 'answered' then visit_no end) over (partition by contact_id),
            max(visit_no) over (partition by contact_id)
        ) as deciding_no
    from {{ ref('fct_queue_visit') }}
    where {{ in_read_window('local_date') }} and direction = 'inbound' and medium = 'voice'
),

led as (
    select *, lag(way_on) over (partition by contact_id order by visit_no) as way_in
    from (select *, {{ way_to_next_visit() }} as way_on from visits) as visits
),

paired as (
    select
        led.*, contacts.local_date, contacts.is_offered, contacts.result as contact_result,
        contacts.wait_s as contact_wait_s
    from led
    inner join contacts on led.contact_id = contacts.contact_id
),

-- a wait up to the deciding visit is in the contact's own, but for the time between
waited as (
    select
        local_date, contact_wait_s, min(visit_no) < min(deciding_no) as is_led,
        sum(case when visit_no <= deciding_no then wait_s else 0 end) as visits_wait_s
    from paired
    where contact_wait_s is not null
    group by contact_id, local_date, contact_wait_s
),

-- which record, on which date, by which step, times how many; a result of NULL is in no result
moved as ( -- noqa: disable=AL03
    select local_date, 'start' as step, 1 as times, 1 as offered, result, coalesce(wait_s, 0) as wait_s
    from contacts
    where is_offered
    union all
    select
        contacts.local_date, case when contacts.first_queue_at is null then 'without_queue' else 'visit_not_logged' end,
        -1, 1, contacts.result, coalesce(contacts.wait_s, 0)
    from contacts
    left join led on contacts.contact_id = led.contact_id
    where contacts.is_offered and led.contact_id is null
    union all
    select
        local_date,
        case when visit_no = deciding_no then 'ruled_invalid' when visit_no < deciding_no then way_on else way_in end,
        1, 1, result, case when visit_no < deciding_no and contact_wait_s is not null then 0 else wait_s end
    from paired
    where visit_no != deciding_no or not is_offered
    union all
    {%- for side, times in [('result', 1), ('contact_result', -1)] %}
    select
        local_date,
        case when contact_result = 'answered' then 'outside_queue' else 'short_by_own_wait' end,
        {{ times }}, 0, {{ side }}, 0
    from paired
    where
        visit_no = deciding_no and is_offered and result != contact_result
        and (contact_result = 'answered' or (contact_result like '%abandoned' and result like '%abandoned'))
    union all
    {%- endfor %}
    select
        local_date, case when is_led then 'between_visits' else 'wait_by_clock' end, 1, 0, cast(null as string),
        visits_wait_s - contact_wait_s
    from waited
    union all
    {%- for date, step, times in [('local_date', 'on_another_date', -1), ('visit_date', 'of_another_date', 1)] %}
    select {{ date }}, '{{ step }}', {{ times }}, 1, result, wait_s from paired
    where local_date != visit_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

movements as (
    select
        local_date, step, times * offered as offered, times * wait_s as wait_s
        {%- for result in results -%}
        , case when result = '{{ result }}' then times else 0 end as {{ result }}
        {%- endfor %}
    from moved
    union all
    select local_date, 'end', offered, queue_wait_s, {{ results | join(', ') }}
    from {{ ref('fct_queue_interval') }}
    where direction = 'inbound' and medium = 'voice'
),

{{ bridge_rows('queue', measures) }}
