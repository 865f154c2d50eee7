{#- Calls of interfaces: fct_api_minute. -#}
{% macro integration_measures() %}
    {{ return([
        measure('api_calls', none, '接口调用次数', 'Calls of interfaces', value='call_count'),
        measure('api_calls_succeeded', none, '成功的接口调用次数', 'Calls of interfaces that succeeded', value='call_count - failure_count'),
    ]) }}
{% endmacro %}
