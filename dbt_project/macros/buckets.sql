{#- Wait buckets (D18) in seconds, a wait on a bound belonging to the bucket below it. One list for facts and KPIs. -#}
{% macro wait_buckets() %}
    {{ return([
        {'name': 'le_10', 'above': none, 'up_to': 10},
        {'name': 'gt_10_le_30', 'above': 10, 'up_to': 30},
        {'name': 'gt_30_le_60', 'above': 30, 'up_to': 60},
        {'name': 'gt_60_le_120', 'above': 60, 'up_to': 120},
        {'name': 'gt_120', 'above': 120, 'up_to': none},
    ]) }}
{% endmacro %}

{#- Condition that a wait lies in a bucket. -#}
{% macro in_bucket(wait, bucket) -%}
    {%- if bucket.above is not none %}{{ wait }} > {{ bucket.above }}{% endif -%}
    {%- if bucket.above is not none and bucket.up_to is not none %} and {% endif -%}
    {%- if bucket.up_to is not none %}{{ wait }} <= {{ bucket.up_to }}{% endif -%}
{%- endmacro %}

{#- Rows for which a condition holds, as an additive count. -#}
{% macro count_if(condition) -%}
    cast(sum(case when {{ condition }} then 1 else 0 end) as bigint)
{%- endmacro %}

{#- Sum of seconds as DOUBLE. Added up as decimals of a millisecond: a sum of doubles depends on the order of its rows,
    and the same input must give the same output. -#}
{% macro sum_seconds(expression) -%}
    cast(sum(cast({{ expression }} as decimal(18, 3))) as double)
{%- endmacro %}

{#- Sum of seconds over the rows for which a condition holds. -#}
{% macro sum_if(column, condition) -%}
    {{ sum_seconds("case when " ~ condition ~ " then coalesce(" ~ column ~ ", 0) else 0 end") }}
{%- endmacro %}

{#- Counts that fct_queue_interval takes at queue entry, in the order of its columns. -#}
{% macro fct_queue_interval_entry_counts() %}
    {%- set counts = [
        'offered', 'answered', 'answered_in_target', 'abandoned', 'abandoned_in_target', 'short_abandoned',
        'short_abandoned_in_target', 'flowed_out', 'flowed_out_in_target', 'callback_in_target', 'still_waiting',
        'answered_with_wait', 'left_with_wait', 'answered_with_ring'
    ] -%}
    {%- for bucket in wait_buckets() %}{% do counts.append('abandoned_' ~ bucket.name) %}{% do counts.append('left_' ~ bucket.name) %}{% endfor -%}
    {{ return(counts) }}
{% endmacro %}
