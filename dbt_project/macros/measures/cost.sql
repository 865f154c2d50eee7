{#- What a month cost, shared out over channels and queues (fct_cost_month), and as the ledger has it (fct_cost). -#}
{% macro cost_measures() %}
    {{ return([
        measure('cost_shared', none, '分摊后的运营成本', 'Operating cost, shared out', value='total_cost'),
        measure('cost_contacts', none, '有成本入账月份所处理的联络数', 'Handled contacts of months whose cost is booked', value='contact_count'),
    ]) }}
{% endmacro %}

{#- The ledger by the month that a cost belongs to: fct_cost. -#}
{% macro ledger_measures() %}
    {{ return([
        measure('cost_booked', 'true', '入账的运营成本', 'Operating cost as booked', value='own_amount'),
        measure('cost_booked_labour', "cost_type = 'labour'", '入账的人力成本', 'Labour cost as booked', value='own_amount'),
        measure('cost_entries', 'true', '台账条数', 'Entries of the ledger'),
    ]) }}
{% endmacro %}
