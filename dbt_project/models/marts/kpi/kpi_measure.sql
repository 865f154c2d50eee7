{{ config(materialized='view') }}

{% for family in measure_families() %}
select * from {{ ref('kpi_measure_' ~ family) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
