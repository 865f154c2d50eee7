-- Generated from macros/measures: what each measure adds up, in words and in SQL over its fact.
{%- set facts = {
    'contact': 'fct_contact', 'contact_handling': 'fct_contact', 'queue': 'fct_queue_interval',
    'leg': 'fct_agent_leg', 'ring': 'fct_queue_offer', 'agent': 'fct_agent_interval', 'agent_day': 'fct_agent_day'
} %}
{%- for family, measures in measure_families().items() %}
{%- for item in measures %}
select
    '{{ family }}' as family,
    '{{ facts[family] }}' as fact,
    '{{ item.column }}' as measure_column,
    '{{ item.name }}' as measure,
    {{ "'" ~ item.category ~ "'" if item.category is not none else 'cast(null as varchar)' }} as category,
    '{{ item.aggregation }}' as aggregation,
    '{{ item.zh }}' as description_zh,
    '{{ item.en }}' as description_en,
    '{{ item.sql | replace("'", "''") }}' as sql_expression
{{ 'union all' if not loop.last }}
{%- endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
