{#- Checks of capture devices: fct_capture_check. Records are compared where both numbers are known. -#}
{% macro capture_measures() %}
    {%- set compared = 'expected_count > 0 and received_count is not null' -%}
    {{ return([
        measure('capture_checks', 'true', '采集巡检次数', 'Checks of capture devices'),
        measure('capture_checks_up', "status = 'up'", '结果为正常的巡检次数', 'Checks that found the device up'),
        measure('capture_checks_compared', compared, '有应收与实收记录数的巡检次数', 'Checks that know both how many records should have come and how many did'),
        measure('capture_expected', compared, '应采集记录数', 'Records that should have come', value='expected_count'),
        measure('capture_received', compared, '实际采集记录数，不超过应采集数', 'Records that came, no more than should have', value='least(received_count, expected_count)'),
    ]) }}
{% endmacro %}
