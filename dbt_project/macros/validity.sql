{#- Whether a date lies in the period of an effective-dated row; `valid_to` is the first date after it, null for none.
    Comparisons alone, so that a left join on them stays a hash join. -#}
{% macro valid_on(date, period) -%}
    {{ date }} >= {{ period }}.valid_from and {{ date }} < coalesce({{ period }}.valid_to, date '9999-12-31')
{%- endmacro %}

{#- The same for an instant and a row whose dates are those of its own zone (`valid_from_at`, `valid_to_at`: UTC). -#}
{% macro valid_at(instant, period) -%}
    {{ instant }} >= {{ period }}.valid_from_at
    and {{ instant }} < coalesce({{ period }}.valid_to_at, timestamp '9999-12-31 00:00:00')
{%- endmacro %}

{#- Columns that `valid_at` needs, of a table with valid_from, valid_to and timezone. -#}
{% macro validity_instants() -%}
    {{ to_utc('cast(valid_from as timestamp)', 'timezone') }} as valid_from_at,
    {{ to_utc('cast(valid_to as timestamp)', 'timezone') }} as valid_to_at
{%- endmacro %}

{#- UTC instant to wall-clock time of a column's zone, which in most rows is the usual one: a zone that is the same in all
    rows converts several times as fast as a column. -#}
{% macro to_local_mostly(instant, zone, usual_zone) -%}
    case
        when {{ zone }} = {{ usual_zone }} then {{ to_local(instant, usual_zone) }}
        else {{ to_local(instant, zone) }}
    end
{%- endmacro %}

{#- Seconds after midnight of a time of day written HH:MM; 24:00 is the end of the day. -#}
{% macro seconds_of_clock(text) -%}
    cast(substr({{ text }}, 1, 2) as integer) * 3600 + cast(substr({{ text }}, 4, 2) as integer) * 60
{%- endmacro %}
