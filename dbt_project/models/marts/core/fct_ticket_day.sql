-- Tickets by each date that they touch. One that is not due yet is left out of the due ones: it is not decided.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set touches = {
    'created': 'true',
    'assigned': 'true',
    'due': "local_due_at <= timestamp '" ~ var('as_of') ~ "'",
    'solved': 'true',
    'archived': 'true',
} %}

with

tickets as (
    select * from {{ ref('fct_ticket') }}
),

touched as (
    {%- for kind, condition in touches.items() %}
    select
        '{{ kind }}' as kind,
        local_{{ kind }}_date as local_date,
        channel_id,
        ticket_type,
        issue_id,
        assigned_department_id,
        assigned_agent_id,
        solved_at,
        is_closed_in_time,
        solving_s
    from tickets
    where {{ in_touched_dates('local_' ~ kind ~ '_date') }} and {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    local_date,
    channel_id,
    ticket_type,
    issue_id,
    assigned_department_id,
    assigned_agent_id,
    cast(sum(case when kind = 'created' then 1 else 0 end) as bigint) as created_count,
    cast(sum(case when kind = 'assigned' then 1 else 0 end) as bigint) as assigned_count,
    cast(sum(case when kind = 'assigned' and solved_at is not null then 1 else 0 end) as bigint)
        as assigned_solved_count,
    cast(sum(case when kind = 'due' then 1 else 0 end) as bigint) as due_count,
    cast(sum(case when kind = 'due' and is_closed_in_time then 1 else 0 end) as bigint) as closed_in_time_count,
    cast(sum(case when kind = 'solved' then 1 else 0 end) as bigint) as solved_count,
    {{ exact_sum("case when kind = 'solved' then coalesce(solving_s, 0) else 0 end") }} as solving_s,
    cast(sum(case when kind = 'archived' then 1 else 0 end) as bigint) as archived_count
from touched
group by local_date, channel_id, ticket_type, issue_id, assigned_department_id, assigned_agent_id
