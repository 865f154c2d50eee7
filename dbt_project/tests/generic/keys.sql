{#- Keys, periods of validity and references. On a fact they look at the build window only (get_where_subquery). -#}

{#- Fails for a row without key, and for rows that share one. -#}
{% test primary_key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as records
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}

{#- Fails for rows that share the values of `columns`; NULL equals NULL. -#}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as records
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- Fails for any number of rows but one. -#}
{% test exactly_one_row(model) %}
select count(*) as records
from {{ model }}
having count(*) != 1
{% endtest %}

{#- Fails where two periods of validity of one key overlap; both would hold on a date and double what joins them. -#}
{% test periods_do_not_overlap(model, columns) %}
with

followed as (
    select
        *,
        lead(valid_from) over (partition by {{ columns | join(', ') }} order by valid_from) as next_valid_from
    from {{ model }}
)

select {{ columns | join(', ') }}, valid_from, valid_to, next_valid_from
from followed
where next_valid_from < coalesce(valid_to, date '9999-12-31')
{% endtest %}

{#- Fails for a row of which one of `columns` (column -> the values that it may have) has none of its values; NULL is left
    alone. One query for all columns: dbt spends more on a query than the database does. -#}
{% test known_values(model, columns) %}
select {{ columns.keys() | join(', ') }}
from {{ model }}
where
    false
    {%- for column, values in columns.items() %}
    or {{ column }} not in ('{{ values | join("', '") }}')
    {%- endfor %}
{% endtest %}

{#- Fails for values of `columns` (column -> table and its column) that their table does not know; NULL is left alone.
    One query for all columns, for the same reason. -#}
{% test references(model, columns) %}
with

records as (
    select * from {{ model }}
)

{% for column, target in columns.items() %}
{%- for table, field in target.items() -%}
select distinct '{{ column }}' as column_name, cast(records.{{ column }} as {{ dbt.type_string() }}) as unknown_value
from records
left join {{ ref(table) }} as known on records.{{ column }} = known.{{ field }}
where records.{{ column }} is not null and known.{{ field }} is null
{% endfor %}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
{% endtest %}

{#- Fails for a row of one fact whose row of another fact is missing. The other one is looked for among the dates that
    can bear on the window, so that the check of a day does not grow with history. -#}
{% test belongs_to(model, column_name, to, field) %}
select records.{{ column_name }}
from (select * from {{ model }}) as records
left join (select {{ field }} as parent_id from {{ to }} where {{ in_read_window('local_date') }}) as parents
    on records.{{ column_name }} = parents.parent_id
where parents.parent_id is null and records.{{ column_name }} is not null
{% endtest %}
