{#- Keys, periods of validity and references. On a fact they look at the build window only (get_where_subquery). -#}

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

{#- Fails for a row of one fact whose row of another fact is missing. The other one is looked for among the dates that
    can bear on the window, so that the check of a day does not grow with history. -#}
{% test belongs_to(model, column_name, to, field) %}
select records.{{ column_name }}
from (select * from {{ model }}) as records
left join (select {{ field }} as parent_id from {{ to }} where {{ in_read_window('local_date') }}) as parents
    on records.{{ column_name }} = parents.parent_id
where parents.parent_id is null and records.{{ column_name }} is not null
{% endtest %}
