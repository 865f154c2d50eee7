{#- Tickets by each date that they touch: fct_ticket_day. -#}
{% macro ticket_measures() %}
    {%- set measures = [] -%}
    {%- for name, sql, zh, en in [
        ('tickets_created', 'created_count', '建立的工单数', 'Tickets created'),
        ('tickets_judged', 'judged_count', '已核定分类的工单数', 'Tickets whose category is settled'),
        ('tickets_accurate', 'accurate_count', '建单即完整且分类正确的工单数', 'Tickets complete and rightly classified from the start'),
        ('tickets_returned', 'returned_count', '因信息不全被退回的工单数', 'Tickets sent back because information was missing'),
        ('complaint_tickets', 'complaint_count', '投诉类工单数', 'Tickets that are complaints'),
        ('ticket_fields_required', 'required_field_count', '必填项数', 'Required fields'),
        ('ticket_fields_filled', 'filled_field_count', '建单时已填的必填项数', 'Required fields filled at creation'),
        ('tickets_assigned', 'assigned_count', '首次派单的工单数', 'Tickets first assigned'),
        ('tickets_assigned_solved', 'assigned_solved_count', '派单后已解决的工单数', 'Assigned tickets that are solved'),
        ('tickets_assigned_open', 'assigned_count - assigned_solved_count', '派单后未解决的工单数', 'Assigned tickets that are not solved'),
        ('tickets_due', 'due_count', '到期的工单数', 'Tickets that fell due'),
        ('tickets_closed_in_time', 'closed_in_time_count', '按期解决并归档的工单数', 'Tickets solved and archived no later than due'),
        ('tickets_solved', 'solved_count', '解决的工单数', 'Tickets solved'),
        ('ticket_solving_s', 'solving_s', '从建立到解决的自然秒数之和', 'Calendar seconds from creation to solution'),
        ('ticket_solving_business_s', 'solving_business_s', '从建立到解决的工作时间秒数之和', 'Office-hour seconds from creation to solution'),
    ] -%}
        {%- do measures.append(measure(name, none, zh, en, value=sql)) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}

{#- Fields of tickets, by the creation of their ticket: fct_ticket_field. Names as for whole tickets. -#}
{% macro ticket_field_measures() %}
    {{ return([
        measure('ticket_fields_required', none, '必填该字段的工单数', 'Tickets in which the field is required', value='1'),
        measure('ticket_fields_filled', 'is_filled_at_creation', '建单时已填该字段的工单数', 'Tickets in which it was filled at creation'),
    ]) }}
{% endmacro %}

{#- Hand-overs between departments, by their acceptance: fct_ticket_stage. A ticket's own sum stands at its last one. -#}
{% macro ticket_stage_measures() %}
    {{ return([
        measure('ticket_hand_overs', none, '已签收的部门流转次数', 'Hand-overs between departments that were accepted', value='1'),
        measure('ticket_hand_over_s', none, '部门流转从发出到签收的自然秒数之和', 'Calendar seconds of hand-overs from sending to acceptance', value='waiting_s'),
        measure('ticket_hand_over_business_s', none, '部门流转从发出到签收的工作时间秒数之和', 'Office-hour seconds of hand-overs from sending to acceptance', value='waiting_business_s'),
        measure('tickets_routed', 'is_last_accepted', '有部门流转的工单数，按最后一次签收', 'Tickets handed over, by their last acceptance'),
        measure('ticket_routing_s', 'is_last_accepted', '工单全部流转的自然秒数之和，按最后一次签收', 'Calendar seconds of all hand-overs of a ticket, by the last acceptance', value='ticket_waiting_s'),
        measure('ticket_routing_business_s', 'is_last_accepted', '工单全部流转的工作时间秒数之和，按最后一次签收', 'Office-hour seconds of all hand-overs of a ticket, by the last acceptance', value='ticket_waiting_business_s'),
    ]) }}
{% endmacro %}

{#- Tickets sent back, by the field that was missing and their creation: fct_ticket_return. -#}
{% macro ticket_return_measures() %}
    {{ return([
        measure('tickets_returned_for_field', none, '因缺少该字段被退回的工单数', 'Tickets sent back because the field was missing', value='1'),
    ]) }}
{% endmacro %}
