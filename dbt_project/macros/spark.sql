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
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    insert into {{ target }} ({{ columns | join(', ') }})
    select
        {%- for name in columns %}
        {{ spark_contracted(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source }}
{% endmacro %}

{#- Contracts name types as DuckDB does; Spark's varchar wants a length. -#}
{% macro spark__get_empty_schema_sql(columns) %}
    select
        {%- for column in columns.values() %}
        cast(null as {{ 'string' if column.data_type == 'varchar' else column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{% endmacro %}

{#- Tables of Parquet enforce nothing, so a column that a contract holds to be filled is checked where it is written. -#}
{% macro spark_contracted(name) -%}
    {%- set column = (model.get('columns') or {}).get(name, {}) -%}
    {%- if config.get('contract').enforced and 'not_null' in (column.get('constraints') or []) | map(attribute='type') -%}
    coalesce({{ name }}, raise_error('{{ model.name }}.{{ name }} is null, which its contract excludes')) as {{ name }}
    {%- else -%}
    {{ name }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__get_select_subquery(sql) %}
    select
        {%- for name in model.columns %}
        {{ spark_contracted(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as contracted
{% endmacro %}

{% macro spark__persist_constraints(relation, model) %}{% endmacro %}

{#- dbt-spark puts a seed's values between quotes as they are: neither quotes within them nor empty values survive. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- for rows in agate_table.rows | batch(1000) -%}
        {%- set sql -%}
        insert into {{ this }} values
        {%- for row in rows %}
        (
            {%- for name in agate_table.column_names -%}
            {%- set value = row[loop.index0] -%}
            cast(
                {%- if value is none -%}null{%- else -%}'{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'{%- endif %} as {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) -}}
            ){{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}

{#- The rows of some relations as Parquet files, one folder each: views have no files that others could read. -#}
{% macro write_rows(folders) %}
    {%- for relation, folder in folders.items() -%}
        {%- do run_query("insert overwrite directory '" ~ folder ~ "' using parquet select * from " ~ relation) -%}
    {%- endfor -%}
{% endmacro %}
