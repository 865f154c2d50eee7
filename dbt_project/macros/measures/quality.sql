{#- What people and machines judged and kept: fct_qa_evaluation, fct_qa_section, fct_audio_quality, fct_contact_record,
    fct_recording_day. -#}

{#- Scores in per cent of what could be had. The sections of an evaluation count under the same names. -#}
{% macro evaluation_score_measures() %}
    {%- set human = "evaluator_type = 'human' and score_points is not null" -%}
    {{ return([
        measure('evaluations', 'score_points is not null', '质检评分数', 'Evaluations with a score'),
        measure('evaluation_points', 'score_points is not null', '质检得分率（百分制）之和', 'Scores in per cent, added up', value='score_points'),
        measure('evaluations_human', human, '人工质检评分数', 'Evaluations by people with a score'),
        measure('evaluation_points_human', human, '人工质检得分率（百分制）之和', 'Scores by people in per cent, added up', value='score_points'),
    ]) }}
{% endmacro %}

{% macro evaluation_measures() %}
    {%- set measures = evaluation_score_measures() -%}
    {%- set heard = "evaluator_type = 'human' and recording_id is not null and bearing_points is not null" -%}
    {%- do measures.append(measure('evaluations_heard', heard, '听录音评过态度或专业度的人工质检数', 'Evaluations of a recording by people that judge attitude or professionalism')) -%}
    {%- do measures.append(measure('bearing_points', heard, '态度与专业度得分率（百分制）之和', 'Their scores for attitude and professionalism in per cent, added up', value='bearing_points')) -%}
    {%- for name, condition, zh, en in [
        ('', 'is_script_check', '话术抽检数', 'Spot checks of the script'),
        ('_human', "is_script_check and evaluator_type = 'human'", '人工话术抽检数', 'Spot checks of the script by people'),
        ('_ai', "is_script_check and evaluator_type = 'ai'", '智能话术抽检数', 'Spot checks of the script by a model'),
    ] -%}
        {%- do measures.append(measure('script_checks' ~ name, condition, zh, en)) -%}
        {%- do measures.append(measure('script_checks_passed' ~ name, condition ~ ' and failed_script_item_count = 0', zh ~ '中合格者', en ~ ' that found nothing')) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{#- Contacts, or an agent's or a line's part of them, with measured sound. -#}
{% macro sound_measures(part) %}
    {{ return([
        measure('sound_measured', 'true', '测过音质的通话数', 'Calls with measured sound'),
        measure('sound_good', 'is_' ~ part ~ '_good', '每次测量均合格的通话数', 'Calls of which every measurement is good'),
    ]) }}
{% endmacro %}

{% macro contact_record_measures() %}
    {{ return([
        measure('record_calls', 'true', '应有记录的已接通话数', 'Handled calls that must have a record'),
        measure('record_calls_complete', 'is_complete', '录音齐全且合规要求全部落实的通话数', 'Calls with all recordings and every requirement met'),
    ]) }}
{% endmacro %}

{#- A deletion that the customer wanted is left out on both sides. A recording proves a conversation, also one that the
    telephone system has not told of yet. -#}
{% macro recording_measures() %}
    {{ return([
        measure('recordings_due', none, '应保存的录音数，不含客户要求删除者', 'Recordings that must be kept, without those that the customer wanted deleted', value='recording_count - deletion_wanted_count'),
        measure('conversations_due', none, '应有录音的通话段数，不含客户要求删除者', 'Conversations that must have a recording, without those that the customer wanted deleted', value='greatest(conversation_count, recording_count) - deletion_wanted_count'),
        measure('recordings_kept', none, '保存到期或仍在保存的录音数', 'Recordings that were not deleted too early', value='recording_count - deleted_early_count'),
    ]) }}
{% endmacro %}
