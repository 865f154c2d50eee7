{#- Sums a family's measures over every dimension set that it is asked for, in one scan of its fact, and turns them into
    rows. `fact` is the relation, so that the model itself names what it reads. -#}
{% macro measure_rollup(name, fact) %}
{%- set family = measure_family_facts()[name] -%}
{%- set measures = measure_families()[name] -%}
{%- set columns, sets = family.columns, family.sets -%}
{%- set others = columns.keys() | reject('in', kpi_dimensions()) | list -%}
{%- set hourly = [] -%}
{%- for set in sets if 'hour_of_day' in set %}{% do hourly.append(set) %}{% endfor -%}
with

records as (
    select
        *,
        {{ family.date }} as measured_date
        {%- for dimension, column in columns.items() %},
        {{ column if dimension == 'hour_of_day' else "coalesce(" ~ column ~ ", 'unknown')" }} as by_{{ dimension }}
        {%- endfor %}
    from {{ fact }}
    where
        {{ window_predicate(family.window_by, family.date) }}
        {%- if family.row_filter %}
        and {{ family.row_filter }}
        {%- endif %}
),

rolled as (
    select
        measured_date,
        {%- for dimension in kpi_dimensions() %}
        {% if dimension in columns %}by_{{ dimension }} as {{ dimension }}
        {%- else %}cast(null as {{ 'integer' if dimension == 'hour_of_day' else 'string' }}) as {{ dimension }}
        {%- endif %},
        {%- endfor %}
        {% if others %}coalesce({% for other in others %}by_{{ other }}{{ ', ' if not loop.last }}{% endfor %})
        {%- else %}cast(null as string)
        {%- endif %} as member,
        case
            {%- for set in sets %}
            when true
                {%- for dimension in columns %}
                and grouping(by_{{ dimension }}) = {{ 0 if dimension in set else 1 }}
                {%- endfor %}
                then '{{ set | join("+") if set else "all" }}'
            {%- endfor %}
        end as dim_set,
        {%- for item in measures %}
        {{ exact_sum(item.picked) if item.aggregation == 'sum' else 'cast(' ~ item.sql ~ ' as double)' }} as {{ item.column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from records
    group by grouping sets (
        {%- for set in sets %}
        (measured_date{% for dimension in set %}, by_{{ dimension }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    )
),

unpivoted as (
    select measured_date, {{ kpi_members() }}, dim_set, measure_column, measure_value
    from rolled
    unpivot (measure_value for measure_column in (
        {%- for item in measures %}
        {{ item.column }}{{ ',' if not loop.last }}
        {%- endfor %}
    ))
),

measured as (
    select
        'day' as grain,
        cast(measured_date as timestamp) as period_start,
        measured_date as local_date,
        dim_set,
        {{ kpi_members() }},
        measure_column,
        measure_value
    from unpivoted
    {%- if hourly %}
    union all
    -- an hour of a date is a period of its own
    select
        'hour' as grain,
        {{ add_seconds('cast(measured_date as timestamp)', 'hour_of_day * 3600') }} as period_start,
        measured_date as local_date,
        case dim_set
            {%- for set in hourly %}
            when '{{ set | join("+") }}' then '{{ set | reject("equalto", "hour_of_day") | join("+") or "all" }}'
            {%- endfor %}
        end as dim_set,
        {%- for name in kpi_member_columns() %}
        {{ 'cast(null as integer) as ' if name == 'hour_of_day' }}{{ name }},
        {%- endfor %}
        measure_column,
        measure_value
    from unpivoted
    where hour_of_day is not null
    {%- endif %}
)

select
    measured.grain,
    measured.period_start,
    measured.local_date,
    measured.dim_set,
    {{ dim_key() }} as dim_key,
    {{ kpi_members('measured') }},
    definitions.measure,
    definitions.category,
    definitions.aggregation,
    measured.measure_value
from measured
inner join {{ ref('kpi_measure_definition') }} as definitions
    on measured.measure_column = definitions.measure_column and definitions.family = '{{ name }}'
{% endmacro %}

{#- Sum as DOUBLE that does not depend on the order of rows, for counts, seconds and parts of a day alike. Wholes and
    parts apart: a double beyond 33 million has no exact decimal of twelve places. -#}
{% macro exact_sum(expression) -%}
    cast(sum(cast(round({{ expression }}) as bigint)) as double)
    + cast(sum(cast(({{ expression }}) - round({{ expression }}) as decimal(18, 12))) as double)
{%- endmacro %}
