{#- Improvement actions by each date that they touch: fct_action_day. -#}
{% macro action_measures() %}
    {%- set measures = [] -%}
    {%- for name, sql, zh, en in [
        ('actions_scored', 'scored_count', '立项且已评影响与难度的措施数', 'Actions decided with impact and difficulty'),
        ('action_ease_score', 'ease_score', '影响 ×（6 − 难度）之和', 'Impact × (6 − difficulty), added up'),
        ('action_literal_score', 'literal_score', '影响 × 难度之和', 'Impact × difficulty, added up'),
        ('actions_due', 'due_count', '到期的措施数', 'Actions that fell due'),
        ('actions_done_in_time', 'done_in_time_count', '按期完成的措施数', 'Actions done no later than due'),
        ('actions_judged', 'judged_count', '复盘有结论的措施数', 'Actions reviewed with a verdict'),
        ('actions_verified', 'verified_count', '结论为达标的措施数', 'Actions found to have reached their target'),
        ('actions_stated', 'stated_count', '台账数值可判断达标与否的措施数', 'Actions whose values in the register tell whether they reached it'),
        ('actions_stated_reached', 'stated_reached_count', '台账数值达到目标的措施数', 'Actions whose values in the register reach it'),
        ('actions_compared', 'compared_count', '台账有前后值的措施数', 'Actions with a value before and one at the review'),
        ('action_difference', 'difference', '复盘值减措施前值之和，单位同指标', 'Value at the review less the value before, in the unit of the KPI, added up'),
        ('action_baseline', 'baseline_value', '措施前值之和，单位同指标', 'Values before, in the unit of the KPI, added up'),
    ] -%}
        {%- do measures.append(measure(name, none, zh, en, value=sql)) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}
