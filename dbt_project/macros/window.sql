{#- The build window: which dates a run reads and which it writes. A fact's row belongs to one `local_date`; an
    incremental run deletes the window and inserts it again, so dates that vanished vanish here too. -#}

{#- Rows of the window; the column is a local date. -#}
{% macro in_window(column) -%}
    {{ column }} between date '{{ var("window_from") }}' and date '{{ var("window_to") }}'
{%- endmacro %}

{#- Rows that can bear on the window: an event moves what is known of other dates by at most the late window. -#}
{% macro in_read_window(column) -%}
    {{ column }} between cast(date '{{ var("window_from") }}' - interval '{{ var("late_window_days") }}' day as date)
        and cast(date '{{ var("window_to") }}' + interval '2' day as date)
{%- endmacro %}

{#- Rows of an entity feed's partitions that changed; the column is the partition. Without the variable, all rows. -#}
{% macro in_changed_partitions(feed, column) -%}
    {%- set changed = var('changed_partitions') -%}
    {%- if changed == 'all' -%}
        true
    {%- else -%}
        {{ in_dates(column, changed.get(feed, [])) }}
    {%- endif -%}
{%- endmacro %}

{#- Rows of the window, and of the dates that changed records of entity feeds touch, however old. -#}
{% macro in_touched_dates(column) -%}
    ({{ in_window(column) }} or {{ in_dates(column, var('touched_dates')) }})
{%- endmacro %}

{#- Rows of the dates from `back` before to `ahead` after those of the window and the touched dates. -#}
{% macro in_read_touched_dates(column, back, ahead) -%}
    {%- set days = [] -%}
    {%- for text in var('touched_dates') -%}
        {%- set first = modules.datetime.date.fromisoformat(text) - modules.datetime.timedelta(days=back) -%}
        {%- for _ in [0] * (back + 1 + ahead) -%}
            {%- do days.append((first + modules.datetime.timedelta(days=loop.index0)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    ({{ column }} between cast(date '{{ var("window_from") }}' - interval '{{ back }}' day as date)
        and cast(date '{{ var("window_to") }}' + interval '{{ ahead }}' day as date)
        or {{ in_dates(column, days | unique | sort | list) }})
{%- endmacro %}

{#- The same for what is counted by the month: every date of the months that the window or a touched date lies in, and
    `reach_days` before. -#}
{% macro in_touched_months(column, reach_days=0) -%}
    (
        {%- for first, last in touched_months() %}
        {{ 'or ' if not loop.first -}}
        ({{ column }} >= cast(date_trunc('month', date '{{ first }}') - interval '{{ reach_days }}' day as date)
            and {{ column }} < cast(date_trunc('month', date '{{ last }}') + interval '1' month as date))
        {%- endfor %}
    )
{%- endmacro %}

{#- First and last date of the window, then of each touched month. -#}
{% macro touched_months() %}
    {%- set found = [(var('window_from'), var('window_to'))] -%}
    {%- for start in touched_periods().get('month', []) -%}{%- do found.append((start, start)) -%}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro in_dates(column, dates) -%}
    {%- if dates -%}
        {{ column }} in (date '{{ dates | join("', date '") }}')
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#- Periods of kpi_value that the window or a touched date touches, whole: a week, month, quarter or year with one
    rebuilt day is rebuilt; a rolling year is touched from its first month to its last. -#}
{% macro period_in_window(grain, period_start) -%}
    (
        (
            {{ period_start }} <= timestamp '{{ var("window_to") }} 23:59:59'
            and (
                ({{ grain }} in ('hour', 'day') and {{ period_start }} >= timestamp '{{ var("window_from") }} 00:00:00')
                {%- for grain_name in ('week', 'month', 'quarter', 'year') %}
                or ({{ grain }} = '{{ grain_name }}'
                    and {{ period_start }} >= cast(date_trunc('{{ grain_name }}', date '{{ var("window_from") }}') as timestamp))
                {%- endfor %}
                or ({{ grain }} = 'rolling_12_months'
                    and {{ period_start }} >= cast(
                        date_trunc('month', date '{{ var("window_from") }}') - interval '11' month as timestamp
                    ))
            )
        )
        {%- for grain_name, starts in touched_periods().items() %}
        or ({{ grain }} in ({{ "'hour', 'day'" if grain_name == 'day' else "'" ~ grain_name ~ "'" }})
            and {{ in_dates('cast(' ~ period_start ~ ' as date)', starts) }})
        {%- endfor %}
    )
{%- endmacro %}

{#- First dates of the periods that the touched dates lie in, by grain; a date for hours is the date itself. -#}
{% macro touched_periods() %}
    {%- set starts = {'day': [], 'week': [], 'month': [], 'quarter': [], 'year': [], 'rolling_12_months': []} -%}
    {%- for text in var('touched_dates') -%}
        {%- set day = modules.datetime.date.fromisoformat(text) -%}
        {%- do starts.day.append(text) -%}
        {%- do starts.week.append((day - modules.datetime.timedelta(days=day.weekday())).isoformat()) -%}
        {%- do starts.month.append(day.replace(day=1).isoformat()) -%}
        {%- do starts.quarter.append(day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1).isoformat()) -%}
        {%- do starts.year.append(day.replace(month=1, day=1).isoformat()) -%}
        {%- for back in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] -%}
            {%- set months = day.year * 12 + day.month - 1 - back -%}
            {%- do starts.rolling_12_months.append('%04d-%02d-01' % (months // 12, months % 12 + 1)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for grain, dates in starts.items() if dates -%}{%- do found.update({grain: dates | unique | sort | list}) -%}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- First local instant after a period. -#}
{% macro period_end(grain, period_start) -%}
    case {{ grain }}
        when 'hour' then {{ period_start }} + interval '1' hour
        when 'day' then {{ period_start }} + interval '1' day
        when 'week' then {{ period_start }} + interval '7' day
        when 'month' then {{ period_start }} + interval '1' month
        when 'quarter' then {{ period_start }} + interval '3' month
        else {{ period_start }} + interval '12' month
    end
{%- endmacro %}

{#- Start of the period before (`-`) or after (`+`) the one that starts then; a rolling year moves by a month. -#}
{% macro period_beside(grain, period_start, sign) -%}
    case {{ grain }}
        when 'hour' then {{ period_start }} {{ sign }} interval '1' hour
        when 'day' then {{ period_start }} {{ sign }} interval '1' day
        when 'week' then {{ period_start }} {{ sign }} interval '7' day
        when 'quarter' then {{ period_start }} {{ sign }} interval '3' month
        when 'year' then {{ period_start }} {{ sign }} interval '12' month
        else {{ period_start }} {{ sign }} interval '1' month
    end
{%- endmacro %}

{#- Last local date that the data know anything of. -#}
{% macro last_known_date() -%}
    cast(timestamp '{{ var("as_of") }}' - interval '1' second as date)
{%- endmacro %}

{#- What a data test reads of a model: of one that is built by the window, the rows of the window, so that the checks of
    a day do not grow with history. dbt calls this for the model that a generic test stands at. -#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where') -%}{%- do conditions.append(config.get('where')) -%}{%- endif -%}
    {%- if execute -%}
        {%- set tested = graph.nodes.get('model.' ~ project_name ~ '.' ~ relation.identifier) -%}
        {%- if tested and tested.config.incremental_strategy == 'window' -%}
            {%- do conditions.append(window_predicate(tested.config.get('window_by'))) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        {%- do return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') as tested_rows') -%}
    {%- else -%}
        {%- do return(relation) -%}
    {%- endif -%}
{%- endmacro %}

{#- Rows of a windowed model that the window covers. `window_by` is a model's config: 'period' for one that holds
    periods, 'touched' for one that counts records by the dates they touch, 'month' for one whose local_date is the first
    of a month, an entity feed for one that holds its records with their partition_date, nothing for one that holds local
    dates. A name and no SQL, because a config is written when the project is parsed and the window is known when it runs.
    `date` is the column that is compared. -#}
{% macro window_predicate(window_by, date='local_date') -%}
    {%- if window_by == 'period' -%}
        {{ period_in_window('grain', 'period_start') }}
    {%- elif window_by == 'touched' -%}
        {{ in_touched_dates(date) }}
    {%- elif window_by == 'month' -%}
        {{ in_touched_months(date) }}
    {%- elif window_by -%}
        {{ in_changed_partitions(window_by, 'partition_date') }}
    {%- else -%}
        {{ in_window(date) }}
    {%- endif -%}
{%- endmacro %}

{#- Incremental strategy `window`. -#}
{% macro get_incremental_window_sql(arg_dict) %}
    {%- set predicate = window_predicate(config.get('window_by')) -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {{ window_delete(arg_dict['target_relation'], predicate) }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{#- Schemas are named as in the architecture, without the target's name before them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
