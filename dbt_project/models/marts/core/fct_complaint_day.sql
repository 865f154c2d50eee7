-- Complaints by the dates on which they were opened and closed. Whether one came again is known once its time has
-- passed: until then it is in neither number of its recurrence, and never without a known customer.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set recurrence_s = var('complaint_recurrence_days') * 86400 %}

with

complaints as (
    select
        *,
        {{ add_seconds('closed_at', recurrence_s) }} as decided_at,
        {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'timezone') }} as known_until
    from {{ ref('fct_complaint') }}
),

came_again as (
    select distinct complaints.complaint_id
    from complaints
    inner join complaints as later
        on
            complaints.customer_key = later.customer_key
            and complaints.complaint_type = later.complaint_type
            and complaints.closed_at < later.opened_at
            and complaints.decided_at >= later.opened_at
    where complaints.is_closed and {{ in_touched_dates('complaints.local_closed_date') }}
),

touched as (
    {%- for kind in ['opened', 'closed'] %}
    select
        '{{ kind }}' as kind,
        complaints.local_{{ kind }}_date as local_date,
        complaints.channel_id,
        complaints.complaint_type,
        'level_' || cast(coalesce(complaints.level, 1) as string) as complaint_level,
        complaints.is_closed,
        complaints.is_escalated,
        complaints.parent_complaint_id is not null as is_again,
        complaints.handling_s,
        complaints.handling_business_s,
        complaints.customer_key is not null and complaints.decided_at <= complaints.known_until as is_decided,
        came_again.complaint_id is not null as is_followed
    from complaints
    left join came_again on complaints.complaint_id = came_again.complaint_id
    where {{ in_touched_dates('complaints.local_' ~ kind ~ '_date') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    local_date,
    channel_id,
    complaint_type,
    complaint_level,
    {{ count_if("kind = 'opened'") }} as opened_count,
    {{ count_if("kind = 'opened' and is_closed") }} as opened_closed_count,
    {{ count_if("kind = 'opened' and is_escalated") }} as opened_escalated_count,
    {{ count_if("kind = 'opened' and is_again") }} as opened_again_count,
    {{ count_if("kind = 'closed'") }} as closed_count,
    {{ sum_if('handling_s', "kind = 'closed'") }} as handling_s,
    {{ sum_if('handling_business_s', "kind = 'closed'") }} as handling_business_s,
    {{ count_if("kind = 'closed' and is_decided") }} as decided_count,
    {{ count_if("kind = 'closed' and is_decided and is_followed") }} as recurred_count
from touched
group by local_date, channel_id, complaint_type, complaint_level
