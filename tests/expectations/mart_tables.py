"""Small marts written by DuckDB for the tests of mart suites: clean rows on every day. Not here: claims, defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

FIRST_DAY = date(2026, 3, 2)
DAYS = 80
SCHEMA = "marts"

BRIDGES = {
    "rpt_bridge_queue": "",
    "rpt_bridge_queue_handling": "",
    "rpt_bridge_agent": "",
    "rpt_bridge_interval": "10 as local_hour,",
    "rpt_bridge_agent_clock": "10 as local_hour,",
}

# Each selects from `days(day)`; 25 records or intervals a day where a share is judged.
CLEAN: Mapping[str, str] = {
    "fct_contact": """
        select 'asterisk:' || epoch(day)::bigint || '.' || i as contact_id, 'sales' as first_queue_id,
            'inbound' as direction, '138****1234' as caller_masked, 'asterisk' as source_system,
            cast(day as timestamp) + to_seconds(36000 + i * 300) as started_at,
            cast(day as timestamp) + to_seconds(36005 + i * 300) as first_queue_at,
            cast(day as timestamp) + to_seconds(36015 + i * 300) as first_agent_at,
            cast(day as timestamp) + to_seconds(36135 + i * 300) as ended_at, day as local_date,
            15.0::double as response_s, 10.0::double as queue_response_s,
            5.0::double as ivr_s, 10.0::double as queue_wait_s, 4.0::double as ring_s, 120.0::double as talk_s,
            0.0::double as hold_s, 0.0::double as consult_s, 20.0::double as acw_s, 135.0::double as total_s,
            'answered' as outcome, 1 as queue_visit_count, 20 as sl_target_s, 5 as short_abandon_s,
            true as is_offered, false as is_anomalous
        from days, range(25) t(i)""",
    "fct_contact_resolution": """
        select 'asterisk:' || epoch(day)::bigint || '.' || i as contact_id, day as local_date,
            i < 20 as is_matter_known, true as is_mature, case when i < 20 then false end as is_repeat,
            case when i < 20 then i = 0 end as is_followed, case when i < 20 then false end as is_reopened,
            case when i = 0 then 3600.0::double end as until_next_s
        from days, range(25) t(i)""",
    "fct_issue_thread": """
        select 'asterisk:' || epoch(day)::bigint || '.' || i as thread_id, thread_id as first_contact_id,
            case when i = 0 then 'asterisk:' || epoch(day)::bigint || '.later' else thread_id end as last_contact_id,
            'k' || i as customer_key, 'refund' as issue_id, day as local_date,
            case when i = 0 then 90000.0::double else 300.0::double end as span_s,
            cast(day as timestamp) + interval 10 hour as started_at, started_at + to_seconds(span_s) as ended_at,
            case when i = 0 then 49 else 1 end::integer as contact_count,
            case when i = 0 then 48 else 0 end::integer as repeat_count
        from days, range(2) t(i)""",
    "fct_queue_visit": """
        select 'asterisk:' || epoch(day)::bigint || '.' || i || ':1' as queue_visit_id, 'sales' as queue_id,
            cast(day as timestamp) + to_seconds(36005 + i * 300) as entered_at,
            cast(day as timestamp) + to_seconds(36015 + i * 300) as answered_at,
            cast(day as timestamp) + to_seconds(36015 + i * 300) as left_at,
            cast(day as timestamp) + to_seconds(36135 + i * 300) as ended_at, day as local_date,
            10.0::double as wait_s, 'answered' as exit_kind, false as is_short_abandon, false as is_flow_out,
            20 as sl_target_s, 5 as short_abandon_s, 4.0::double as ring_s, 120.0::double as talk_s,
            0.0::double as hold_s, 20.0::double as acw_s, false as is_entry_reconstructed
        from days, range(25) t(i)""",
    "fct_queue_offer": """
        select 'o' || epoch(day)::bigint as queue_offer_id, 'PJSIP/1001' as agent_id, day as local_date,
            4.0::double as ring_s, 'answered' as result
        from days""",
    "fct_queue_interval": """
        select cast(day as timestamp) + interval 10 hour as interval_start, day as local_date, 10 as local_hour,
            'sales' as queue_id, 'voice_400' as channel_id, 'inbound' as direction,
            8::bigint as offered, 4::bigint as answered, 3::bigint as answered_in_target, 2::bigint as abandoned,
            1::bigint as abandoned_in_target, 1::bigint as short_abandoned, 1::bigint as short_abandoned_in_target,
            1::bigint as flowed_out, 0::bigint as flowed_out_in_target, 0::bigint as callback_in_target,
            0::bigint as still_waiting, 4::bigint as answered_with_wait, 8::bigint as left_with_wait,
            4::bigint as answered_with_ring, 2::bigint as abandoned_le_10, 4::bigint as left_le_10,
            0::bigint as abandoned_gt_10_le_30, 2::bigint as left_gt_10_le_30, 1::bigint as abandoned_gt_30_le_60,
            1::bigint as left_gt_30_le_60, 0::bigint as abandoned_gt_60_le_120, 1::bigint as left_gt_60_le_120,
            0::bigint as abandoned_gt_120, 0::bigint as left_gt_120, 49.0::double as answered_wait_s,
            213.0::double as queue_wait_s, 120.0::double as queue_wait_max_s, 16.0::double as answered_ring_s,
            4::bigint as handled_legs, 250.0::double as talk_s, 0.0::double as hold_s, 20.0::double as acw_s,
            270.0::double as handle_s, 4::bigint as legs_with_talk, 270.0::double as handle_with_talk_s,
            100.0::double as talk_max_s, 40.0::double as talk_min_s,
            5::bigint as ring_attempts, 1::bigint as ring_attempts_unanswered, 5::bigint as ring_attempts_with_ring,
            35.0::double as ring_attempts_ring_s
        from days""",
    "fct_agent_state": """
        select 'a1' as agent_id, case i when 0 then 'ready' else 'talk' end as state, null::varchar as reason_code,
            cast(day as timestamp) + to_seconds(28800 + i * 600) as started_at,
            cast(day as timestamp) + to_seconds(29400 + i * 600) as ended_at, 600.0::double as duration_s,
            day as local_date
        from days, range(2) t(i)""",
    "fct_agent_interval": """
        select cast(day as timestamp) + to_seconds(28800 + i * 900) as interval_start, 'a1' as agent_id,
            day as local_date, 900.0::double as logged_in_s, 200.0::double as ready_state_s,
            10.0::double as ringing_state_s, 600.0::double as talk_state_s, 60.0::double as acw_state_s,
            20.0::double as break_state_s, 10.0::double as busy_state_s, 2::bigint as handled_legs,
            1::bigint as handled_inbound_legs, 1::bigint as handled_outbound_legs, 600.0::double as talk_s,
            60.0::double as acw_s, 660.0::double as handle_s, 400.0::double as talk_max_s, 200.0::double as talk_min_s,
            0::bigint as ring_attempts_unanswered
        from days, range(4) t(i)""",
    "fct_agent_day": """
        select 'a1' as agent_id, day as local_date, 28800.0::double as logged_in_s, 3600.0::double as offline_s,
            900.0::double as break_s, 300.0::double as busy_s, 40::bigint as handled_legs
        from days""",
    "fct_agent_leg": """
        select 'l' || epoch(day)::bigint as leg_id, 'a1' as agent_id, day as local_date, 4.0::double as ring_s,
            120.0::double as talk_s, 5.0::double as hold_s, null::double as consult_s, 20.0::double as acw_s,
            145.0::double as handle_s
        from days""",
    "fct_shift": """
        select 'a' || i as agent_id, strftime(day, '%Y-%m-%d') as shift_id, day as partition_date,
            28800.0::double as planned_s, 26400.0::double as paid_s
        from days, range(10) t(i)""",
    "fct_agent_paid_day": """
        select 'a1' as agent_id, day as local_date, 1::bigint as shift_count, 26400.0::double as paid_s,
            25200.0::double as logged_in_s, 12000.0::double as talk_state_s, 23400.0::double as handle_or_ready_s,
            true as is_of_telephone, true as is_counted
        from days""",
    # a clean centre has no row in it
    "fct_link_fault": """
        select 'canonical.ticket' as feed, 'contact_id' as link_column, 'T1' as record_id, 'unknown' as fault,
            'canonical.contact' as named_feed, 'c1' as named_id, cast(day as timestamp) as happened_at,
            null::timestamp as contact_started_at, day as local_date, 'object/file' as source_file,
            1::bigint as source_line, 25::bigint as feed_row_count
        from days where false""",
    "kpi_definition": """
        select * from (values ('M021', 'offered_net_short', 'rate', 'ratio', 'contact'),
            ('M033', 'offered_net_short', 'rate', 'ratio', 'contact'), ('M001', 'all', 'count', 'count', 'contact'),
            ('M061', 'contact', 's', 'mean', 'contact')) t(kpi_id, variant, unit, kind, needs)""",
    "kpi_value": """
        select kpi_id, variant, grain, cast(day as timestamp) as period_start, 'all' as dim_set,
            null::varchar as category, numerator::double as numerator, denominator::double as denominator,
            case when denominator is null then numerator else numerator / denominator end::double as value, 100 as n,
            true as is_official, true as is_mature
        from days, (values ('M021', 'offered_net_short', 80, 100), ('M033', 'offered_net_short', 5, 100),
            ('M001', 'all', 100, null), ('M061', 'contact', 6750, 100)) k(kpi_id, variant, numerator, denominator),
            (values ('day'), ('hour')) g(grain)""",
    "rpt_four_dimensions": """
        select 'M112' as kpi_id, 'top_2' as variant, 'day' as grain, cast(day as timestamp) as period_start,
            0.95::double as value, '>=' as operator, 0.92::double as target, null::double as lower,
            null::double as upper, 'met' as status, true as is_mature, 'survey.response' as feeds,
            0.01::double as quarantined_rate
        from days""",
    "rpt_core_targets": """
        select 'M024' as kpi_id, 'answered' as variant, 'day' as grain, cast(day as timestamp) as period_start,
            30.0::double as value, 'band' as operator, 20.0::double as target, 10.0::double as lower,
            20.0::double as upper, 'missed' as status, true as is_mature, 'asterisk.cdr' as feeds,
            0.01::double as quarantined_rate
        from days""",
    "rpt_weakest_segment": """
        select 'M024' as kpi_id, cast(day as timestamp) as period_start, 'queue' as dim_set, 'sales' as member_path,
            0.4::double as volume_share, 0.9::double as shortfall_share
        from days""",
    "fct_survey_answer": """
        select 'S' || epoch(day)::bigint || '-' || i as survey_id, 'satisfaction' as question_id, '1001' as agent_id,
            day as local_date, (1 + i % 5)::double as score, 1.0::double as scale_min, 5.0::double as scale_max,
            25.0 * (i % 5)::double as score_points, false as is_answered_again, true as is_rating
        from days, range(30) t(i)""",
    "fct_survey_invitation": """
        select 'S' || epoch(day)::bigint || '-' || i as survey_id, '1001' as agent_id, day as local_date,
            cast(day as timestamp) + interval 11 hour as answered_at, 40.0::double as answering_s, true as is_answered,
            false as is_sent_again
        from days, range(30) t(i)""",
    "fct_interaction_sync": """
        select 'c' || epoch(day)::bigint as contact_id, 'voice_400>im_app' as channel_pair, day as local_date,
            5 as expected_field_count, 4 as synced_field_count, 8.0::double as continuity_points
        from days""",
    "fct_agent_rating_month": """
        select day as local_date, '1001' as agent_id, 12::bigint as rating_count, 10::bigint as top_count,
            true as is_counted
        from days""",
    "fct_chat_turn": """
        select 'canonical:h' || epoch(day)::bigint as contact_id, i as turn_no, 'im_app' as channel_id,
            '1001' as agent_id, cast(day as timestamp) + to_seconds(36000 + i * 60) as asked_at,
            case when i < 3 then cast(day as timestamp) + to_seconds(36020 + i * 60) end as answered_at,
            day as local_date, case when i < 3 then 20.0::double end as response_s
        from days, range(1, 4) t(i)""",
    "fct_ivr_visit": """
        select 'asterisk:c' || epoch(day)::bigint as contact_id, 'c' || epoch(day)::bigint as said_contact_id,
            i as step_no, 'welcome' as node_id, day as local_date, 6.0::double as visit_s, 'next_node' as exit_kind,
            i = 1 as is_first_of_contact, true as is_contact_queued, false as is_contact_self_served,
            12.0::double as contact_menu_s
        from days, range(1, 3) t(i)""",
    "fct_qa_evaluation": """
        select 'Q' || epoch(day)::bigint as evaluation_id, '1001' as agent_id, day as local_date,
            37.0::double as score, 40.0::double as score_max, 92.5::double as score_points,
            95.0::double as bearing_points, 1 as script_item_count, 0 as failed_script_item_count,
            true as is_script_check
        from days""",
    "fct_qa_section": """
        select 'Q' || epoch(day)::bigint as evaluation_id, 'courtesy' as section, '1001' as agent_id,
            day as local_date, 1 as item_count, 1 as failed_item_count, 8.0::double as score,
            10.0::double as score_max, 80.0::double as score_points
        from days""",
    "fct_audio_quality": """
        select 'c' || epoch(day)::bigint as contact_id, cast(day as timestamp) + interval 10 hour as measured_at,
            '1001' as agent_id, day as local_date, 4.2::double as mos, 6.0::double as jitter_ms,
            80.0::double as latency_ms, 0.001::double as packet_loss_rate, true as is_good, true as is_contact_good,
            true as is_agent_good, true as is_line_good
        from days""",
    "fct_compliance_check": """
        select 'c' || epoch(day)::bigint as contact_id, 'identity_checked' as requirement_id, true as is_met,
            day as local_date
        from days""",
    "fct_ticket_stage": """
        select 't' || epoch(day)::bigint || '.' || i as ticket_id, stage_no, day as local_date,
            cast(day as timestamp) as sent_at, cast(day as timestamp) + interval 1 hour as accepted_at,
            cast(day as timestamp) + interval 2 hour as left_at, 3600.0::double as waiting_s,
            1800.0::double as waiting_business_s, 3600.0::double as handling_s, 0.0::double as handling_business_s,
            stage_no = 2 as is_last_accepted, case when stage_no = 2 then 7200.0::double end as ticket_waiting_s
        from days, range(10) t(i), (values (1), (2)) s(stage_no)""",
    "fct_ticket_return": """
        select 't' || epoch(day)::bigint as ticket_id, 'address' as missing_field, day as local_date,
            1::integer as returned_count
        from days""",
    "fct_recording": """
        select 'R' || epoch(day)::bigint as recording_id, day as local_date, 100.0::double as duration_s,
            cast(day as timestamp) + interval 190 day as due_until_at, null::timestamp as deleted_at,
            false as is_deleted_early, false as is_deletion_wanted
        from days""",
    "fct_recording_day": """
        select day as local_date, 100::bigint as conversation_count, 99::bigint as recording_count,
            2::bigint as deleted_early_count, 1::bigint as deletion_wanted_count
        from days""",
    "fct_contact_record": """
        select 'asterisk:' || epoch(day)::bigint as contact_id, '1001' as agent_id, day as local_date,
            2 as conversation_count, 2 as recording_count, 1 as requirement_count, 1 as requirement_met_count,
            true as is_complete
        from days""",
    "fct_api_minute": """
        select 'logistics.track' as endpoint_id, 'logistics' as tool_name, day as local_date,
            cast(day as timestamp) + interval 10 hour as minute_at, 120.0::double as call_count,
            2.0::double as failure_count, 80.0::double as latency_p95_ms
        from days""",
    "fct_query": """
        select 'reporting' as tool_name, 'q' || epoch(day)::bigint as query_id, day as local_date,
            cast(day as timestamp) + interval 10 hour as executed_at, 'analyst_1' as user_id, 'person' as run_by,
            '9f86d081' as query_hash, null::varchar as saved_query_id, 'customer' as table_names,
            3::bigint as row_count, 'follows' as chain_state, true as is_traceable, true as is_vouched
        from days""",
    "fct_order": """
        select 'o' || epoch(day)::bigint as order_id, 'a1' as agent_id, day as partition_date,
            cast(day as timestamp) as created_at, cast(day as timestamp) + interval 1 hour as paid_at,
            cast(day as timestamp) + interval 2 hour as refunded_at, 269.0::decimal(18, 4) as amount,
            'CNY' as currency, 269.0::decimal(18, 4) as gross_amount, 0.0::decimal(18, 4) as net_amount
        from days""",
    "fct_lead_day": """
        select day as local_date, 'cold_list' as lead_source, 'a1' as owner_agent_id, 3::bigint as created_count,
            2::bigint as decided_count, 1::bigint as converted_count, 3::bigint as qualified_count,
            1::bigint as closed_count, 600.0::double as closing_s
        from days""",
    "fct_invite": """
        select 'i' || epoch(day)::bigint || '.' || i as invite_id, day as local_date, 'c' || i as said_contact_id,
            case when i > 0 then 'asterisk:c' || i end as contact_id
        from days, range(25) t(i)""",
    "fct_contact_sale_day": """
        select day as local_date, 'voice_400' as channel_id, 'a1' as agent_id, 9::bigint as handled_count,
            8::bigint as service_count, 3::bigint as service_sold_count, 4::bigint as service_offered_count,
            2::bigint as service_offered_sold_count, 5::bigint as won_order_count
        from days""",
    "fct_complaint": """
        select 'k' || epoch(day)::bigint || '.' || i as complaint_id, day as partition_date,
            cast(day as timestamp) as opened_at, cast(day as timestamp) as escalated_at,
            cast(day as timestamp) + interval 1 hour as closed_at, true as is_closed, 3600.0::double as handling_s,
            1800.0::double as handling_business_s, '1001' as about_agent_id,
            case when i < 3 then 'c1' end as about_contact_id
        from days, range(6) t(i)""",
    "fct_complaint_day": """
        select day as local_date, 'web_form' as channel_id, 'billing' as complaint_type, 5::bigint as opened_count,
            4::bigint as opened_closed_count, 1::bigint as opened_escalated_count, 0::bigint as opened_again_count,
            4::bigint as closed_count, 3::bigint as decided_count, 1::bigint as recurred_count
        from days""",
    "fct_agent_complaint_day": """
        select day as local_date, '1001' as agent_id, 10::bigint as handled_count, 5::bigint as complaint_count
        from days""",
    "fct_action": """
        select 'A' || epoch(day)::bigint as action_id, 'M098' as metric_id, day as partition_date, 4 as impact_level,
            2 as difficulty_level, cast(day as timestamp) as created_at, cast(day as timestamp) as due_at,
            cast(day as timestamp) as done_at, cast(day as timestamp) as local_done_at, 'verified' as status,
            0.15::double as target_value, 0.12::double as reviewed_value, true as is_verified, true as is_stated_reached
        from days""",
    "fct_action_day": """
        select day as local_date, 'A1' as action_id, 1::bigint as scored_count, 25::bigint as ease_score,
            5::bigint as literal_score, 1::bigint as due_count, 1::bigint as done_in_time_count,
            1::bigint as judged_count, 1::bigint as verified_count, 1::bigint as stated_count,
            1::bigint as stated_reached_count, 1::bigint as compared_count, -0.08::double as difference
        from days""",
    "rpt_action_window": """
        select 'A' || epoch(day)::bigint as action_id, 'after' as side, day as first_date,
            cast(day + interval 27 day as date) as last_date, true as is_over, true as is_full, 0.12::double as value
        from days""",
    "rpt_action_review": """
        select 'A' || epoch(day)::bigint as action_id, 'service' as department_id, 'M098' as metric_id,
            day as local_created_date, cast(day as timestamp) as local_due_at, true as is_overdue, 1 as overdue_days,
            -0.08::double as measured_difference, true as is_metric_known, true as is_department_known
        from days""",
    "fct_retention": """
        select day as local_date, 'vip' as tier, 9::bigint as served_count, 5::bigint as served_bought_count,
            7::bigint as served_active_count, 8::bigint as buyer_count, 6::bigint as buyer_bought_count
        from days""",
    "fct_cost": """
        select 'c' || epoch(day)::bigint as cost_id, day as month, 'labour' as cost_type, 'CNY' as currency,
            600.0::decimal(18, 4) as amount, 600.0::decimal(18, 4) as own_amount
        from days""",
    "fct_handling_month": """
        select day as local_date, 'voice_400' as channel_id, 'support' as queue_id, 9::bigint as contact_count,
            900.0::double as spent_s, 3.0::double as seat_days, 1.0::double as heads
        from days""",
    "fct_cost_month": """
        select day as local_date, 'voice_400' as channel_id, 'support' as queue_id, 9::bigint as contact_count,
            600.0::double as labour_cost, 90.0::double as technology_cost, 30.0::double as telecom_cost,
            120.0::double as facility_cost, 60.0::double as management_cost, 0.0::double as other_cost,
            900.0::double as total_cost
        from days""",
    "dim_agent": "select 'a1' as agent_id, 'PJSIP/1001' as agent_name, day as valid_from from days",
    **{
        bridge: f"""
        select day as local_date, {hour} 'answered' as measure, position, step, step as step_en,
            amount::double as amount
        from days, (values (1, 'start', 100), (2, 'end_unknown', -4), (3, 'overflow', 20), (4, 'end', 116),
            (5, 'unexplained', 0)) s(position, step, amount)"""
        for bridge, hour in BRIDGES.items()
    },
}


def write_warehouse(path: Path, statements: Sequence[str] = ()) -> Path:
    """Write clean marts, spoil them by the statements, and return the file's path."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(
            f"create temp table days as select cast(date '{FIRST_DAY}' + i::integer as date) as day "
            f"from range({DAYS}) t(i)"
        )
        for mart, sql in CLEAN.items():
            connection.execute(f"create table {SCHEMA}.{mart} as {sql}")
        for statement in statements:
            connection.execute(statement)
    return path
