{#- Answers in chats and stays in the telephone menu: fct_chat_turn, fct_ivr_visit. -#}

{#- Turns by the date of their chat; a turn that nobody answered is no part of a mean. -#}
{% macro chat_turn_measures() %}
    {%- set first = 'turn_no = 1 and response_s is not null' -%}
    {{ return([
        measure('chat_turns', 'response_s is not null', '在线会话中得到坐席回复的轮次数', 'Turns of chats that an agent answered'),
        measure('chat_turn_s', 'response_s is not null', '这些轮次自客户首条未回复消息至坐席回复的秒数之和', 'Seconds from the first unanswered message of the customer to the answer of these turns', value='response_s'),
        measure('chat_first_responses', first, '得到坐席回复的在线会话数', 'Chats that an agent answered'),
        measure('chat_first_response_s', first, '会话首条消息至坐席首次回复的秒数之和', 'Seconds from the first message of these chats to the first answer', value='response_s'),
    ]) }}
{% endmacro %}

{#- Visits to nodes of the menu and the contacts that made them, by the date of the contact. Contacts are counted at their
    first visit. -#}
{% macro menu_measures() %}
    {%- set contact = 'is_first_of_contact' -%}
    {%- set timed = contact ~ ' and contact_menu_s is not null' -%}
    {{ return([
        measure('menu_contacts', contact, '进入语音菜单的联络数', 'Contacts that reached the menu'),
        measure('menu_contacts_queued', contact ~ ' and is_contact_queued', '进入语音菜单后又进入队列的联络数', 'Of these, contacts that entered a queue'),
        measure('menu_contacts_self_served', contact ~ ' and is_contact_self_served', '在语音菜单内自助办结的联络数', 'Of these, contacts that were done in the menu'),
        measure('menu_contacts_timed', timed, '菜单停留时长已知的联络数', 'Contacts whose time in the menu is known'),
        measure('menu_s', timed, '这些联络的菜单停留秒数之和', 'Seconds that these spent in the menu', value='contact_menu_s'),
        measure('menu_hops', "exit_kind = 'next_node'", '菜单内跳转到下一节点的次数', 'Visits that were left for another node'),
        measure('menu_visits', 'exit_kind is not null', '离开方式已知的节点访问次数', 'Visits to nodes whose end is known'),
        measure('menu_visits_to_agent', "exit_kind = 'agent'", '由节点转人工的次数', 'Visits that were left for an agent'),
        measure('menu_hangups', "exit_kind = 'hangup'", '在节点挂机的次数', 'Visits that ended by hanging up'),
        measure('menu_selections', 'is_jump_completed is not null', '按键选择次数', 'Keys that were pressed'),
        measure('menu_jumps', 'is_jump_completed', '按键后到达目标节点的次数', 'Keys that led to their target'),
    ]) }}
{% endmacro %}
