{#- The clock of office hours (Q17). Here belongs: how long the offices had worked at an instant. When they are open say
    int_calendar__open_interval and int_calendar__open_date. -#}

{#- Of each instant of the CTE `instants` (instant), in the zone of `settings`: seconds of office hours from 1 January 1990
    until then. The difference of two is the working time between them. Ends a query whose `with` these CTEs continue. -#}
{% macro worked_at(instants='instants') -%}
moments as (
    select
        {{ instants }}.instant,
        {{ to_local(instants ~ '.instant', 'settings.timezone') }} as local_at
    from {{ instants }}
    cross join settings
),

placed as (
    select
        instant,
        cast(local_at as date) as local_date,
        {{ seconds_between("cast(cast(local_at as date) as timestamp)", 'local_at') }} as second_of_day
    from moments
)

select
    placed.instant,
    max(dates.open_before_s)
    + coalesce(
        sum(least(greatest(placed.second_of_day - opened.opens_s, 0), opened.closes_s - opened.opens_s)), 0
    ) as worked_s
from placed
inner join {{ ref('int_calendar__open_date') }} as dates on placed.local_date = dates.local_date
left join {{ ref('int_calendar__open_interval') }} as opened on placed.local_date = opened.local_date
group by placed.instant
{%- endmacro %}
