with

fact_bounds as (
    {%- set facts = [
        'fct_contact', 'fct_queue_visit', 'fct_queue_offer', 'fct_agent_leg', 'fct_agent_state', 'fct_agent_day',
        'fct_transfer', 'fct_ticket_day'
    ] %}
    {%- for fact in facts %}
    select min(local_date) as first_date, max(local_date) as last_date from {{ ref(fact) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

bounds as (
    select
        min(first_date) as first_date,
        max(last_date) as last_date
    from fact_bounds
),

dates as (
    select * from {{ ref('int_calendar__date') }}
)

select
    dates.local_date,
    cast(extract(year from dates.local_date) as integer) as year_no,
    cast(extract(quarter from dates.local_date) as integer) as quarter_no,
    cast(extract(month from dates.local_date) as integer) as month_no,
    cast(extract(day from dates.local_date) as integer) as day_no,
    cast(extract(week from dates.local_date) as integer) as iso_week_no,
    cast(date_trunc('week', dates.local_date) as date) as week_start,
    cast(date_trunc('month', dates.local_date) as date) as month_start,
    cast(date_trunc('quarter', dates.local_date) as date) as quarter_start,
    1 + cast(
        {{ seconds_between(
            "cast(date_trunc('week', dates.local_date) as timestamp)", "cast(dates.local_date as timestamp)"
        ) }} / 86400 as integer
    ) as iso_weekday_no
from dates
inner join bounds
    on
        dates.local_date >= cast(date_trunc('year', bounds.first_date) as date)
        and dates.local_date < cast(date_trunc('year', bounds.last_date) + interval '1' year as date)
