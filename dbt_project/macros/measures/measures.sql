{#- The additive measures behind every KPI: the one place where a numerator or denominator is written. A family is one
    fact and one clock; `kpi_measure_*` sums them, `kpi_measure_definition` publishes them, `seeds/kpi_definition.csv`
    names them. `category` splits a measure into the classes of a distribution. -#}

{% macro measure_families() %}
    {{ return({
        'contact': contact_measures(),
        'contact_handling': contact_handling_measures(),
        'queue': queue_measures(),
        'leg': leg_measures(),
        'ring': ring_measures(),
        'agent': agent_measures(),
        'agent_day': agent_day_measures(),
        'capture': capture_measures(),
    }) }}
{% endmacro %}

{#- The fact of each family and which of its rows count. -#}
{% macro measure_family_facts() %}
    {{ return({
        'contact': {'fact': 'fct_contact', 'row_filter': "medium = 'voice'"},
        'contact_handling': {'fact': 'fct_contact', 'row_filter': "outcome = 'answered' and medium = 'voice'"},
        'queue': {'fact': 'fct_queue_interval', 'row_filter': "direction = 'inbound' and medium = 'voice'"},
        'leg': {'fact': 'fct_agent_leg', 'row_filter': "medium = 'voice'"},
        'ring': {'fact': 'fct_queue_offer', 'row_filter': none},
        'agent': {'fact': 'fct_agent_interval', 'row_filter': 'logged_in_s > 0'},
        'agent_day': {'fact': 'fct_agent_day', 'row_filter': none},
        'capture': {'fact': 'fct_capture_check', 'row_filter': none},
    }) }}
{% endmacro %}

{#- Contacts by the time they arrived: fct_contact, counted_at. -#}
{% macro contact_measures() %}
    {%- set inbound = "direction = 'inbound'" -%}
    {%- set abandoned = "outcome = 'abandoned_queue'" -%}
    {%- set hung_up = "outcome in ('abandoned_queue', 'short_abandon')" -%}
    {%- set queued = inbound ~ " and first_queue_at is not null" -%}
    {%- set left = queued ~ " and outcome != 'waiting' and queue_wait_s is not null" -%}
    {%- set offered = "is_offered" -%}
    {%- set within = "queue_wait_s <= sl_target_s" -%}
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
        measure('handled_contacts', 'true', '坐席处理的联络数', 'Contacts that an agent handled'),
        measure('contact_handle_s', 'true', '处理秒数之和（通话+保持+咨询+话后）', 'Seconds of talk, hold, consultation and after-call work', value='handle_s'),
        measure('contact_talk_s', 'true', '通话秒数之和', 'Seconds of talk', value='talk_s'),
    ]) }}
{% endmacro %}

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
        ('leg_handle_s', 'handle_s', '处理秒数之和', 'Handling seconds of these conversations'),
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

{#- Conversations of agents by the time they ended: fct_agent_leg. -#}
{% macro leg_measures() %}
    {{ return([
        measure('handled_legs', 'true', '处理的通话段数', 'Conversations'),
        measure('handled_inbound_legs', "direction = 'inbound'", '接听的呼入通话段数', 'Inbound conversations'),
        measure('leg_handle_s', 'true', '处理秒数之和', 'Handling seconds', value='handle_s'),
        measure('leg_talk_s', 'true', '通话秒数之和', 'Talk seconds', value='talk_s'),
        measure('leg_talk_max_s', 'true', '最长通话秒数', 'Longest talk', value='talk_s', agg='max'),
        measure('leg_talk_min_s', 'true', '最短通话秒数', 'Shortest talk', value='talk_s', agg='min'),
    ]) }}
{% endmacro %}

{#- Ring attempts by the time they ended: fct_queue_offer. -#}
{% macro ring_measures() %}
    {{ return([
        measure('ring_attempts', 'ring_s is not null', '有振铃时长的振铃次数', 'Ring attempts with a known ring time'),
        measure('ring_attempts_s', 'true', '振铃秒数之和', 'Seconds of ringing', value='ring_s'),
        measure('ring_answered', "result = 'answered' and ring_s is not null", '接起的振铃次数', 'Ring attempts that were answered'),
        measure('ring_answered_s', "result = 'answered'", '接起前振铃秒数之和', 'Seconds of ringing before an answer', value='ring_s'),
        measure('ring_unanswered', "result = 'no_answer'", '未接的振铃次数', 'Ring attempts that the agent let ring'),
    ]) }}
{% endmacro %}

{#- Agents' time on the wall clock: fct_agent_interval. -#}
{% macro agent_measures() %}
    {%- set measures = [] -%}
    {%- for name, sql, zh, en in [
        ('logged_in_s', 'logged_in_s', '登录秒数', 'Logged-in seconds'),
        ('logged_in_less_break_s', 'logged_in_s - break_state_s', '登录秒数减小休', 'Logged-in seconds less breaks'),
        ('talk_state_s', 'talk_state_s', '通话状态秒数', 'Seconds in the state talk'),
        ('handle_state_s', 'talk_state_s + acw_state_s', '通话与话后状态秒数', 'Seconds in the states talk and after-call work'),
        ('handle_or_ready_s', 'talk_state_s + acw_state_s + ready_state_s + ringing_state_s', '通话、话后、空闲与振铃秒数', 'Seconds in talk, after-call work, ready or ringing'),
    ] -%}
        {%- do measures.append(measure(name, none, zh, en, value=sql)) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{#- Agents' shift dates: fct_agent_day. -#}
{% macro agent_day_measures() %}
    {{ return([
        measure('agent_days', none, '坐席日数（当日登录满一小时）', 'Agent-days: dates with at least an hour logged in', value='agent_days'),
        measure('fte_days', none, '全职坐席日数（登录八小时为一日）', 'Full-time days: eight hours logged in make one', value='logged_in_s / 28800.0'),
        measure('offline_s', none, '首次登录至末次登出之间未登录的秒数', 'Seconds not logged in between first log-in and last log-out', value='offline_s'),
        measure('shift_logged_in_s', none, '班次日登录秒数', 'Logged-in seconds of the shift date', value='logged_in_s'),
    ]) }}
{% endmacro %}

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

{#- One measure. `condition` picks rows (none: all), `value` is what is added up (none: rows are counted). -#}
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
        'sql': agg ~ '(' ~ picked ~ ')',
        'zh': zh,
        'en': en,
    }) }}
{% endmacro %}
