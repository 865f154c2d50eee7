{#- The only constructs that DuckDB and Spark write differently. Nothing else belongs here: if a model needs a new
    entry, first look for a construct that both engines run. tests/dbt_project/test_engine_macros.py holds the list. -#}

{#- Rows of one feed, `dt` being its partition. -#}
{% macro lake(source_system, feed) %}
    {{- adapter.dispatch('lake')(source_system, feed) -}}
{% endmacro %}

{% macro default__lake(source_system, feed) -%}
    read_parquet(
        '{{ var("lake_root") }}/{{ source_system }}/{{ feed }}/dt=*/part-*.parquet',
        hive_partitioning = true, union_by_name = true, hive_types = {'dt': date}
    )
{%- endmacro %}

{% macro spark__lake(source_system, feed) -%}
    parquet.`{{ var("lake_root") }}/{{ source_system }}/{{ feed }}`
{%- endmacro %}

{#- UTC instant to wall-clock time of an IANA zone; the zone may be a column. -#}
{% macro to_local(instant, zone) %}
    {{- adapter.dispatch('to_local')(instant, zone) -}}
{% endmacro %}

{% macro default__to_local(instant, zone) -%}
    ({{ instant }} at time zone 'UTC' at time zone {{ zone }})
{%- endmacro %}

{% macro spark__to_local(instant, zone) -%}
    convert_timezone('UTC', {{ zone }}, {{ instant }})
{%- endmacro %}

{#- Wall-clock time of an IANA zone to UTC instant; the zone may be a column. -#}
{% macro to_utc(local_time, zone) %}
    {{- adapter.dispatch('to_utc')(local_time, zone) -}}
{% endmacro %}

{% macro default__to_utc(local_time, zone) -%}
    ({{ local_time }} at time zone {{ zone }} at time zone 'UTC')
{%- endmacro %}

{% macro spark__to_utc(local_time, zone) -%}
    convert_timezone({{ zone }}, 'UTC', {{ local_time }})
{%- endmacro %}

{#- Seconds from one timestamp to another, as DOUBLE. -#}
{% macro seconds_between(earlier, later) %}
    {{- adapter.dispatch('seconds_between')(earlier, later) -}}
{% endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    ((epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0)
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    (timestampdiff(microsecond, {{ earlier }}, {{ later }}) / 1e6)
{%- endmacro %}

{#- Timestamp moved by a number of seconds, which may be a column. -#}
{% macro add_seconds(instant, seconds) %}
    {{- adapter.dispatch('add_seconds')(instant, seconds) -}}
{% endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    ({{ instant }} + to_microseconds(cast(1000000.0 * ({{ seconds }}) as bigint)))
{%- endmacro %}

{% macro spark__add_seconds(instant, seconds) -%}
    timestampadd(microsecond, cast(1000000.0 * ({{ seconds }}) as bigint), {{ instant }})
{%- endmacro %}

{#- Start of the bucket of so many seconds since midnight of 1970-01-01 that holds a timestamp. -#}
{% macro trunc_time(instant, seconds) %}
    {{- adapter.dispatch('trunc_time')(instant, seconds) -}}
{% endmacro %}

{% macro default__trunc_time(instant, seconds) -%}
    make_timestamp(cast(floor(epoch({{ instant }}) / {{ seconds }}) * {{ seconds }} * 1000000 as bigint))
{%- endmacro %}

{% macro spark__trunc_time(instant, seconds) -%}
    timestampadd(
        second,
        cast(floor(timestampdiff(second, timestamp_ntz '1970-01-01 00:00:00', {{ instant }}) / {{ seconds }})
            * {{ seconds }} as bigint),
        timestamp_ntz '1970-01-01 00:00:00'
    )
{%- endmacro %}

{#- Rows n = 0 … last (a literal or a scalar subquery is not allowed: a number known when the SQL is written). -#}
{% macro spine(last) %}
    {{- adapter.dispatch('spine')(last) -}}
{% endmacro %}

{% macro default__spine(last) -%}
    (select cast(unnest(range(0, {{ last }} + 1)) as integer) as n)
{%- endmacro %}

{% macro spark__spine(last) -%}
    (select cast(id as integer) as n from range(0, {{ last }} + 1))
{%- endmacro %}

{% macro sha256_hex(text) %}
    {{- adapter.dispatch('sha256_hex')(text) -}}
{% endmacro %}

{% macro default__sha256_hex(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__sha256_hex(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{#- Texts of a group as one, in an order, NULL left out; of distinct texts the order is their own. -#}
{% macro joined_text(text, separator, order_by) %}
    {{- adapter.dispatch('joined_text')(text, separator, order_by) -}}
{% endmacro %}

{% macro default__joined_text(text, separator, order_by) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_text(text, separator, order_by) -%}
    listagg({{ text }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{#- Statement that empties the build window of a table before its rows are inserted again. -#}
{% macro window_delete(relation, predicate) %}
    {{- adapter.dispatch('window_delete')(relation, predicate) -}}
{% endmacro %}

{% macro default__window_delete(relation, predicate) -%}
    delete from {{ relation }} where {{ predicate }}
{%- endmacro %}

{#- Spark deletes no rows of Parquet tables, and overwriting keeps the partitions of dates that vanished: the window's
    partitions are dropped, each by its name; nothing where the table has none of them. -#}
{% macro spark__window_delete(relation, predicate) -%}
    {%- set columns = window_partition_columns(config.get('window_by')) -%}
    {%- set found = run_query('select distinct ' ~ columns | join(', ') ~ ' from ' ~ relation ~ ' where ' ~ predicate) -%}
    {%- if execute and found.rows -%}
    alter table {{ relation }} drop if exists
        {%- for row in found.rows %}
        partition (
            {%- for column in columns -%}
            {{ column }} = '{{ row[column] }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
