-- Tickets by each date that they touch. One that is not due yet is left out of the due ones: it is not decided.
-- A ticket counts for who wrote it on the date of its creation, and for who has it now on all others.
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
    select
        *,
        final_category is not null as is_judged,
        filled_field_count = required_field_count and initial_category = final_category as is_accurate
    from {{ ref('fct_ticket') }}
),

touched as (
    {%- for kind, condition in touches.items() %}
    select
        '{{ kind }}' as kind,
        local_{{ kind }}_date as local_date,
        {{ 'created_by_agent_id' if kind == 'created' else 'assigned_agent_id' }} as agent_id,
        channel_id, ticket_type, issue_id, assigned_department_id, is_solved, is_judged, is_accurate,
        is_closed_in_time, is_complaint, returned_count, required_field_count, filled_field_count, solving_s,
        solving_business_s
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
    agent_id,
    {{ count_if("kind = 'created'") }} as created_count,
    {{ count_if("kind = 'created' and is_judged") }} as judged_count,
    {{ count_if("kind = 'created' and is_judged and is_accurate") }} as accurate_count,
    {{ count_if("kind = 'created' and returned_count > 0") }} as returned_count,
    {{ count_if("kind = 'created' and is_complaint") }} as complaint_count,
    cast(sum(case when kind = 'created' then coalesce(required_field_count, 0) else 0 end) as bigint)
        as required_field_count,
    cast(sum(case when kind = 'created' then coalesce(filled_field_count, 0) else 0 end) as bigint)
        as filled_field_count,
    {{ count_if("kind = 'assigned'") }} as assigned_count,
    {{ count_if("kind = 'assigned' and is_solved") }} as assigned_solved_count,
    {{ count_if("kind = 'due'") }} as due_count,
    {{ count_if("kind = 'due' and is_closed_in_time") }} as closed_in_time_count,
    {{ count_if("kind = 'solved'") }} as solved_count,
    {{ sum_if('solving_s', "kind = 'solved'") }} as solving_s,
    {{ sum_if('solving_business_s', "kind = 'solved'") }} as solving_business_s,
    {{ count_if("kind = 'archived'") }} as archived_count
from touched
group by local_date, channel_id, ticket_type, issue_id, assigned_department_id, agent_id
