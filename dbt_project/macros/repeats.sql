{#- What follows what: CTEs that give each row of the relation `of` (contact_id, repeat_group, started_at, ended_at) the end
    of the row of its group that ended last before it started, and the start of the one that started first after it ended.
    A row without ended_at follows others and is followed by none. Starts and ends are walked in order of time once, so
    that a number with thousands of calls costs no more than its share. -#}
{% macro nearest_neighbours(name, of) -%}
{{ name }}_points as (
    select contact_id, repeat_group, started_at as instant, 0 as is_end from {{ of }}
    union all
    select contact_id, repeat_group, ended_at as instant, 1 as is_end from {{ of }}
    where ended_at is not null
),

-- of one instant the starts come first: what starts when another one ends neither follows it nor is followed by it
{{ name }}_walked as (
    select
        contact_id,
        is_end,
        max(case when is_end = 1 then instant end) over (
            partition by repeat_group order by instant, is_end
            rows between unbounded preceding and 1 preceding
        ) as ended_before,
        min(case when is_end = 0 then instant end) over (
            partition by repeat_group order by instant, is_end
            rows between 1 following and unbounded following
        ) as started_after
    from {{ name }}_points
),

{{ name }} as (
    select
        contact_id,
        max(case when is_end = 0 then ended_before end) as ended_before,
        max(case when is_end = 1 then started_after end) as started_after
    from {{ name }}_walked
    group by contact_id
)
{%- endmacro %}
