{#- The additive measures behind every KPI, by family: the one place that says which fact a family adds up, by which date
    and by which dimensions. The measures of a family stand in the file of their subject, `seeds/kpi_definition.csv` names
    them, `kpi_measure_*` sum them, `kpi_measure_definition` publishes them. `category` splits a measure into the classes
    of a distribution. -#}

{% macro measure_families() %}
    {{ return({
        'contact': contact_measures(),
        'contact_handling': contact_handling_measures(),
        'queue': queue_measures(),
        'leg': leg_measures(),
        'ring': ring_measures(),
        'agent': agent_measures(),
        'agent_paid': agent_paid_measures(),
        'agent_day': agent_day_measures(),
        'capture': capture_measures(),
        'integration': integration_measures(),
        'query': query_measures(),
        'contact_sale': contact_sale_measures(),
        'offer': offer_measures(),
        'order': order_measures(),
        'lead': lead_measures(),
        'sales_month': sales_month_measures(),
        'retention': retention_measures(),
        'cost': cost_measures(),
        'ledger': ledger_measures(),
        'ticket': ticket_measures(),
        'ticket_field': ticket_field_measures(),
        'ticket_stage': ticket_stage_measures(),
        'ticket_return': ticket_return_measures(),
        'matter': matter_measures(),
        'recall': recall_measures(),
        'handled': handled_measures(),
        'one_touch': one_touch_measures(),
        'rating': rating_measures(),
        'invitation': invitation_measures(),
        'hand_over': hand_over_measures(),
        'evaluation': evaluation_measures(),
        'evaluation_section': evaluation_score_measures(),
        'sound': sound_measures('contact'),
        'sound_agent': sound_measures('agent'),
        'sound_line': sound_measures('line'),
        'contact_record': contact_record_measures(),
        'recording': recording_measures(),
        'chat_turn': chat_turn_measures(),
        'menu': menu_measures(),
        'agent_rating': agent_rating_measures(),
        'action': action_measures(),
        'complaint': complaint_measures(),
        'agent_complaint': agent_complaint_measures(),
    }) }}
{% endmacro %}

{#- Of each family: its fact, which rows count, the date that they belong to, the columns of its dimensions and the sets
    of them that are summed. `is_touched`: the fact holds records that live on, so dates outside the window change too.
    `window_by`: 'month' for a fact that holds months. -#}
{% macro measure_family_facts() %}
    {{ return({
        'contact': family(
            'fct_contact', "medium = 'voice'",
            {
                'channel': 'channel_id', 'region': 'region_code', 'segment': 'segment',
                'line_of_business': 'line_of_business', 'line': 'line_id', 'campaign': 'campaign_id',
                'hour_of_day': 'local_hour'
            },
            [
                [], ['channel'], ['region'], ['segment'], ['line_of_business'], ['line'], ['campaign'], ['hour_of_day']
            ]
        ),
        'contact_handling': family(
            'fct_contact', "outcome = 'answered' and medium = 'voice'",
            {'channel': 'channel_id', 'region': 'region_code', 'issue': 'issue_id'},
            [[], ['channel'], ['region'], ['issue']], date='local_ended_date'
        ),
        'queue': family(
            'fct_queue_interval', "direction = 'inbound' and medium = 'voice'",
            {'queue': 'queue_id', 'hour_of_day': 'local_hour'}, [['queue'], ['queue', 'hour_of_day']]
        ),
        'leg': family(
            'fct_agent_leg', "medium = 'voice'", {'agent': 'agent_id', 'team': 'team_id'}, [[], ['agent'], ['team']]
        ),
        'ring': family(
            'fct_queue_offer', none, {'queue': 'queue_id', 'agent': 'agent_id'}, [[], ['queue'], ['agent']]
        ),
        'agent': family(
            'fct_agent_interval', 'logged_in_s > 0', {'agent': 'agent_id', 'team': 'team_id'}, [[], ['agent'], ['team']]
        ),
        'agent_paid': family(
            'fct_agent_paid_day', 'is_counted', {'agent': 'agent_id', 'team': 'team_id'}, [[], ['agent'], ['team']],
            is_touched=true
        ),
        'agent_day': family(
            'fct_agent_day', none, {'agent': 'agent_id', 'team': 'team_id'}, [[], ['agent'], ['team']]
        ),
        'capture': family('fct_capture_check', none, {'hour_of_day': 'local_hour'}, [[], ['hour_of_day']]),
        'integration': family(
            'fct_api_minute', none, {'endpoint': 'endpoint_id', 'tool': 'tool_name'}, [[], ['endpoint'], ['tool']]
        ),
        'query': family(
            'fct_query', 'is_counted', {'user': 'user_id', 'tool': 'tool_name'}, [[], ['user'], ['tool']]
        ),
        'contact_sale': family(
            'fct_contact_sale_day', none, {'agent': 'agent_id', 'channel': 'channel_id'},
            [[], ['agent'], ['channel']], is_touched=true
        ),
        'offer': family(
            'fct_invite', none, {'agent': 'agent_id', 'campaign': 'campaign_id', 'product': 'product_id'},
            [[], ['agent'], ['campaign'], ['product']]
        ),
        'order': family(
            'fct_order', 'is_won', {'agent': 'agent_id', 'product': 'product_id'}, [[], ['agent'], ['product']],
            date='local_paid_date', is_touched=true
        ),
        'lead': family(
            'fct_lead_day', none, {'agent': 'owner_agent_id', 'lead_source': 'lead_source'},
            [[], ['agent'], ['lead_source']], is_touched=true
        ),
        'sales_month': family(
            'fct_sales_month', none, {'agent': 'agent_id', 'product': 'product_id'}, [[], ['agent'], ['product']],
            window_by='month'
        ),
        'retention': family('fct_retention', none, {'segment': 'tier'}, [[], ['segment']], is_touched=true),
        'cost': family(
            'fct_cost_month', none, {'channel': 'channel_id', 'queue': 'queue_id'}, [[], ['channel'], ['queue']],
            window_by='month'
        ),
        'ledger': family('fct_cost', 'own_amount is not null', {}, [[]], date='month', window_by='month'),
        'ticket': family(
            'fct_ticket_day', none,
            {
                'channel': 'channel_id', 'agent': 'agent_id', 'issue': 'issue_id', 'ticket_type': 'ticket_type',
                'department': 'assigned_department_id'
            },
            [[], ['channel'], ['agent'], ['issue'], ['ticket_type'], ['department']], is_touched=true
        ),
        'ticket_field': family(
            'fct_ticket_field', 'is_required', {'field': 'field_name'}, [['field']], date='local_created_date',
            is_touched=true
        ),
        'ticket_stage': family(
            'fct_ticket_stage', 'local_accepted_date is not null',
            {'issue': 'issue_id', 'department': 'to_department_id', 'stage': 'stage'},
            [[], ['issue'], ['department'], ['stage'], ['issue', 'stage']], date='local_accepted_date', is_touched=true
        ),
        'ticket_return': family(
            'fct_ticket_return', none, {'issue': 'issue_id', 'field': 'missing_field'},
            [['field'], ['issue', 'field']], is_touched=true
        ),
        'matter': family(
            'fct_contact_resolution', 'is_matter_known', resolution_columns(),
            [[], ['channel'], ['queue'], ['agent'], ['issue'], ['region'], ['segment'], ['channel', 'issue']],
            is_touched=true
        ),
        'recall': family(
            'fct_contact_resolution', 'is_number_known', resolution_columns(),
            [[], ['channel'], ['queue'], ['agent'], ['region'], ['segment']], is_touched=true
        ),
        'handled': family(
            'fct_contact_resolution', none, resolution_columns(),
            [[], ['channel'], ['queue'], ['agent'], ['issue']], is_touched=true
        ),
        'one_touch': family(
            'fct_ticket', 'local_first_solved_date is not null',
            {'channel': 'channel_id', 'agent': 'created_by_agent_id', 'issue': 'issue_id'},
            [[], ['channel'], ['agent'], ['issue']], date='local_first_solved_date', is_touched=true
        ),
        'rating': family(
            'fct_survey_answer', 'is_rating',
            {'channel': 'channel_id', 'agent': 'agent_id', 'segment': 'segment', 'scenario': 'scenario'},
            [[], ['channel'], ['agent'], ['segment'], ['scenario']]
        ),
        'invitation': family(
            'fct_survey_invitation', 'not is_sent_again',
            {'channel': 'channel_id', 'agent': 'agent_id', 'scenario': 'scenario'},
            [[], ['channel'], ['agent'], ['scenario']]
        ),
        'hand_over': family(
            'fct_interaction_sync', 'continuity_points is not null', {'channel_pair': 'channel_pair'},
            [[], ['channel_pair']]
        ),
        'evaluation': family('fct_qa_evaluation', none, {'agent': 'agent_id'}, [[], ['agent']]),
        'evaluation_section': family(
            'fct_qa_section', none, {'agent': 'agent_id', 'section': 'section'}, [['section'], ['agent', 'section']]
        ),
        'sound': family('fct_audio_quality', 'is_first_of_contact', {}, [[]]),
        'sound_agent': family('fct_audio_quality', 'is_first_of_agent', {'agent': 'agent_id'}, [['agent']]),
        'sound_line': family('fct_audio_quality', 'is_first_of_line', {'line': 'line_id'}, [['line']]),
        'contact_record': family(
            'fct_contact_record', none, {'channel': 'channel_id', 'agent': 'agent_id'}, [[], ['channel'], ['agent']],
            is_touched=true
        ),
        'recording': family('fct_recording_day', none, {}, [[]], is_touched=true),
        'chat_turn': family('fct_chat_turn', none, {'channel': 'channel_id'}, [[], ['channel']]),
        'menu': family(
            'fct_ivr_visit', none, {'channel': 'channel_id', 'node': 'node_id'}, [[], ['channel'], ['node']]
        ),
        'agent_rating': family(
            'fct_agent_rating_month', 'is_counted', {}, [[]], window_by='month'
        ),
        'action': family(
            'fct_action_day', none, {'department': 'department_id', 'metric': 'metric_id', 'action': 'action_id'},
            [[], ['department'], ['metric'], ['action']], is_touched=true
        ),
        'complaint': family(
            'fct_complaint_day', none,
            {'channel': 'channel_id', 'complaint_type': 'complaint_type', 'complaint_level': 'complaint_level'},
            [[], ['channel'], ['complaint_type'], ['complaint_level']], is_touched=true
        ),
        'agent_complaint': family(
            'fct_agent_complaint_day', none, {'agent': 'agent_id'}, [['agent']], is_touched=true
        ),
    }) }}
{% endmacro %}

{% macro resolution_columns() %}
    {{ return({
        'channel': 'channel_id', 'queue': 'queue_id', 'agent': 'agent_id', 'issue': 'issue_id', 'region': 'region_code',
        'segment': 'segment'
    }) }}
{% endmacro %}

{#- Of the columns those stay that a set names. -#}
{% macro family(fact, row_filter, columns, sets, date='local_date', is_touched=false, window_by=none) %}
    {%- set used = {} -%}
    {%- for dimension, column in columns.items() if dimension in (sets | sum(start=[])) -%}
        {%- do used.update({dimension: column}) -%}
    {%- endfor -%}
    {{ return({
        'fact': fact, 'row_filter': row_filter, 'columns': used, 'sets': sets, 'date': date,
        'window_by': 'touched' if is_touched else window_by
    }) }}
{% endmacro %}
