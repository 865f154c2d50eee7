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
