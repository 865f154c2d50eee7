{#- Counts of a distribution over wait buckets, and the running counts up to each bound. -#}
{% macro wait_bucket_measures(abandoned, left, wait) %}
    {%- set measures = [] -%}
    {%- for bucket in wait_buckets() -%}
        {%- do measures.append(measure('abandoned_by_wait', abandoned ~ ' and ' ~ in_bucket(wait, bucket), '按等待时长的放弃数', 'Abandons by wait', category=bucket.name)) -%}
        {%- do measures.append(measure('left_by_wait', left ~ ' and ' ~ in_bucket(wait, bucket), '按等待时长的离队数', 'Those who left, by wait', category=bucket.name)) -%}
        {%- if bucket.up_to is not none -%}
            {%- do measures.append(measure('abandoned_within', abandoned ~ ' and ' ~ wait ~ ' <= ' ~ bucket.up_to, '等待不超过的放弃数', 'Abandons within a wait', category='within_' ~ bucket.up_to)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{#- One measure. `condition` picks rows (none: all), `value` is what is added up (none: rows are counted). `agg` is sum,
    max, min, or distinct, which counts different values: of a fact by months, as such a count adds up to no longer period. -#}
{% macro measure(name, condition, zh, en, value=none, agg='sum', category=none) %}
    {%- set picked = value if value is not none else '1' -%}
    {%- if condition is not none and condition != 'true' -%}
        {%- set picked = 'case when ' ~ condition ~ ' then ' ~ picked ~ (' else 0' if agg == 'sum' else '') ~ ' end' -%}
    {%- endif -%}
    {{ return({
        'name': name,
        'category': category,
        'column': name ~ ('__' ~ category if category is not none else ''),
        'aggregation': agg,
        'picked': picked,
        'sql': ('count(distinct ' if agg == 'distinct' else agg ~ '(') ~ picked ~ ')',
        'zh': zh,
        'en': en,
    }) }}
{% endmacro %}
