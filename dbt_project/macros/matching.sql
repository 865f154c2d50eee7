{#- Rows of two lists that mean the same thing, paired one to one. Here belongs the pairing alone; which rows could be a
    pair, and what becomes of them, the models say. -#}

{#- CTEs that end in `name` (left_id, right_id): of the pairs in the CTE `candidates` (left_id, right_id and what `nearness`
    orders by) those that are each other's nearest, ties by id; what remains is asked again, three times in all. -#}
{% macro pairs_of_nearest(candidates, name, nearness='distance_s') -%}
{%- for round in [1, 2, 3] %}
{%- set asked = candidates if loop.first else name ~ '_left_' ~ (round - 1) %}
{{ name }}_ranked_{{ round }} as (
    select
        left_id,
        right_id,
        row_number() over (partition by left_id order by {{ nearness }}, right_id) as left_rank,
        row_number() over (partition by right_id order by {{ nearness }}, left_id) as right_rank
    from {{ asked }}
),

{{ name }}_{{ round }} as (
    select left_id, right_id from {{ name }}_ranked_{{ round }}
    where left_rank = 1 and right_rank = 1
),
{%- if not loop.last %}

{{ name }}_left_{{ round }} as (
    select asked.*
    from {{ asked }} as asked
    left join {{ name }}_{{ round }} as taken_left on asked.left_id = taken_left.left_id
    left join {{ name }}_{{ round }} as taken_right on asked.right_id = taken_right.right_id
    where taken_left.left_id is null and taken_right.right_id is null
),
{%- endif %}
{% endfor %}
{{ name }} as (
    {%- for round in [1, 2, 3] %}
    select left_id, right_id from {{ name }}_{{ round }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)
{%- endmacro %}

{#- CTE body: every id by which another system may name a contact of the relation `contacts` (contact_id, source_system,
    matched_contact_id), once: its own id in its source, and that of the record that was merged into it. A telephone
    system's own id comes before another's. -#}
{% macro ids_of_contacts(contacts) -%}
    select named_id, contact_id
    from (
        select
            substring(contact_id, length(source_system) + 2) as named_id,
            contact_id,
            case source_system when 'asterisk' then 0 else 1 end as choice
        from {{ contacts }}
        union all
        select substring(matched_contact_id, position(':' in matched_contact_id) + 1), contact_id, 2
        from {{ contacts }}
        where matched_contact_id is not null
    ) as names
    qualify row_number() over (partition by named_id order by choice, contact_id) = 1
{%- endmacro %}
