{#- Conversations of agents by the time they ended: fct_agent_leg. -#}
{% macro leg_measures() %}
    {{ return([
        measure('handled_legs', 'true', '处理的通话段数', 'Conversations'),
        measure('handled_inbound_legs', "direction = 'inbound'", '接听的呼入通话段数', 'Inbound conversations'),
        measure('legs_with_talk', 'talk_s is not null', '通话时长已知的通话段数', 'Conversations with known talk'),
        measure('leg_handle_s', 'talk_s is not null', '通话时长已知者的处理秒数之和', 'Handling seconds of conversations with known talk', value='handle_s'),
        measure('leg_talk_s', 'talk_s is not null', '通话秒数之和', 'Talk seconds', value='talk_s'),
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

{#- Agents' dates with paid time, and what the agents did on them: fct_agent_paid_day. -#}
{% macro agent_paid_measures() %}
    {{ return([
        measure('paid_days', 'true', '有付薪班次的坐席日数', 'Dates of agents with paid time'),
        measure('paid_s', none, '付薪秒数', 'Paid seconds', value='paid_s'),
        measure('paid_talk_state_s', none, '有付薪班次的坐席的通话状态秒数', 'Seconds in the state talk of agents with paid time', value='talk_state_s'),
        measure('paid_handle_or_ready_s', none, '有付薪班次的坐席的通话、话后、空闲与振铃秒数', 'Seconds in talk, after-call work, ready or ringing of agents with paid time', value='handle_or_ready_s'),
    ]) }}
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
