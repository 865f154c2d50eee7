{#- Complaints by the dates on which they were received and closed: fct_complaint_day. -#}
{% macro complaint_measures() %}
    {%- set measures = [] -%}
    {%- for name, sql, zh, en in [
        ('complaints_opened', 'opened_count', '受理的投诉数', 'Complaints received'),
        ('complaints_opened_closed', 'opened_closed_count', '受理后至今已办结的投诉数', 'Complaints received that are closed by now'),
        ('complaints_escalated', 'opened_escalated_count', '受理后升级的投诉数', 'Complaints received that were escalated'),
        ('complaints_again', 'opened_again_count', '写明为再次投诉的件数', 'Complaints that name an earlier one about the same matter'),
        ('complaints_closed', 'closed_count', '办结的投诉数', 'Complaints closed'),
        ('complaint_handling_s', 'handling_s', '从受理到办结的自然秒数之和', 'Calendar seconds from receipt to closing'),
        ('complaint_handling_business_s', 'handling_business_s', '从受理到办结的工作时间秒数之和', 'Office-hour seconds from receipt to closing'),
        ('complaints_decided', 'decided_count', '办结且可判断是否再次发生的投诉数', 'Complaints closed whose time to come again has passed'),
        ('complaints_recurred', 'recurred_count', '办结后同类再次投诉的件数', 'Complaints closed after which the customer complained about the same type'),
    ] -%}
        {%- do measures.append(measure(name, none, zh, en, value=sql)) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{#- Contacts of agents and complaints about them, by the end of the contact: fct_agent_complaint_day. -#}
{% macro agent_complaint_measures() %}
    {{ return([
        measure('agent_contacts', none, '坐席参与处理的联络数', 'Contacts that the agent took part in', value='handled_count'),
        measure('agent_complaints', none, '针对坐席的投诉数', 'Complaints about the agent', value='complaint_count'),
    ]) }}
{% endmacro %}
