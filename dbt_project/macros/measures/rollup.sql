{#- Sums a family's measures over every dimension set it is asked for, in one scan, and turns them into rows.
    `records` is a CTE with local_date, local_hour and a column for each dimension named in `sets`. -#}
{% macro measure_rollup(records, family, sets) %}
{%- set dimensions = ['channel', 'queue', 'agent', 'region', 'hour_of_day'] -%}
{%- set measures = measure_families()[family] -%}
{%- set grouped = dimensions | select('in', sets | sum(start=[])) | list -%}
rolled as (
    select
        local_date,
        {%- for dimension in dimensions %}
        {% if dimension in grouped %}{{ dimension }}
        {%- else %}cast(null as {{ 'integer' if dimension == 'hour_of_day' else 'varchar' }}) as {{ dimension }}
        {%- endif %},
        {%- endfor %}
        case
            {%- for set in sets %}
            when
                {%- for dimension in grouped %}
                {{ 'and ' if not loop.first }}grouping({{ dimension }}) = {{ 0 if dimension in set else 1 }}
                {%- endfor %}
                then '{{ set | join("+") if set else "all" }}'
            {%- endfor %}
        end as dim_set,
        {%- for item in measures %}
        {{ exact_sum(item.picked) if item.aggregation == 'sum' else 'cast(' ~ item.sql ~ ' as double)' }} as {{ item.column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ records }}
    group by grouping sets (
        {%- for set in sets %}
        ({{ (['local_date'] + set) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
),

unpivoted as (
    select local_date, channel, queue, agent, region, hour_of_day, dim_set, measure_column, measure_value
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
        cast(local_date as timestamp) as period_start,
        local_date,
        dim_set,
        channel, queue, agent, region, hour_of_day,
        measure_column,
        measure_value
    from unpivoted
    union all
    -- an hour of a date is a period of its own
    select
        'hour' as grain,
        {{ add_seconds('cast(local_date as timestamp)', 'hour_of_day * 3600') }} as period_start,
        local_date,
        case dim_set when 'hour_of_day' then 'all' else 'queue' end as dim_set,
        channel, queue, agent, region,
        cast(null as integer) as hour_of_day,
        measure_column,
        measure_value
    from unpivoted
    where dim_set in ('hour_of_day', 'queue+hour_of_day')
)

select
    measured.grain,
    measured.period_start,
    measured.local_date,
    measured.dim_set,
    {{ dim_key() }} as dim_key,
    measured.channel,
    measured.queue,
    measured.agent,
    measured.region,
    measured.hour_of_day,
    definitions.measure,
    definitions.category,
    definitions.aggregation,
    measured.measure_value
from measured
inner join {{ ref('kpi_measure_definition') }} as definitions
    on measured.measure_column = definitions.measure_column and definitions.family = '{{ family }}'
{% endmacro %}

{#- Sum as DOUBLE that does not depend on the order of rows, for counts, seconds and parts of a day alike. -#}
{% macro exact_sum(expression) -%}
    cast(sum(cast({{ expression }} as decimal(32, 12))) as double)
{%- endmacro %}

{#- One text that tells dimension members apart, so that numerators meet their denominators by equality. -#}
{% macro dim_key() -%}
    coalesce(channel, '') || '|' || coalesce(queue, '') || '|' || coalesce(agent, '') || '|' || coalesce(region, '') || '|'
    || coalesce(cast(hour_of_day as varchar), '')
{%- endmacro %}
