"""The suites over marts accept clean marts and reject one defect per check, each on its own date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from expectations.catalogue import checks_of_mart, mart_suites
from expectations.contracts import all_contracts, links_of
from expectations.errors import CheckDefectError, MissingTableError
from expectations.marts.fct_link_fault import before_name, unknown_name
from expectations.validate import validate_marts
from expectations.verdict import MartVerdict
from tests.expectations.mart_tables import BRIDGES, CLEAN, DAYS, FIRST_DAY, SCHEMA, write_warehouse

_ONE = "rowid = (select min(rowid) from {mart} where local_date = '{day}')"
_DAY = "local_date = '{day}'"
_PARTITION, _MONTH = "partition_date = '{day}'", "month = '{day}'"
_FIRST, _DECIDED = "first_date = '{day}'", "local_created_date = '{day}'"
_KPI = "cast(period_start as date) = '{day}' and kpi_id = "

# (mart, check) -> the change of that mart's rows of one date that the check must reject.
DEFECTS: dict[tuple[str, str], str] = {
    ("fct_contact", "not_negative"): f"update {{mart}} set talk_s = -1 where {_ONE}",
    ("fct_contact", "duration_range"): f"update {{mart}} set acw_s = 86401 where {_ONE}",
    ("fct_contact", "no_phone_number"): f"update {{mart}} set caller_masked = '13812341234' where {_ONE}",
    ("fct_contact", "offered_identity"): f"update {{mart}} set outcome = 'failed', first_agent_at = null where {_ONE}",
    ("fct_contact", "answered_by_agent"): f"update {{mart}} set outcome = 'flow_out' where {_ONE}",
    ("fct_contact", "short_abandon_limit"): "update {mart} set outcome = 'short_abandon', first_agent_at = null, "
    f"queue_wait_s = 5 where {_ONE}",
    ("fct_contact", "time_order"): f"update {{mart}} set ended_at = first_agent_at - interval 3 second where {_ONE}",
    ("fct_contact", "wait_exceeds_total"): f"update {{mart}} set queue_wait_s = 138 where {_ONE}",
    ("fct_contact", "anomalous_share"): f"update {{mart}} set is_anomalous = minute(started_at) % 15 = 0 where {_DAY}",
    ("fct_queue_visit", "not_negative"): f"update {{mart}} set ring_s = -4 where {_ONE}",
    ("fct_queue_visit", "duration_range"): f"update {{mart}} set talk_s = 86401 where {_ONE}",
    ("fct_queue_visit", "no_phone_number"): f"update {{mart}} set queue_id = '+8613812341234' where {_ONE}",
    ("fct_queue_visit", "short_abandon_limit"): "update {mart} set is_short_abandon = true, exit_kind = 'abandoned', "
    f"wait_s = 5 where {_ONE}",
    ("fct_queue_visit", "one_class"): f"update {{mart}} set is_flow_out = true where {_ONE}",
    ("fct_queue_visit", "time_order"): f"update {{mart}} set left_at = entered_at - interval 3 second where {_ONE}",
    ("fct_queue_visit", "ring_exceeds_wait"): f"update {{mart}} set ring_s = 13 where {_ONE}",
    ("fct_queue_visit", "waiting_for_days"): f"update {{mart}} set exit_kind = 'waiting' where {_ONE}",
    ("fct_queue_visit", "reconstructed_share"): "update {mart} set is_entry_reconstructed = minute(entered_at) = 0 "
    f"where {_DAY}",
    ("fct_queue_offer", "not_negative"): f"update {{mart}} set ring_s = -1 where {_ONE}",
    ("fct_queue_offer", "duration_range"): f"update {{mart}} set ring_s = 90000 where {_ONE}",
    ("fct_queue_offer", "no_phone_number"): f"update {{mart}} set agent_id = 'Local/13812341234@out' where {_ONE}",
    ("fct_queue_interval", "not_negative"): f"update {{mart}} set hold_s = -1 where {_ONE}",
    ("fct_queue_interval", "no_phone_number"): f"update {{mart}} set queue_id = '013812341234' where {_ONE}",
    ("fct_queue_interval", "interval_start"): "update {mart} set interval_start = interval_start + interval 1 minute "
    f"where {_ONE}",
    ("fct_queue_interval", "offered_identity"): f"update {{mart}} set offered = 9 where {_ONE}",
    ("fct_queue_interval", "wait_buckets"): f"update {{mart}} set left_le_10 = 5 where {_ONE}",
    ("fct_queue_interval", "part_exceeds_whole"): f"update {{mart}} set answered_in_target = 5 where {_ONE}",
    ("fct_agent_state", "not_negative"): "update {mart} set duration_s = -1, ended_at = started_at - interval 1 second "
    f"where {_ONE}",
    ("fct_agent_state", "no_phone_number"): f"update {{mart}} set reason_code = 'call 13812341234' where {_ONE}",
    ("fct_agent_state", "agent_day"): "update {mart} set started_at = local_date, duration_s = 90001, "
    f"ended_at = local_date + to_seconds(90001) where {_ONE}",
    ("fct_contact_resolution", "not_negative"): f"update {{mart}} set until_next_s = -1 where {_ONE}",
    (
        "fct_contact_resolution",
        "no_phone_number",
    ): f"update {{mart}} set contact_id = '13812341234' where {_ONE}",
    (
        "fct_contact_resolution",
        "decided_when_mature",
    ): f"update {{mart}} set is_mature = false where is_matter_known and {_ONE}",
    (
        "fct_contact_resolution",
        "known_share_falls",
    ): "update {mart} set is_matter_known = false, is_repeat = null, is_followed = null, is_reopened = null "
    f"where until_next_s is null and {_DAY}",
    ("fct_issue_thread", "not_negative"): f"update {{mart}} set repeat_count = -1 where {_ONE}",
    ("fct_issue_thread", "no_phone_number"): f"update {{mart}} set customer_key = '13812341234' where {_ONE}",
    ("fct_issue_thread", "first_repeats_none"): f"update {{mart}} set repeat_count = contact_count where {_ONE}",
    (
        "fct_issue_thread",
        "ends_of_the_chain",
    ): f"update {{mart}} set last_contact_id = 'another' where contact_count = 1 and {_DAY}",
    ("fct_issue_thread", "span_is_difference"): f"update {{mart}} set span_s = span_s + 1 where {_ONE}",
    ("fct_issue_thread", "many_contacts"): f"update {{mart}} set contact_count = 50 where contact_count > 1 and {_DAY}",
    ("fct_agent_state", "duration_is_difference"): f"update {{mart}} set duration_s = 601 where {_ONE}",
    ("fct_agent_state", "no_overlap"): "update {mart} set ended_at = ended_at + interval 1 second, duration_s = 601 "
    f"where {_ONE}",
    ("fct_agent_state", "long_state"): "update {mart} set started_at = ended_at - interval 43201 second, "
    f"duration_s = 43201 where state = 'ready' and {_DAY}",
    ("fct_agent_interval", "not_negative"): f"update {{mart}} set acw_state_s = -1, ready_state_s = 261 where {_ONE}",
    ("fct_agent_interval", "no_phone_number"): f"update {{mart}} set agent_id = 'SIP13812341234' where {_ONE}",
    ("fct_agent_interval", "interval_start"): "update {mart} set interval_start = interval_start + interval 1 minute "
    f"where {_ONE}",
    ("fct_agent_interval", "agent_day"): f"update {{mart}} set logged_in_s = 90000 where {_ONE}",
    ("fct_agent_interval", "interval_seconds"): "update {mart} set logged_in_s = 901, ready_state_s = 201 "
    f"where {_ONE}",
    ("fct_agent_interval", "states_identity"): f"update {{mart}} set ready_state_s = 199 where {_ONE}",
    ("fct_agent_interval", "part_exceeds_whole"): f"update {{mart}} set handle_s = 659 where {_ONE}",
    (
        "fct_agent_interval",
        "talk_agreement",
    ): f"update {{mart}} set talk_s = 0, talk_max_s = 0, talk_min_s = 0 where {_DAY}",
    ("fct_agent_day", "not_negative"): f"update {{mart}} set offline_s = -1 where {_ONE}",
    ("fct_agent_day", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_agent_day", "day_seconds"): f"update {{mart}} set break_s = 28501 where {_ONE}",
    ("fct_agent_leg", "not_negative"): f"update {{mart}} set ring_s = -1 where {_ONE}",
    ("fct_agent_leg", "duration_range"): f"update {{mart}} set talk_s = 86401, handle_s = 86426 where {_ONE}",
    ("fct_agent_leg", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_agent_leg", "handle_identity"): f"update {{mart}} set handle_s = 144 where {_ONE}",
    ("fct_survey_answer", "not_negative"): f"update {{mart}} set score = -1, scale_min = -1 where {_ONE}",
    ("fct_survey_answer", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_survey_answer", "score_range"): f"update {{mart}} set score = 6 where {_ONE}",
    ("fct_survey_answer", "rating_identity"): f"update {{mart}} set is_answered_again = true where {_ONE}",
    ("fct_survey_answer", "one_score"): f"update {{mart}} set score = 5, score_points = 100 where {_DAY}",
    ("fct_survey_invitation", "not_negative"): f"update {{mart}} set answering_s = -1 where {_ONE}",
    ("fct_survey_invitation", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_survey_invitation", "answered_identity"): f"update {{mart}} set answered_at = null where {_ONE}",
    ("fct_survey_invitation", "sent_again_share"): f"update {{mart}} set is_sent_again = true where {_DAY}",
    ("fct_interaction_sync", "not_negative"): f"update {{mart}} set continuity_points = -1 where {_ONE}",
    (
        "fct_interaction_sync",
        "no_phone_number",
    ): f"update {{mart}} set channel_pair = '13812341234>im_app' where {_ONE}",
    ("fct_interaction_sync", "points_range"): f"update {{mart}} set continuity_points = 10.1 where {_ONE}",
    ("fct_agent_rating_month", "not_negative"): f"update {{mart}} set top_count = -1 where {_ONE}",
    ("fct_agent_rating_month", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_agent_rating_month", "top_within_ratings"): f"update {{mart}} set top_count = 13 where {_ONE}",
    ("fct_chat_turn", "not_negative"): f"update {{mart}} set response_s = -1 where {_ONE}",
    ("fct_chat_turn", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_chat_turn", "turns_in_a_row"): f"update {{mart}} set answered_at = null where {_ONE}",
    ("fct_ivr_visit", "not_negative"): f"update {{mart}} set step_no = -1 where {_ONE}",
    ("fct_ivr_visit", "no_phone_number"): f"update {{mart}} set node_id = '13812341234' where {_ONE}",
    ("fct_ivr_visit", "duration_range"): f"update {{mart}} set visit_s = 86401 where {_ONE}",
    ("fct_ivr_visit", "counted_once"): f"update {{mart}} set is_first_of_contact = true where {_DAY}",
    ("fct_ivr_visit", "menu_time_identity"): f"update {{mart}} set visit_s = 7 where {_ONE}",
    (
        "fct_ivr_visit",
        "self_served_without_queue",
    ): f"update {{mart}} set is_contact_self_served = true where {_ONE}",
    ("fct_ticket_stage", "not_negative"): f"update {{mart}} set handling_business_s = -1 where {_ONE}",
    ("fct_ticket_stage", "no_phone_number"): f"update {{mart}} set ticket_id = '13812341234' where {_ONE}",
    ("fct_ticket_stage", "two_clocks"): f"update {{mart}} set waiting_business_s = 3601 where {_ONE}",
    (
        "fct_ticket_stage",
        "one_last_acceptance",
    ): f"update {{mart}} set is_last_accepted = true, ticket_waiting_s = 7200 where {_ONE}",
    (
        "fct_ticket_stage",
        "acceptances_untold",
    ): "update {mart} set accepted_at = null, left_at = null, waiting_s = null, "
    "waiting_business_s = null, handling_s = null, handling_business_s = null, is_last_accepted = false, "
    f"ticket_waiting_s = null where {_DAY}",
    ("fct_ticket_return", "no_phone_number"): f"update {{mart}} set missing_field = '13812341234' where {_ONE}",
    ("fct_ticket_return", "returned_at_least_once"): f"update {{mart}} set returned_count = 0 where {_ONE}",
    ("fct_qa_evaluation", "not_negative"): f"update {{mart}} set score = -1 where {_ONE}",
    ("fct_qa_evaluation", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_qa_evaluation", "points_range"): f"update {{mart}} set bearing_points = 101 where {_ONE}",
    ("fct_qa_evaluation", "script_identity"): f"update {{mart}} set script_item_count = 0 where {_ONE}",
    ("fct_qa_section", "not_negative"): f"update {{mart}} set score = -1 where {_ONE}",
    ("fct_qa_section", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_qa_section", "part_exceeds_whole"): f"update {{mart}} set failed_item_count = 2 where {_ONE}",
    ("fct_audio_quality", "not_negative"): f"update {{mart}} set jitter_ms = -1 where {_ONE}",
    ("fct_audio_quality", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_audio_quality", "good_identity"): f"update {{mart}} set is_good = false where {_ONE}",
    ("fct_audio_quality", "mos_range"): f"update {{mart}} set mos = 5.1 where {_ONE}",
    (
        "fct_compliance_check",
        "no_phone_number",
    ): f"update {{mart}} set requirement_id = 'called 13812341234' where {_ONE}",
    ("fct_recording", "not_negative"): f"update {{mart}} set duration_s = -1 where {_ONE}",
    ("fct_recording", "no_phone_number"): f"update {{mart}} set recording_id = '13812341234' where {_ONE}",
    (
        "fct_recording",
        "deletion_identity",
    ): f"update {{mart}} set deleted_at = due_until_at - interval 1 second where {_ONE}",
    ("fct_recording", "duration_range"): f"update {{mart}} set duration_s = 86401 where {_ONE}",
    (
        "fct_recording_day",
        "not_negative",
    ): f"update {{mart}} set conversation_count = -1, recording_count = 2 where {_ONE}",
    ("fct_recording_day", "part_exceeds_whole"): f"update {{mart}} set deletion_wanted_count = 3 where {_ONE}",
    ("fct_recording_day", "more_recordings"): f"update {{mart}} set recording_count = 106 where {_ONE}",
    ("fct_contact_record", "not_negative"): f"update {{mart}} set conversation_count = -1 where {_ONE}",
    ("fct_contact_record", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_ONE}",
    ("fct_contact_record", "complete_identity"): f"update {{mart}} set recording_count = 1 where {_ONE}",
    ("fct_api_minute", "not_negative"): f"update {{mart}} set failure_count = -1 where {_DAY}",
    ("fct_api_minute", "no_phone_number"): f"update {{mart}} set tool_name = '13812341234' where {_DAY}",
    ("fct_api_minute", "failures_within_calls"): f"update {{mart}} set failure_count = 120.5 where {_DAY}",
    ("fct_api_minute", "whole_minute"): f"update {{mart}} set minute_at = minute_at + interval 1 second where {_DAY}",
    ("fct_query", "not_negative"): f"update {{mart}} set row_count = -1 where {_DAY}",
    ("fct_query", "no_phone_number"): f"update {{mart}} set table_names = '13812341234' where {_DAY}",
    ("fct_query", "traceable_identity"): f"update {{mart}} set user_id = null where {_DAY}",
    ("fct_query", "chain_broken"): f"update {{mart}} set chain_state = 'cut', is_vouched = false where {_DAY}",
    ("fct_shift", "not_negative"): f"update {{mart}} set planned_s = -1 where {_PARTITION}",
    ("fct_shift", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_PARTITION}",
    ("fct_shift", "paid_of_a_day"): f"update {{mart}} set planned_s = null where {_PARTITION} and agent_id = 'a1'",
    (
        "fct_shift",
        "paid_not_known",
    ): f"update {{mart}} set paid_s = null where {_PARTITION} and agent_id in ('a1', 'a2')",
    ("fct_agent_paid_day", "not_negative"): f"update {{mart}} set paid_s = -1, is_counted = false where {_DAY}",
    ("fct_agent_paid_day", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_DAY}",
    ("fct_agent_paid_day", "counted_identity"): f"update {{mart}} set paid_s = null where {_DAY}",
    ("fct_agent_paid_day", "work_within_login"): f"update {{mart}} set talk_state_s = 23401 where {_DAY}",
    ("fct_agent_paid_day", "paid_beyond_the_day"): f"update {{mart}} set paid_s = 90001 where {_DAY}",
    ("fct_order", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_PARTITION}",
    ("fct_order", "money_of_paid_orders"): f"update {{mart}} set net_amount = 269 where {_PARTITION}",
    ("fct_order", "other_currency"): "update {mart} set currency = 'USD', gross_amount = null, net_amount = null "
    f"where {_PARTITION}",
    ("fct_order", "paid_before_created"): "update {mart} set paid_at = created_at - interval 3 second "
    f"where {_PARTITION}",
    ("fct_lead_day", "not_negative"): f"update {{mart}} set closing_s = -1 where {_DAY}",
    ("fct_lead_day", "no_phone_number"): f"update {{mart}} set owner_agent_id = '13812341234' where {_DAY}",
    ("fct_lead_day", "conversion_within_leads"): f"update {{mart}} set converted_count = 3 where {_DAY}",
    ("fct_invite", "no_phone_number"): f"update {{mart}} set invite_id = '13812341234' where {_ONE}",
    # one of 25 is clean, two are more than 5 %
    ("fct_invite", "unknown_contact"): f"update {{mart}} set contact_id = null where said_contact_id = 'c1' and {_DAY}",
    ("fct_contact_sale_day", "not_negative"): f"update {{mart}} set won_order_count = -1 where {_DAY}",
    ("fct_contact_sale_day", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_DAY}",
    ("fct_contact_sale_day", "sold_within_served"): f"update {{mart}} set service_sold_count = 9 where {_DAY}",
    ("fct_complaint", "no_phone_number"): f"update {{mart}} set complaint_id = '13812341234' where {_PARTITION}",
    ("fct_complaint", "time_to_close"): f"update {{mart}} set handling_business_s = 3601 where {_PARTITION}",
    ("fct_complaint", "time_order"): "update {mart} set escalated_at = opened_at - interval 3 second "
    f"where {_PARTITION}",
    # three of six are half
    ("fct_complaint", "about_nothing"): "update {mart} set about_contact_id = null where "
    f"complaint_id like '%.0' and {_PARTITION}",
    ("fct_complaint_day", "not_negative"): f"update {{mart}} set opened_again_count = -1 where {_DAY}",
    ("fct_complaint_day", "no_phone_number"): f"update {{mart}} set channel_id = '13812341234' where {_DAY}",
    ("fct_complaint_day", "parts_within_whole"): f"update {{mart}} set recurred_count = 4 where {_DAY}",
    ("fct_agent_complaint_day", "not_negative"): f"update {{mart}} set complaint_count = -1 where {_DAY}",
    ("fct_agent_complaint_day", "no_phone_number"): f"update {{mart}} set agent_id = '13812341234' where {_DAY}",
    ("fct_agent_complaint_day", "many_complaints"): f"update {{mart}} set complaint_count = 6 where {_DAY}",
    ("fct_action", "no_phone_number"): f"update {{mart}} set action_id = '13812341234' where {_PARTITION}",
    ("fct_action", "levels_range"): f"update {{mart}} set difficulty_level = 6 where {_PARTITION}",
    ("fct_action", "due_before_created"): "update {mart} set due_at = created_at - interval 1 second "
    f"where {_PARTITION}",
    ("fct_action", "done_without_date"): f"update {{mart}} set local_done_at = null where {_PARTITION}",
    ("fct_action", "verdict_against_values"): f"update {{mart}} set is_stated_reached = false where {_PARTITION}",
    ("fct_action_day", "no_phone_number"): f"update {{mart}} set action_id = '13812341234' where {_DAY}",
    ("fct_action_day", "parts_within_whole"): f"update {{mart}} set ease_score = 26 where {_DAY}",
    ("rpt_action_window", "no_phone_number"): f"update {{mart}} set side = '13812341234' where {_FIRST}",
    ("rpt_action_window", "value_of_full_windows"): f"update {{mart}} set is_full = false where {_FIRST}",
    ("rpt_action_review", "no_phone_number"): f"update {{mart}} set metric_id = '13812341234' where {_DECIDED}",
    ("rpt_action_review", "unknown_metric"): f"update {{mart}} set is_metric_known = false where {_DECIDED}",
    ("rpt_action_review", "unknown_department"): f"update {{mart}} set is_department_known = false where {_DECIDED}",
    ("rpt_action_review", "overdue_days"): f"update {{mart}} set overdue_days = 0 where {_DECIDED}",
    ("fct_retention", "not_negative"): f"update {{mart}} set buyer_bought_count = -1 where {_DAY}",
    ("fct_retention", "no_phone_number"): f"update {{mart}} set tier = '13812341234' where {_DAY}",
    ("fct_retention", "returned_within_cohort"): f"update {{mart}} set served_active_count = 10 where {_DAY}",
    ("fct_cost", "no_phone_number"): f"update {{mart}} set cost_id = '13812341234' where {_MONTH}",
    ("fct_cost", "other_currency"): f"update {{mart}} set currency = 'USD', own_amount = null where {_MONTH}",
    ("fct_cost", "labour_is_booked"): f"update {{mart}} set cost_type = 'other' where {_MONTH}",
    ("fct_handling_month", "not_negative"): f"update {{mart}} set spent_s = -1 where {_DAY}",
    ("fct_handling_month", "no_phone_number"): f"update {{mart}} set queue_id = '13812341234' where {_DAY}",
    ("fct_handling_month", "heads_within_seats"): f"update {{mart}} set heads = 3.1 where {_DAY}",
    ("fct_cost_month", "no_phone_number"): f"update {{mart}} set queue_id = '13812341234' where {_DAY}",
    ("fct_cost_month", "parts_of_cost"): f"update {{mart}} set other_cost = 1 where {_DAY}",
    (
        "kpi_value",
        "no_phone_number",
    ): f"update {{mart}} set category = '13812341234' where grain = 'hour' and {_KPI} 'M001'",
    (
        "kpi_value",
        "rate_range",
    ): f"update {{mart}} set value = 1.2, numerator = 120 where grain = 'hour' and {_KPI} 'M021'",
    ("kpi_value", "seconds_range"): "update {mart} set value = 90000, numerator = 9000000 where grain = 'hour' "
    f"and {_KPI} 'M061'",
    ("kpi_value", "zero_denominator"): f"update {{mart}} set denominator = 0 where grain = 'hour' and {_KPI} 'M021'",
    ("kpi_value", "value_is_quotient"): f"update {{mart}} set value = 0.7 where grain = 'hour' and {_KPI} 'M021'",
    ("kpi_value", "finite"): f"update {{mart}} set value = 'nan' where grain = 'hour' and {_KPI} 'M001'",
    ("kpi_value", "not_negative"): f"update {{mart}} set n = -1 where grain = 'hour' and {_KPI} 'M001'",
    ("kpi_value", "service_level_drop"): "update {mart} set value = 0.64, numerator = 64 where grain = 'day' "
    f"and {_KPI} 'M021'",
    (
        "kpi_value",
        "abandonment_rise",
    ): f"update {{mart}} set value = 0.16, numerator = 16 where grain = 'day' and {_KPI} 'M033'",
    (
        "kpi_value",
        "volume_jump",
    ): f"update {{mart}} set value = 49, numerator = 49 where grain = 'day' and {_KPI} 'M001'",
    ("kpi_value", "handle_time_shift"): "update {mart} set value = 101.3, numerator = 10130 where grain = 'day' "
    f"and {_KPI} 'M061'",
}
_FAULT = (
    "insert into {{mart}} by name select '{feed}' as feed, '{column}' as link_column, '{fault}' as fault, "
    "'{{day}}'::date as local_date, '{named}' as named_id"
)
DEFECTS |= {
    ("fct_link_fault", "no_phone_number"): _FAULT.format(
        feed="canonical.none", column="none", fault="unknown", named="13812341234"
    )
}
DEFECTS |= {
    ("fct_link_fault", unknown_name(said, column)): _FAULT.format(
        feed=said.feed, column=column, fault="unknown", named="nobody"
    )
    for said, column, _ in links_of(all_contracts().values())
}
DEFECTS |= {
    ("fct_link_fault", before_name(said)): _FAULT.format(
        feed=said.feed, column=said.follows, fault="before", named="c1"
    )
    for said in all_contracts().values()
    if said.follows
}
for _bridge in BRIDGES:
    DEFECTS |= {
        (_bridge, "no_phone_number"): f"update {{mart}} set step_en = 'call 13812341234' where {_ONE}",
        (_bridge, "bridge_arrives"): f"update {{mart}} set amount = 115 where step = 'end' and {_DAY}",
        # four of a hundred are few, six are not
        (_bridge, "lost_records"): "update {mart} set amount = case step when 'end' then 114 else -6 end "
        f"where step in ('end', 'end_unknown') and {_DAY}",
    }
_BOARD = "where cast(period_start as date) = '{day}'"
DEFECTS |= {
    (board, check): f"update {{mart}} set {change} {_BOARD}"
    for board in ("rpt_four_dimensions", "rpt_core_targets")
    for check, change in {
        "no_phone_number": "feeds = '13812341234'",
        "verdict": "value = 15, operator = 'band', lower = 10, upper = 20, status = 'missed'",
        "verdict_of_nothing": "is_mature = false",
        "much_in_quarantine": "quarantined_rate = 0.06",
    }.items()
}
DEFECTS |= {
    ("rpt_weakest_segment", "no_phone_number"): f"update {{mart}} set member_path = '13812341234' {_BOARD}",
    ("rpt_weakest_segment", "holds_more_than_its_volume"): f"update {{mart}} set shortfall_share = 0.4 {_BOARD}",
}
# The first eight weeks stay clean, so that every defect has a past to be compared with.
_FIRST_DEFECT = FIRST_DAY + timedelta(weeks=8)


def _day_of(mart: str, check: str) -> date:
    names = [name for other, name in DEFECTS if other == mart]
    return _FIRST_DEFECT + timedelta(days=names.index(check))


@dataclass(frozen=True)
class Warehouses:
    clean: dict[str, MartVerdict]
    spoilt: dict[str, MartVerdict]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    folder = tmp_path_factory.mktemp("marts")
    spoil = [sql.format(mart=f"{SCHEMA}.{mart}", day=_day_of(mart, check)) for (mart, check), sql in DEFECTS.items()]
    return Warehouses(
        validate_marts(write_warehouse(folder / "clean.duckdb"), SCHEMA, folder / "docs"),
        validate_marts(write_warehouse(folder / "spoilt.duckdb", spoil), SCHEMA, folder / "docs"),
    )


def test_every_check_has_a_fixture_that_it_must_reject() -> None:
    assert set(DEFECTS) == {(mart, check.name) for mart in mart_suites() for check in checks_of_mart(mart)}


@pytest.mark.parametrize(("mart", "check"), DEFECTS)
def test_check_rejects_its_defect(judged: Warehouses, mart: str, check: str) -> None:
    result = next(result for result in judged.spoilt[mart].checks if result.name == check)
    assert not result.passed
    assert _day_of(mart, check) in result.failing_dates
    assert result.unexpected_count >= 1
    assert result.sample


def test_a_fault_is_found_by_the_check_of_its_link_alone(judged: Warehouses) -> None:
    checks = [result for result in judged.spoilt["fct_link_fault"].checks if result.name != "no_phone_number"]
    assert len(checks) > 40 and {result.unexpected_count for result in checks} == {1}


def test_clean_marts_pass_every_check(judged: Warehouses) -> None:
    failed = [(mart, r.name, r.observed) for mart, v in judged.clean.items() for r in v.checks if not r.passed]
    assert failed == []
    assert all(verdict.passed for verdict in judged.clean.values())


def test_every_table_of_the_schema_gets_a_verdict(judged: Warehouses) -> None:
    assert set(judged.clean) == set(CLEAN)


def test_mart_without_suite_is_searched_for_personal_data(tmp_path: Path) -> None:
    spoil = [f"update {SCHEMA}.dim_agent set agent_name = 'PJSIP/13812341234' where valid_from = '{FIRST_DAY}'"]
    path = write_warehouse(tmp_path / "w.duckdb", spoil)
    verdict = validate_marts(path, SCHEMA, tmp_path / "docs", marts=["dim_agent"])["dim_agent"]
    assert not verdict.passed
    assert verdict.checks[0].sample == ({"column_name": "agent_name", "shown_value": "PJSIP/###########"},)


def test_own_mobile_number_of_the_centre_is_no_personal_data(tmp_path: Path) -> None:
    spoil = [f"update {SCHEMA}.dim_agent set agent_name = '13812341234'"]
    path = write_warehouse(tmp_path / "w.duckdb", spoil)
    marts = ["dim_agent"]
    assert not validate_marts(path, SCHEMA, tmp_path / "docs", marts=marts)["dim_agent"].passed
    allowed = validate_marts(path, SCHEMA, tmp_path / "docs", marts=marts, own_numbers=["13812341234"])
    assert allowed["dim_agent"].passed


def test_rows_before_the_window_are_not_judged_but_are_looked_back_at(tmp_path: Path) -> None:
    spoil = [
        f"update {SCHEMA}.fct_contact set talk_s = -1 where local_date = '{FIRST_DAY}'",
        f"update {SCHEMA}.kpi_value set value = 0.1, numerator = 10 where kpi_id = 'M021' and grain = 'day' "
        + f"and cast(period_start as date) = '{_FIRST_DEFECT}'",
    ]
    path = write_warehouse(tmp_path / "w.duckdb", spoil)
    verdicts = validate_marts(path, SCHEMA, tmp_path / "docs", since=_FIRST_DEFECT, marts=["fct_contact", "kpi_value"])
    assert verdicts["fct_contact"].passed
    dropped = next(r for r in verdicts["kpi_value"].checks if r.name == "service_level_drop")
    assert dropped.failing_dates == (_FIRST_DEFECT,)
    assert dropped.sample[0]["usual_value"] == 0.8


@pytest.mark.parametrize(("days_ago", "is_likely"), [(6, True), (7, False)])
def test_tickets_have_a_week_to_be_accepted(tmp_path: Path, days_ago: int, is_likely: bool) -> None:
    mart, check = "fct_ticket_stage", "acceptances_untold"
    day = FIRST_DAY + timedelta(days=DAYS - 1 - days_ago)
    path = write_warehouse(tmp_path / "w.duckdb", [DEFECTS[mart, check].format(mart=f"{SCHEMA}.{mart}", day=day)])
    verdict = validate_marts(path, SCHEMA, tmp_path / "docs", marts=[mart])[mart]
    assert [r.name for r in verdict.checks if not r.passed] == ([] if is_likely else [check])


def test_warehouse_without_a_mart_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write_warehouse(tmp_path / "w.duckdb", [f"drop table {SCHEMA}.fct_agent_state"])
    with pytest.raises(MissingTableError, match="fct_agent_state"):
        validate_marts(path, SCHEMA, tmp_path / "docs")


def test_only_the_named_marts_are_judged_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    path = write_warehouse(tmp_path / "w.duckdb", [f"drop table {SCHEMA}.fct_agent_state"])
    assert set(validate_marts(path, SCHEMA, tmp_path / "docs", marts=["dim_agent", "fct_agent_day"])) == {
        "dim_agent",
        "fct_agent_day",
    }
    with pytest.raises(MissingTableError, match="rpt_nothing"):
        validate_marts(path, SCHEMA, tmp_path / "docs", marts=["rpt_nothing"])


def test_registry_may_live_in_another_schema(tmp_path: Path) -> None:
    elsewhere = [
        "create schema reference",
        f"create table reference.kpi_definition as from {SCHEMA}.kpi_definition",
        f"drop table {SCHEMA}.kpi_definition",
        f"update {SCHEMA}.kpi_value set value = 1.2, numerator = 120 where kpi_id = 'M021' and grain = 'hour'",
    ]
    path = write_warehouse(tmp_path / "w.duckdb", elsewhere)
    verdict = validate_marts(path, SCHEMA, tmp_path / "docs", marts=["kpi_value"])["kpi_value"]
    assert [result.name for result in verdict.checks if not result.passed] == ["rate_range"]


def test_check_whose_sql_does_not_fit_the_mart_is_a_defect_and_not_a_verdict(tmp_path: Path) -> None:
    path = write_warehouse(tmp_path / "w.duckdb", [f"alter table {SCHEMA}.fct_contact drop column outcome"])
    with pytest.raises(CheckDefectError, match=r"of mart\.fct_contact could not be run"):
        validate_marts(path, SCHEMA, tmp_path / "docs", marts=["fct_contact"])


def test_warehouse_opens_for_writing_right_after_validation(tmp_path: Path) -> None:
    path = write_warehouse(tmp_path / "w.duckdb")
    validate_marts(path, SCHEMA, tmp_path / "docs", marts=["fct_contact"])
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table {SCHEMA}.written as select 1 as a")
        assert connection.execute(f"select a from {SCHEMA}.written").fetchall() == [(1,)]
