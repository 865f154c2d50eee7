-- Leads by each date that they touch. Whether one was converted is known once its window is closed: until then it is in
-- neither number of its conversion.
{{ config(
    materialized='incremental', incremental_strategy='window', window_by='touched', on_schema_change='fail'
) }}
{%- set window_s = var('lead_window_days') * 86400 %}

with

leads as (
    select * from {{ ref('fct_lead') }}
),

-- a lead is closed by the first payment that it led to
paid as (
    select
        lead_id,
        min(paid_at) as paid_at,
        min(local_paid_date) as local_paid_date
    from {{ ref('fct_order') }}
    where lead_id is not null and paid_at is not null
    group by lead_id
),

told as (
    select
        leads.*,
        paid.paid_at,
        paid.local_paid_date,
        {{ add_seconds('leads.created_at', window_s) }} as decided_at,
        {{ to_utc("timestamp '" ~ var('as_of') ~ "'", 'leads.timezone') }} as known_until
    from leads
    left join paid on leads.lead_id = paid.lead_id
),

touched as (
    {%- for kind, condition in {
        'created': 'true', 'qualified': "intent = 'clear'", 'paid': 'paid_at >= created_at'
    }.items() %}
    select
        '{{ kind }}' as kind,
        local_{{ kind }}_date as local_date,
        lead_source,
        owner_agent_id,
        campaign_id,
        decided_at <= known_until as is_decided,
        coalesce(paid_at < decided_at, false) as is_converted,
        {{ seconds_between('created_at', 'paid_at') }} as closing_s
    from told
    where {{ in_touched_dates('local_' ~ kind ~ '_date') }} and {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    local_date,
    lead_source,
    owner_agent_id,
    campaign_id,
    cast(sum(case when kind = 'created' then 1 else 0 end) as bigint) as created_count,
    cast(sum(case when kind = 'created' and is_decided then 1 else 0 end) as bigint) as decided_count,
    cast(sum(case when kind = 'created' and is_decided and is_converted then 1 else 0 end) as bigint)
        as converted_count,
    cast(sum(case when kind = 'qualified' then 1 else 0 end) as bigint) as qualified_count,
    cast(sum(case when kind = 'paid' then 1 else 0 end) as bigint) as closed_count,
    {{ exact_sum("case when kind = 'paid' then closing_s else 0 end") }} as closing_s
from touched
group by local_date, lead_source, owner_agent_id, campaign_id
