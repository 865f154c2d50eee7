{{ config(materialized='view') }}

{% for family in ['contact', 'contact_handling', 'queue', 'leg', 'ring', 'agent', 'agent_day', 'capture'] %}
select * from {{ ref('kpi_measure_' ~ family) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
