{#- Queue visits and their conversations: fct_queue_interval. Names as for contacts: at queue level each visit counts. -#}
{% macro queue_measures() %}
    {%- set measures = [] -%}
    {%- for name, sql, zh, en in [
        ('offered', 'offered', '进入本队列的次数', 'Visits to the queue'),
        ('offered_net_short', 'offered - short_abandoned', '进入本队列次数，不含短时放弃', 'Visits less short abandons'),
        ('answered', 'answered', '本队列接起数', 'Visits that were answered'),
        ('answered_in_target', 'answered_in_target', '本队列时限内接起数', 'Visits answered within the threshold'),
        ('abandoned', 'abandoned', '本队列放弃数，不含短时', 'Visits abandoned, short abandons apart'),
        ('abandoned_in_target', 'abandoned_in_target', '本队列时限内放弃数，不含短时', 'Visits abandoned within the threshold, short abandons apart'),
        ('short_abandoned', 'short_abandoned', '本队列短时放弃数', 'Short abandons'),
        ('abandoned_gross', 'abandoned + short_abandoned', '本队列放弃数，含短时', 'Visits abandoned, short abandons included'),
        ('flowed_out', 'flowed_out', '本队列溢出数', 'Visits that flowed out'),
        ('still_waiting', 'still_waiting', '仍在本队列数', 'Still waiting'),
        ('answered_or_abandoned_after_target', 'answered + abandoned - abandoned_in_target', '接起数 + 超时后放弃数', 'Answered, or abandoned after the threshold'),
        ('answered_or_hung_up_in_target', 'answered_in_target + abandoned_in_target + short_abandoned_in_target', '时限内接起或放弃（含短时）数', 'Answered or abandoned (short too) within the threshold'),
        ('answered_or_hung_up', 'answered + abandoned + short_abandoned', '接起或放弃（含短时）数', 'Answered or abandoned, short abandons included'),
        ('cisco_ignore_base', 'answered + abandoned - abandoned_in_target + flowed_out - flowed_out_in_target', '时限内接起 + 超时', 'Answered inside, or past the threshold'),
        ('cisco_base', 'answered + abandoned + flowed_out - flowed_out_in_target', '时限内接起或放弃 + 超时', 'Answered or abandoned inside, or past the threshold'),
        ('answered_or_abandoned_in_target', 'answered_in_target + abandoned_in_target', '时限内接起或放弃数', 'Answered or abandoned within the threshold'),
        ('queued', 'offered', '进入本队列的次数', 'Visits to the queue'),
        ('queued_net_short', 'offered - short_abandoned', '进入本队列次数，不含短时放弃', 'Visits less short abandons'),
        ('removed_in_target', 'answered_in_target + abandoned_in_target + short_abandoned_in_target + callback_in_target', '时限内离队数', 'Left within the threshold by answer, hang-up or callback'),
        ('genesys_base', 'answered + abandoned + flowed_out', '接起 + 放弃 + 溢出', 'Answered, abandoned or flowed out'),
        ('asked_or_failed', 'offered', '进入本队列的次数', 'Visits to the queue'),
        ('answered_with_wait', 'answered_with_wait', '有等待时长的接起数', 'Answered visits with a known wait'),
        ('offered_with_wait', 'left_with_wait', '有等待时长的离队数', 'Visits that left, with a known wait'),
        ('left_with_wait', 'left_with_wait', '有等待时长的离队数', 'Visits that left, with a known wait'),
        ('answered_wait_s', 'answered_wait_s', '接起者等待秒数之和', 'Seconds waited by the answered'),
        ('offered_wait_s', 'queue_wait_s', '离队者等待秒数之和', 'Seconds waited by those who left'),
        ('left_wait_s', 'queue_wait_s', '离队者等待秒数之和', 'Seconds waited by those who left'),
        ('handled_legs', 'handled_legs', '本队列处理的通话段数', 'Conversations from the queue'),
        ('legs_with_talk', 'legs_with_talk', '本队列通话时长已知的通话段数', 'Conversations from the queue with known talk'),
        ('leg_handle_s', 'handle_with_talk_s', '通话时长已知者的处理秒数之和', 'Handling seconds of conversations with known talk'),
        ('leg_talk_s', 'talk_s', '通话秒数之和', 'Talk seconds of these conversations'),
    ] -%}
        {%- do measures.append(measure(name, none, zh, en, value=sql)) -%}
    {%- endfor -%}
    {%- do measures.append(measure('left_wait_max_s', none, '最长排队秒数', 'Longest wait of those who left', value='queue_wait_max_s', agg='max')) -%}
    {%- do measures.append(measure('leg_talk_max_s', none, '最长通话秒数', 'Longest talk', value='talk_max_s', agg='max')) -%}
    {%- do measures.append(measure('leg_talk_min_s', none, '最短通话秒数', 'Shortest talk', value='talk_min_s', agg='min')) -%}
    {%- for bucket in wait_buckets() -%}
        {%- do measures.append(measure('abandoned_by_wait', none, '按等待时长的放弃数', 'Abandons by wait', category=bucket.name, value='abandoned_' ~ bucket.name)) -%}
        {%- do measures.append(measure('left_by_wait', none, '按等待时长的离队数', 'Those who left, by wait', category=bucket.name, value='left_' ~ bucket.name)) -%}
        {%- if bucket.up_to is not none -%}
            {%- do measures.append(measure('abandoned_within', none, '等待不超过的放弃数', 'Abandons within a wait', category='within_' ~ bucket.up_to, value=abandoned_up_to(bucket))) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{% macro abandoned_up_to(bucket) %}
    {%- set parts = [] -%}
    {%- for other in wait_buckets() -%}
        {%- if other.up_to is not none and other.up_to <= bucket.up_to -%}{%- do parts.append('abandoned_' ~ other.name) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(parts | join(' + ')) }}
{% endmacro %}
