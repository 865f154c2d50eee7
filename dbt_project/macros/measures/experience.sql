{#- What customers say when they are asked, and what channels tell each other: fct_survey_answer, fct_survey_invitation,
    fct_interaction_sync. -#}

{#- Ratings of satisfaction, each once. Ratings from 1 to 5 alone make a mean, and are positive or negative (Q10, Q27). -#}
{% macro rating_measures() %}
    {%- set to_5 = 'scale_min = 1 and scale_max = 5' -%}
    {%- set measures = [
        measure('ratings', 'true', '满意度评分数', 'Ratings of satisfaction'),
        measure('ratings_points', 'true', '换算为 0 至 100 分后的评分之和', 'Ratings, counted from 0 to 100, added up', value='score_points'),
        measure('ratings_with_top', 'is_top_two is not null', '可判定最高两档的评分数', 'Ratings on a scale whose two best scores are known'),
        measure('ratings_top', 'is_top_two', '落在最高两档的评分数', 'Ratings in the two best scores of their scale'),
        measure('ratings_to_5', to_5, '1 至 5 分量表的评分数', 'Ratings from 1 to 5'),
        measure('ratings_to_5_score', to_5, '1 至 5 分量表的评分之和', 'Ratings from 1 to 5, added up', value='score'),
        measure('ratings_positive', to_5 ~ ' and score >= 4', '好评数（4 至 5 分）', 'Positive ratings, 4 and 5'),
        measure('ratings_negative', to_5 ~ ' and score <= 2', '差评数（1 至 2 分）', 'Negative ratings, 1 and 2'),
    ] -%}
    {%- for score in [1, 2, 3, 4, 5] -%}
        {%- do measures.append(measure('ratings_by_score', to_5 ~ ' and score = ' ~ score, '各分值的评分数', 'Ratings by score', category=score | string)) -%}
    {%- endfor -%}
    {%- do measures.append(measure('ratings_by_score', to_5 ~ ' and score not in (1, 2, 3, 4, 5)', '各分值的评分数', 'Ratings by score', category='between')) -%}
    {{ return(measures) }}
{% endmacro %}

{% macro invitation_measures() %}
    {{ return([
        measure('invitations', 'true', '发出的评价邀请数', 'Invitations to a survey'),
        measure('invitations_answered', 'is_answered', '按时收到答卷的评价邀请数', 'Invitations that were answered in time'),
    ]) }}
{% endmacro %}

{% macro hand_over_measures() %}
    {{ return([
        measure('hand_overs', 'true', '跨渠道信息交接次数', 'Hand-overs between channels'),
        measure('hand_over_points', 'true', '交接连贯性得分之和，每次 0 至 10 分', 'Points of these hand-overs, 0 to 10 each', value='continuity_points'),
    ]) }}
{% endmacro %}

{#- Agents of a month by their share of ratings in the two best scores. -#}
{% macro agent_rating_measures() %}
    {%- set measures = [measure('rated_agents', 'true', '当月评分数达到下限的坐席数', 'Agents with enough ratings in the month')] -%}
    {%- for name, condition in [
        ('lt_70', '100 * top_count < 70 * rating_count'),
        ('70_to_80', '100 * top_count >= 70 * rating_count and 100 * top_count < 80 * rating_count'),
        ('80_to_90', '100 * top_count >= 80 * rating_count and 100 * top_count < 90 * rating_count'),
        ('ge_90', '100 * top_count >= 90 * rating_count'),
    ] -%}
        {%- do measures.append(measure('agents_by_top_share', condition, '按满意率分档的坐席数', 'Agents by their share of top ratings', category=name)) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}
