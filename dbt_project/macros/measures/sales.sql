{#- Offers, leads, orders and the contacts that win them. Belongs here: measures of facts by date, then those that count
    people by the month. -#}

{#- Handled contacts by the date on which they ended: fct_contact_sale_day. -#}
{% macro contact_sale_measures() %}
    {%- set calls = "medium = 'voice'" -%}
    {{ return([
        measure('service_contacts', none, '处理的呼入服务联络数（不含选购类）', 'Handled inbound contacts of customers who did not come to buy', value='service_count'),
        measure('service_contacts_sold', none, '其中促成已付款订单者', 'Of them, those that won a paid order', value='service_sold_count'),
        measure('service_contacts_offered', none, '有邀约的服务联络数', 'Service contacts in which an offer was made', value='service_offered_count'),
        measure('service_contacts_offered_sold', none, '有邀约且促成已付款订单的服务联络数', 'Service contacts with an offer that won a paid order', value='service_offered_sold_count'),
        measure('contacts_handled', none, '坐席处理的联络数，不限媒介', 'Contacts of any medium that an agent handled', value='handled_count'),
        measure('handled_calls', calls, '处理的通话数，呼入与呼出', 'Handled calls, in and out', value='handled_count'),
        measure('orders_won_in_calls', calls, '由这些通话促成的已付款订单数', 'Paid orders that these calls won', value='won_order_count'),
    ]) }}
{% endmacro %}

{#- Offers by their date: fct_invite. -#}
{% macro offer_measures() %}
    {{ return([
        measure('offers', 'true', '邀约数', 'Offers'),
        measure('offers_accepted', 'is_accepted', '被接受的邀约数', 'Offers that were accepted'),
    ]) }}
{% endmacro %}

{#- Orders that an agent won, by the date of payment: fct_order. -#}
{% macro order_measures() %}
    {{ return([measure('orders_won', 'true', '坐席促成且已付款的订单数', 'Paid orders that an agent won')]) }}
{% endmacro %}

{#- Leads by the dates that they touch: fct_lead_day. -#}
{% macro lead_measures() %}
    {{ return([
        measure('leads', none, '新增线索数', 'Leads that came up', value='created_count'),
        measure('leads_qualified', none, '确认意向明确的线索数', 'Leads that were found to have a clear intent', value='qualified_count'),
        measure('leads_decided', none, '转化期已满的线索数，按产生日期', 'Leads whose time to be converted is over, by the date on which they came up', value='decided_count'),
        measure('leads_converted', none, '其中在转化期内付款者', 'Of them, those that were paid within that time', value='converted_count'),
        measure('leads_closed', none, '成交线索数，按付款日期', 'Leads that were closed, by the date of payment', value='closed_count'),
        measure('lead_closing_s', none, '成交线索自产生至付款的秒数之和', 'Seconds from lead to payment of those closed', value='closing_s'),
    ]) }}
{% endmacro %}

{#- People and money of a month: fct_sales_month. -#}
{% macro sales_month_measures() %}
    {%- set earned = "kind = 'paid' and earning_order_count > 0" -%}
    {{ return([
        measure('month_orders_won', "kind = 'won'", '当月坐席促成且已付款的订单数', 'Paid orders of the month that an agent won', value='record_count'),
        measure('month_customers_contacted', "kind = 'contacted'", '当月联络过的客户数', 'Different customers of the handled contacts of the month', value='person_key', agg='distinct'),
        measure('month_customers_offered', "kind = 'offered'", '当月被邀约的客户数', 'Different customers to whom something was offered in the month', value='person_key', agg='distinct'),
        measure('month_agents_won', "kind = 'won'", '当月有成单的坐席数', 'Different agents with an order won in the month', value='agent_id', agg='distinct'),
        measure('month_won_gross', "kind = 'won'", '当月坐席成单金额', 'Money of the orders that agents won, before refunds', value='coalesce(gross_amount, 0)'),
        measure('month_won_net', "kind = 'won'", '当月坐席成单金额，扣除退款', 'Money of the orders that agents won, less what was refunded', value='coalesce(net_amount, 0)'),
        measure('month_paid_net', earned, '当月已付款订单金额，扣除退款', 'Money of all orders paid in the month, less what was refunded', value='coalesce(net_amount, 0)'),
        measure('month_buyers', earned, '当月有净收入的买家数', 'Different buyers of the month whose money stayed', value='person_key', agg='distinct'),
        measure('month_paid_orders', earned, '当月有净收入的订单数', 'Orders of the month whose money stayed', value='earning_order_count'),
        measure('month_customers_bought_offer', "kind = 'bought_offer'", '当月购买所邀约产品的客户数', 'Different customers who paid for what was offered to them', value='person_key', agg='distinct'),
    ]) }}
{% endmacro %}

{#- Customers of the year before a month and their return in the year after it: fct_retention. -#}
{% macro retention_measures() %}
    {{ return([
        measure('customers_served', none, '此前一年服务过的客户数', 'Customers served in the year before', value='served_count'),
        measure('customers_served_bought', none, '其中此后一年付款复购者', 'Of them, those who paid for an order in the year after', value='served_bought_count'),
        measure('customers_served_active', none, '其中此后一年有往来者（投诉不算）', 'Of them, those who came again or bought in the year after; a complaint is no sign of staying', value='served_active_count'),
        measure('customers_bought', none, '此前一年付款购买的客户数', 'Customers who paid for an order in the year before', value='buyer_count'),
        measure('customers_bought_again', none, '其中此后一年再次付款者', 'Of them, those who did so again in the year after', value='buyer_bought_count'),
    ]) }}
{% endmacro %}
