-- Generated from macros/measures: what each measure adds up, in words and in SQL over its fact.
{%- set facts = measure_family_facts() %}
{%- for family, measures in measure_families().items() %}
{%- for item in measures %}
select
    '{{ family }}' as family,
    '{{ facts[family].fact }}' as fact,
    '{{ item.column }}' as measure_column,
    '{{ item.name }}' as measure,
    {{ "'" ~ item.category ~ "'" if item.category is not none else 'cast(null as string)' }} as category,
    '{{ item.aggregation }}' as aggregation,
    '{{ item.zh }}' as description_zh,
    '{{ item.en }}' as description_en,
    '{{ item.sql | replace("'", "''") }}' as sql_expression,
    {%- set row_filter = facts[family].row_filter %}
    {{ "'" ~ (row_filter | replace("'", "''")) ~ "'" if row_filter else 'cast(null as string)' }} as row_filter,
    '{{ facts[family].date }}' as date_column,
    {%- set dim_sets = [] %}
    {%- for set in facts[family].sets %}{% do dim_sets.append((set | join('+')) or 'all') %}{% endfor %}
    '{{ dim_sets | join(',') }}' as dim_sets
{{ 'union all' if not loop.last }}
{%- endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
