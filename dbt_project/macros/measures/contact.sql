{#- Contacts by the time they arrived: fct_contact, counted_at. -#}
{% macro contact_measures() %}
    {%- set inbound = "direction = 'inbound'" -%}
    {%- set abandoned = "outcome = 'abandoned_queue'" -%}
    {%- set hung_up = "outcome in ('abandoned_queue', 'short_abandon')" -%}
    {%- set queued = inbound ~ " and first_queue_at is not null" -%}
    {%- set left = queued ~ " and outcome != 'waiting' and queue_wait_s is not null" -%}
    {%- set offered = "is_offered" -%}
    {%- set within = "queue_wait_s <= sl_target_s" -%}
    {%- set responded = inbound ~ " and outcome = 'answered' and response_s is not null" -%}
    {%- set responded_from_queue = responded ~ " and queue_response_s is not null" -%}
    {%- set beyond = "queue_wait_s > sl_target_s" -%}
    {%- set measures = [
        measure('contacts', 'true', '进线与外呼的联络数', 'Contacts, inbound and outbound'),
        measure('contacts_valid', 'not is_invalid', '有效联络数（不含无效）', 'Contacts that are not invalid'),
        measure('inbound', inbound, '呼入联络数', 'Inbound contacts'),
        measure('inbound_valid', inbound ~ ' and not is_invalid', '有效呼入联络数', 'Inbound contacts that are not invalid'),
        measure('outbound', "direction = 'outbound'", '呼出联络数', 'Outbound contacts'),
        measure('outbound_valid', "direction = 'outbound' and not is_invalid", '有效呼出联络数', 'Outbound contacts that are not invalid'),
        measure('offered', offered, '请求人工的联络数（进入队列或由坐席直接接起）', 'Contacts that asked for an agent: queued, or answered without queueing'),
        measure('offered_net_short', offered ~ " and outcome != 'short_abandon'", '请求人工数，不含短时放弃', 'Offered less short abandons'),
        measure('answered', offered ~ " and outcome = 'answered'", '坐席接起数', 'Offered contacts that an agent answered'),
        measure('answered_in_target', offered ~ " and outcome = 'answered' and " ~ within, '在目标时限内接起数', 'Answered within the service-level threshold'),
        measure('answered_in_target_queued', queued ~ " and outcome = 'answered' and " ~ within, '排队后在目标时限内接起数', 'Queued and answered within the threshold'),
        measure('abandoned', offered ~ ' and ' ~ abandoned, '排队放弃数，不含短时放弃', 'Abandoned in queue, short abandons apart'),
        measure('abandoned_in_target', offered ~ ' and ' ~ abandoned ~ ' and ' ~ within, '在目标时限内放弃数，不含短时放弃', 'Abandoned within the threshold, short abandons apart'),
        measure('short_abandoned', offered ~ " and outcome = 'short_abandon'", '短时放弃数', 'Short abandons'),
        measure('abandoned_gross', offered ~ ' and ' ~ hung_up, '排队放弃数，含短时放弃', 'Abandoned in queue, short abandons included'),
        measure('flowed_out', offered ~ " and outcome = 'flow_out'", '溢出数（超时、按键、转走等）', 'Flow-outs: time-out, key, empty queue'),
        measure('still_waiting', offered ~ " and outcome = 'waiting'", '仍在排队数', 'Still waiting'),
        measure('answered_or_abandoned_after_target', offered ~ " and (outcome = 'answered' or (" ~ abandoned ~ ' and ' ~ beyond ~ '))', '接起数 + 超时后放弃数', 'Answered, or abandoned after the threshold'),
        measure('answered_or_hung_up_in_target', offered ~ " and (outcome = 'answered' or " ~ hung_up ~ ') and ' ~ within, '时限内接起或放弃（含短时）数', 'Answered or abandoned (short too) within the threshold'),
        measure('answered_or_hung_up', offered ~ " and (outcome = 'answered' or " ~ hung_up ~ ')', '接起或放弃（含短时）数', 'Answered or abandoned, short abandons included'),
        measure('cisco_ignore_base', offered ~ " and ((outcome = 'answered' and " ~ within ~ ") or (outcome in ('answered', 'abandoned_queue', 'flow_out') and " ~ beyond ~ '))', '时限内接起 + 超时', 'Answered inside, or past the threshold'),
        measure('cisco_base', offered ~ " and ((outcome in ('answered', 'abandoned_queue') and " ~ within ~ ") or (outcome in ('answered', 'abandoned_queue', 'flow_out') and " ~ beyond ~ '))', '时限内接起或放弃 + 超时', 'Answered or abandoned inside, or past the threshold'),
        measure('answered_or_abandoned_in_target', offered ~ " and outcome in ('answered', 'abandoned_queue') and " ~ within, '时限内接起或放弃数', 'Answered or abandoned within the threshold'),
        measure('queued', queued, '进入队列数', 'Contacts that entered a queue'),
        measure('queued_net_short', queued ~ " and outcome != 'short_abandon'", '进入队列数，不含短时放弃', 'Queued less short abandons'),
        measure('removed_in_target', queued ~ " and (outcome = 'answered' or " ~ hung_up ~ " or last_exit_kind = 'callback') and " ~ within, '时限内离开队列数（接起、放弃或预约回拨）', 'Left the queue within the threshold by answer, hang-up or callback'),
        measure('genesys_base', offered ~ " and outcome in ('answered', 'abandoned_queue', 'flow_out')", '接起 + 放弃 + 溢出', 'Answered, abandoned or flowed out'),
        measure('asked_or_failed', offered ~ ' or (' ~ inbound ~ " and outcome in ('blocked', 'failed'))", '请求人工 + 受阻或失败数', 'Offered, blocked or failed'),
        measure('connectable', offered ~ ' or (' ~ inbound ~ " and outcome in ('blocked', 'failed')) or direction = 'outbound'", '请求人工 + 受阻或失败 + 呼出数', 'Offered, blocked, failed or outbound'),
        measure('connected', "(is_offered or direction = 'outbound') and outcome = 'answered'", '呼入呼出接通数', 'Answered, inbound and outbound'),
        measure('outbound_answered', "direction = 'outbound' and outcome = 'answered'", '呼出接通数', 'Outbound contacts that were answered'),
        measure('unanswered_inbound', inbound ~ " and outcome not in ('answered', 'self_served', 'waiting')", '未接通呼入数', 'Inbound contacts that no agent answered and that were not self-served'),
        measure('answered_with_wait', offered ~ " and outcome = 'answered' and queue_wait_s is not null", '有等待时长的接起数', 'Answered contacts with a known wait'),
        measure('offered_with_wait', offered ~ " and outcome != 'waiting' and queue_wait_s is not null", '有等待时长的请求人工数', 'Offered contacts that ended waiting, with a known wait'),
        measure('left_with_wait', left, '有等待时长的离队数', 'Queued contacts that left, with a known wait'),
        measure('invalid', 'is_short_total', '无效通话数（接通总时长过短）', 'Connected for less than the invalid-call limit'),
        measure('invalid_talk', 'is_short_talk', '通话过短数', 'Talk shorter than the invalid-call limit'),
        measure('anomalous', 'is_anomalous', '异常时长通话数', 'Contacts of anomalous duration'),
        measure('decided', 'hangup_reason is not null', '已结束的联络数', 'Contacts with a known end'),
        measure('answered_wait_s', offered ~ " and outcome = 'answered'", '接起者等待秒数之和', 'Seconds waited by the answered', value='queue_wait_s'),
        measure('offered_wait_s', offered ~ " and outcome != 'waiting'", '请求人工者等待秒数之和', 'Seconds waited by the offered', value='queue_wait_s'),
        measure('left_wait_s', left, '离队者等待秒数之和', 'Seconds waited by those who queued and left', value='queue_wait_s'),
        measure('responded', responded, '坐席应答且应答时长已知的呼入数', 'Inbound contacts that an agent answered after a known time'),
        measure('responded_s', responded, '呼入开始至坐席应答的秒数之和', 'Seconds from the start of inbound contacts to the first agent', value='response_s'),
        measure('responded_from_queue', responded_from_queue, '排队后坐席应答且应答时长已知的呼入数', 'Inbound contacts that queued and that an agent answered after a known time'),
        measure('responded_from_queue_s', responded_from_queue, '首次入队至坐席应答的秒数之和', 'Seconds from the first queue entry of inbound contacts to the first agent', value='queue_response_s'),
        measure('line_connected', inbound ~ " and outcome not in ('blocked', 'failed')", '线路接通的呼入数', 'Inbound contacts that the lines connected'),
        measure('left_wait_max_s', left, '最长排队秒数', 'Longest wait of those who queued and left', value='queue_wait_s', agg='max'),
    ] -%}
    {%- for reason in ['caller_hangup', 'not_connected', 'completed'] -%}
        {%- do measures.append(measure('ended', "hangup_reason = '" ~ reason ~ "'", '按挂断原因的联络数', 'Contacts by reason of the end', category=reason)) -%}
    {%- endfor -%}
    {%- do measures.extend(wait_bucket_measures(inbound ~ ' and ' ~ hung_up ~ ' and queue_wait_s is not null', left, 'queue_wait_s')) -%}
    {{ return(measures) }}
{% endmacro %}

{#- Contacts by the time they ended: fct_contact, ended_at. -#}
{% macro contact_handling_measures() %}
    {{ return([
        measure('contacts_with_talk', 'talk_s is not null', '坐席处理且通话时长已知的联络数', 'Contacts that an agent handled, with known talk'),
        measure('contact_handle_s', 'talk_s is not null', '通话时长已知者的处理秒数之和（通话+保持+咨询+话后）', 'Seconds of talk, hold, consultation and after-call work of contacts with known talk', value='handle_s'),
        measure('contact_talk_s', 'talk_s is not null', '通话秒数之和', 'Seconds of talk', value='talk_s'),
    ]) }}
{% endmacro %}
