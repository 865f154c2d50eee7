{#- What dbt-spark must be told to build callmart's models as they stand. Here belongs: how a table of the `window` strategy
    is laid out and written there, and names of types. Not here: SQL that models use (engine.sql). -#}

{#- Columns by which a windowed table is partitioned on Spark: those that its window is cut by. -#}
{% macro window_partition_columns(window_by) %}
    {%- if window_by == 'period' -%}
        {{ return(['grain', 'period_start']) }}
    {%- elif window_by and '.' in window_by -%}
        {{ return(['partition_date']) }}
    {%- else -%}
        {{ return(['local_date']) }}
    {%- endif -%}
{% endmacro %}

{% macro spark__partition_cols(label, required=false) %}
    {%- if config.get('incremental_strategy') == 'window' %}
    {{ label }} ({{ window_partition_columns(config.get('window_by')) | join(', ') }})
    {%- endif %}
{%- endmacro %}

{#- dbt-spark knows its own strategies only and refuses others; `window` is the only one here. -#}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {%- if raw_strategy != 'window' -%}
        {%- do exceptions.raise_compiler_error("incremental models use the strategy 'window', not '" ~ raw_strategy ~ "'") -%}
    {%- endif -%}
    {{ return(raw_strategy) }}
{% endmacro %}

{#- Spark takes one statement at a time: the window is emptied here, the returned statement fills it. The rows are read
    from a view when they are written, so no model may read itself. -#}
{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {%- set emptied = window_delete(target, window_predicate(config.get('window_by'))) -%}
    {%- if emptied | trim -%}
        {%- call statement('empty_window') -%}{{ emptied }}{%- endcall -%}
    {%- endif -%}
    {%- set columns = get_quoted_csv(adapter.get_columns_in_relation(target) | map(attribute='name')) -%}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
{% endmacro %}

{#- Contracts name types as DuckDB does; Spark's varchar wants a length. -#}
{% macro spark__get_empty_schema_sql(columns) %}
    select
        {%- for column in columns.values() %}
        cast(null as {{ 'string' if column.data_type == 'varchar' else column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{% endmacro %}
