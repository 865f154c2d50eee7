{#- Rules about what customers say when they are asked, and about what is told of a contact after it. Here belongs what more
    than one model needs. -#}

{#- Whether a score is one of the two best of its scale (Q10); NULL without a score and on a scale of which nobody said
    which scores are the best. -#}
{% macro top_two(score, lowest, highest) -%}
    case
        {%- for scale in [
            {'min': 1, 'max': 5, 'top': 4}, {'min': 1, 'max': 10, 'top': 9}, {'min': 0, 'max': 100, 'top': 80}
        ] %}
        when {{ lowest }} = {{ scale.min }} and {{ highest }} = {{ scale.max }} then {{ score }} >= {{ scale.top }}
        {%- endfor %}
    end
{%- endmacro %}

{#- Whether an instant comes after another in time to count for it. A clock that runs behind may date an answer before its
    question, but not by a day. Each comparison has one instant on each side: with a difference of both an engine joins
    every row with every row. -#}
{% macro is_in_time(later, earlier) -%}
    {{ later }} >= {{ add_seconds(earlier, -86400) }}
    and {{ later }} <= {{ add_seconds(earlier, var('answer_within_days') * 86400) }}
{%- endmacro %}
