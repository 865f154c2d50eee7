{#- Contacts of known customers about known issues by the date they ended: fct_contact_resolution. -#}
{% macro matter_measures() %}
    {%- set first = 'not is_repeat' -%}
    {%- set mature_first = 'is_mature and ' ~ first -%}
    {%- set solved = 'not is_followed and not is_reopened' -%}
    {%- set net = mature_first ~ ' and is_resolvable' -%}
    {{ return([
        measure('matter_contacts', 'true', '客户与问题均已知的呼入处理数', 'Handled inbound contacts of known customer and issue'),
        measure('repeat_contacts', 'is_repeat', '七天内重复先前联络的处理数', 'Contacts that repeat an earlier one of the last seven days'),
        measure('mature_contacts', 'is_mature', '已满七天的处理数', 'Contacts whose seven days have passed'),
        measure('followed_contacts', 'is_followed', '七天内被重复联络跟进的处理数', 'Contacts that a repeat followed within seven days'),
        measure('mature_matters', mature_first, '已满七天的首次联络数', 'First contacts whose seven days have passed'),
        measure('resolved_matters', mature_first ~ ' and ' ~ solved, '七天内无重复且工单未重开的首次联络数', 'First contacts with neither repeat nor reopened ticket within seven days'),
        measure('unfollowed_matters', mature_first ~ ' and not is_followed', '七天内无重复的首次联络数', 'First contacts without a repeat within seven days'),
        measure('first_matters', first, '首次联络数', 'First contacts'),
        measure('declared_matters', first ~ ' and is_declared_solved', '首次联络中申报已解决数', 'First contacts that were declared solved'),
        measure('net_matters', first ~ ' and is_resolvable', '可首次解决的首次联络数', 'First contacts of issues that a first contact can solve'),
        measure('declared_net_matters', first ~ ' and is_resolvable and is_declared_solved', '其中申报已解决数', 'Of these, declared solved'),
        measure('mature_net_matters', net, '可首次解决且已满七天的首次联络数', 'First contacts of issues that a first contact can solve, seven days on'),
        measure('resolved_net_matters', net ~ ' and ' ~ solved, '其中无重复且工单未重开数', 'Of these, with neither repeat nor reopened ticket'),
        measure('declared_less_observed', net, '申报已解决数减实际解决数', 'Declared solved less observed as solved', value='(case when is_declared_solved then 1 else 0 end - case when ' ~ solved ~ ' then 1 else 0 end)'),
    ]) }}
{% endmacro %}

{#- Answered calls by their number alone: fct_contact_resolution. -#}
{% macro recall_measures() %}
    {%- set first = 'is_mature and not is_repeated_call' -%}
    {{ return([
        measure('mature_first_calls', first, '已满七天、按号码为首次的接通来电数', 'Answered calls that are the first of their number in seven days, seven days on'),
        measure('resolved_first_calls', first ~ ' and not is_followed_call', '其中七天内该号码未再来电数', 'Of these, without another call of the number within seven days'),
    ]) }}
{% endmacro %}

{#- All handled inbound contacts, whatever is known of them: fct_contact_resolution. -#}
{% macro handled_measures() %}
    {{ return([
        measure('handled_inbound', 'true', '坐席处理的呼入联络数', 'Inbound contacts that an agent handled'),
        measure('known_inbound', 'is_matter_known', '其中客户与问题均已知数', 'Of these, with known customer and issue'),
        measure('unknown_customers', 'issue_id is not null and customer_key is null', '已登记问题而客户未知的联络数', 'Coded contacts of unknown customers'),
        measure('declared_contacts', 'is_declared_solved is not null', '有解决申报的联络数', 'Contacts with a declaration'),
        measure('declared_solved', 'is_declared_solved', '申报已解决的联络数', 'Contacts declared solved'),
    ]) }}
{% endmacro %}

{#- Tickets by the date of their first solution: fct_ticket. -#}
{% macro one_touch_measures() %}
    {%- set one_touch = 'assigned_agent_id = created_by_agent_id and coalesce(reopened_count, 0) = 0 and coalesce(returned_count, 0) = 0' -%}
    {{ return([
        measure('first_solved_tickets', 'true', '首次解决的工单数', 'Tickets solved for the first time'),
        measure('one_touch_tickets', one_touch, '其中由建单人一次解决数', 'Of these, solved by their writer, not sent back, not opened again'),
    ]) }}
{% endmacro %}
