{#- Runs of queries and exports: fct_query. -#}
{% macro query_measures() %}
    {{ return([
        measure('queries', 'true', '查询与导出次数', 'Runs of queries and exports'),
        measure('queries_traceable', 'is_traceable', '可追溯的查询与导出次数', 'Runs that name their user and query'),
        measure('queries_vouched', 'is_vouched', '可追溯且哈希链未断的查询与导出次数', 'Runs that name their user and query and are in an unbroken chain'),
        measure('exports', 'is_exported', '导出次数', 'Exports'),
        measure('exports_traceable', 'is_exported and is_traceable', '可追溯的导出次数', 'Exports that name their user and query'),
    ]) }}
{% endmacro %}
