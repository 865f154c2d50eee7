"""Each custom data test of dbt_project/tests is shown rows that it must reject, and rejects those alone.

Here belongs: one breakage per custom test, all in one copy of a sound warehouse. Not here: tests that dbt brings.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from orchestration.paths import PROJECT
from tests.dbt_project.warehouse import Result, Warehouse

TESTS = PROJECT / "dbt_project" / "tests"


@dataclass(frozen=True)
class Breakage:
    """A change of the tables that makes one test, and perhaps others, return rows: test name -> number of rows."""

    kind: str
    statements: tuple[str, ...]
    rejects: dict[str, int]


def breakage(kind: str, statement: str | tuple[str, ...], **rejects: int) -> Breakage:
    return Breakage(kind, (statement,) if isinstance(statement, str) else statement, rejects)


def _thread(name: str, issue: str, at: str) -> str:
    """Inserts a thread of customer k that is over at once."""
    return (
        f"insert into marts.fct_issue_thread by name select '{name}' as thread_id, 'k' as customer_key, "
        f"'{issue}' as issue_id, '{name}' as first_contact_id, '{name}' as last_contact_id, "
        f"'voice_400' as first_channel_id, 'voice' as first_medium, timestamp '{at}' as started_at, "
        f"timestamp '{at}' as ended_at, 'Asia/Shanghai' as timezone, cast(timestamp '{at}' as date) as local_date, "
        "0 as span_s, 1 as contact_count, 0 as repeat_count, true as is_mature"
    )


_EVALUATED = "timestamp '2026-03-02 10:00:00' as evaluated_at, date '2026-03-02' as local_date"

# Calls are those of DECISIONS.md, 1 (c1 … c10) and 2 (k1, k2); each breakage has a row of its own.
BREAKAGES = [
    breakage(
        "unique_combination",
        "insert into marts.dim_region select * from marts.dim_region where region_code = 'unknown'",
        unique_combination_dim_region_region_code=1,
    ),
    breakage(
        "primary_key",
        (
            "insert into intermediate.int_queue__offer select * from intermediate.int_queue__offer limit 1",
            "update intermediate.int_agent__leg set leg_id = null where leg_id = (select min(leg_id) "
            "from intermediate.int_agent__leg)",
        ),
        primary_key_int_queue__offer_queue_offer_id=1,
        primary_key_int_agent__leg_leg_id=1,
    ),
    breakage(
        "known_values",
        (
            "update marts.fct_contact set hangup_side = 'nobody' where contact_id = 'asterisk:c1'",
            "update marts.fct_contact set direction = 'sideways' where contact_id = 'asterisk:c8'",
        ),
        fct_contact_has_known_values=2,
    ),
    breakage(
        "references",
        (
            "update marts.fct_contact set region_code = 'none_such' where contact_id = 'asterisk:c1'",
            "update marts.fct_contact set answering_queue_id = 'none_such' where contact_id = 'asterisk:c8'",
        ),
        fct_contact_refers_to_what_exists=2,
    ),
    breakage(
        "exactly_one_row",
        "create or replace view staging.stg_centre__setting as select 'UTC' as timezone from range(2)",
        exactly_one_row_stg_centre__setting_=1,
    ),
    breakage(
        "periods_do_not_overlap",
        "insert into marts.dim_queue select * replace (date '2026-01-01' as valid_from) from marts.dim_queue",
        periods_do_not_overlap_dim_queue_queue_id=1,
    ),
    breakage(
        "belongs_to",
        "update marts.fct_queue_visit set contact_id = 'nobody' where queue_visit_id = 'asterisk:c7:1'",
        belongs_to_fct_queue_visit_contact_id__contact_id__ref_fct_contact_=1,
        # the visit is also missing from its date's bridge
        queue_visits_bridge_to_contacts=2,
    ),
    breakage(
        "one_default_variant",
        "update marts.kpi_definition set is_default_official = false where kpi_id = 'M001'",
        one_default_variant_kpi_definition_=1,
    ),
    breakage(
        "measures_exist",
        (
            "update marts.kpi_definition set denominator = 'none_such' where kpi_id = 'M021' and variant = 'genesys'",
            "update marts.kpi_definition set n_measure = 'none_such' where kpi_id = 'M021' and variant = 'icmi'",
        ),
        denominators_of_the_registry_exist=1,
        record_counts_of_the_registry_exist=1,
    ),
    breakage(
        "parts_are_capabilities",
        "update marts.kpi_definition set needs = needs || ';none_such' where kpi_id = 'M063'",
        parts_are_capabilities_kpi_definition_needs=1,
    ),
    breakage(
        "target_names_a_definition",
        "update marts.kpi_target set variant = 'none_such' "
        "where kpi_id = 'M070' and variant = 'agent_day' and kind = 'trigger'",
        target_names_a_definition_kpi_target_=1,
    ),
    breakage(
        "offered_contact_has_one_result",
        "update marts.fct_contact set outcome = 'busy' where contact_id = 'asterisk:c4'",
        offered_contact_has_one_result_fct_contact_=1,
    ),
    breakage(
        "answered_means_an_agent_spoke",
        (
            "update marts.fct_contact set first_agent_at = null where contact_id = 'asterisk:c1'",
            "update marts.fct_contact set first_agent_at = started_at where contact_id = 'asterisk:c8'",
        ),
        answered_means_an_agent_spoke_fct_contact_=2,
    ),
    breakage(
        "times_are_ordered",
        (
            # two seconds are within the clock tolerance, three are not
            "update marts.fct_contact set started_at = started_at + interval 2 second where contact_id = 'asterisk:c5'",
            "update marts.fct_contact set started_at = started_at + interval 3 second where contact_id = 'asterisk:c6'",
            "update marts.fct_contact set system_answered_at = ended_at + interval 3 second "
            "where contact_id = 'asterisk:c9'",
        ),
        times_are_ordered_fct_contact_started_at__first_queue_at__first_agent_at__ended_at=1,
        fct_contact_system_answers_before_the_end=1,
    ),
    breakage(
        "parts_add_up",
        "update marts.fct_queue_interval set offered = offered + 1 "
        "where interval_start = timestamp '2026-03-02 02:30:00'",
        offered_is_the_sum_of_what_became_of_it=1,
        # and it has an entry more than there are visits
        entries_of_intervals_are_the_visits=1,
    ),
    breakage(
        "sums_agree",
        (
            "update marts.fct_queue_interval set queue_wait_s = queue_wait_s + 1 "
            "where interval_start = timestamp '2026-03-02 02:15:00'",
            "update marts.fct_agent_interval set handled_legs = handled_legs + 1, handle_s = handle_s + 1 "
            "where agent_id = 'PJSIP/1002' and handled_legs > 0",
        ),
        waits_of_intervals_are_those_of_visits=1,
        conversations_of_agent_intervals_are_those_of_legs=1,
        handling_of_agent_intervals_is_that_of_legs=1,
    ),
    breakage(
        "does_not_overlap",
        "update marts.fct_agent_state set ended_at = ended_at + interval 5 second where state = 'busy'",
        does_not_overlap_fct_agent_state_agent_id=1,
    ),
    breakage(
        "fits_into_the_day",
        "update marts.fct_agent_day set offline_s = 90001 where agent_id = 'PJSIP/1002'",
        fits_into_the_day_fct_agent_day_agent_id__local_date__logged_in_s_offline_s=1,
    ),
    breakage(
        "zero_denominator_and_only_it_gives_null",
        (
            "update marts.kpi_judged set value = 1 "
            "where kpi_id = 'M031' and period_start = timestamp '2026-03-02' and grain = 'day' and dim_set = 'all'",
            "update marts.kpi_judged set value = null "
            "where kpi_id = 'M040' and period_start = timestamp '2026-03-02' and grain = 'day' and dim_set = 'all'",
        ),
        zero_denominator_and_only_it_gives_null_kpi_judged_=3,
    ),
    breakage(
        "rates_lie_between_zero_and_one",
        (
            "update marts.kpi_judged set value = 1.01 where kpi_id = 'M030' and grain = 'year' and dim_set = 'all'",
            "update marts.kpi_judged set value = -0.01 where kpi_id = 'M066' and grain = 'year' and dim_set = 'all'",
        ),
        rates_lie_between_zero_and_one_kpi_judged_=4,
    ),
    breakage(
        "contact_wait_is_that_of_its_visits",
        "update marts.fct_contact set queue_wait_s = queue_wait_s + 1 where contact_id = 'asterisk:c2'",
        contact_wait_is_that_of_its_visits=1,
    ),
    breakage(
        "contact_handling_is_that_of_its_conversations",
        "update marts.fct_contact set handle_s = handle_s - 1 where contact_id = 'asterisk:c10'",
        contact_handling_is_that_of_its_conversations=1,
    ),
    breakage(
        "no_conversation_is_longer_than_its_contact",
        "update marts.fct_contact set total_s = talk_s - 3 where contact_id = 'asterisk:c3'",
        no_conversation_is_longer_than_its_contact=1,
    ),
    breakage(
        "gaps_between_states_are_absences",
        "delete from marts.fct_agent_state where state = 'break'",
        gaps_between_states_are_absences=1,
        state_seconds_of_intervals_are_those_of_states=1,
        logged_in_seconds_of_agent_days_are_those_of_states=1,
    ),
    breakage(
        "talk_in_states_agrees_with_conversations",
        "update marts.fct_agent_leg set talk_s = talk_s - 60 where contact_id = 'asterisk:k1'",
        talk_in_states_agrees_with_conversations=1,
    ),
    breakage(
        "queue_visits_bridge_to_contacts",
        # and the date of c7, whose visit is lost
        "update marts.fct_contact set queue_visit_count = 2 where contact_id = 'asterisk:k2'",
        queue_visits_bridge_to_contacts=2,
    ),
    breakage(
        "shorter_periods_add_up_to_longer_ones",
        (
            "update marts.kpi_judged set numerator = numerator + 1 "
            "where kpi_id = 'M002' and variant = 'all' and grain = 'week' and dim_set = 'all'",
            "update marts.kpi_judged set denominator = denominator + 1 "
            "where kpi_id = 'M033' and variant = 'offered' and grain = 'hour' and dim_set = 'queue' "
            "and period_start = timestamp '2026-03-02 10:00:00'",
        ),
        shorter_periods_add_up_to_longer_ones=2,
    ),
    breakage(
        "contacts_count_their_transfers",
        "insert into marts.fct_transfer by name select 't1' as transfer_id, 'asterisk:c3' as contact_id, "
        "1 as transfer_no, timestamp '2026-03-02 02:11:00' as transferred_at, 'Asia/Shanghai' as timezone, "
        "timestamp '2026-03-02 10:11:00' as local_transferred_at, date '2026-03-02' as local_date, 10 as local_hour, "
        "true as is_in_queue_log, false as is_in_cel, false as is_in_export",
        contacts_count_their_transfers=1,
    ),
    breakage(
        "no_record_is_merged_twice",
        "update marts.fct_contact set matched_contact_id = 'asterisk:c4' where contact_id = 'asterisk:c5'",
        no_record_is_merged_twice=1,
    ),
    breakage(
        "choices_between_records_are_few",
        # six of a date, of which five would be few
        "update marts.fct_contact set is_match_ambiguous = contact_id < 'asterisk:c6' "
        "where contact_id like 'asterisk:c%'",
        choices_between_records_are_few=1,
    ),
    breakage(
        "handled_contacts_are_judged_once",
        "delete from marts.fct_contact_resolution where contact_id = 'asterisk:c1'",
        handled_contacts_are_judged_once=1,
    ),
    breakage(
        "who_is_followed_is_repeated",
        "update marts.fct_contact_resolution set customer_key = 'k', issue_id = 'i', until_next_s = 60 "
        "where contact_id = 'asterisk:k1'",
        who_is_followed_is_repeated=1,
    ),
    breakage(
        "threads_hold_each_contact_once",
        _thread("t1", "refund", "2026-03-02 10:00:00"),
        # and the matter of the next breakage, of which nobody knows a contact either
        threads_hold_each_contact_once=2,
    ),
    breakage(
        "threads_of_a_matter_lie_a_window_apart",
        # a week after the one before it is too near, a second more is not
        (
            _thread("t2", "bill", "2026-03-02 10:00:00"),
            _thread("t3", "bill", "2026-03-09 10:00:00"),
            _thread("t4", "bill", "2026-03-16 10:00:01"),
        ),
        threads_of_a_matter_lie_a_window_apart=1,
    ),
    breakage(
        "fallback_names_variants",
        "insert into reference.kpi_variant_fallback values ('M094', 'fcr_7d_issue', 'none_such'), "
        "('M094', 'none_such', 'fcr_caller_id')",
        fallback_names_variants_kpi_variant_fallback_=2,
        unique_combination_kpi_variant_fallback_kpi_id__variant=1,
    ),
    breakage(
        "triggers_and_targets_have_a_remedy",
        "delete from marts.strategy_rule where kpi_id in ('M034', 'M156')",
        triggers_and_targets_have_a_remedy_strategy_rule_=2,
    ),
    breakage(
        "no_steady_feed_misses_a_date",
        "insert into marts.fct_feed_day by name select 'f' as feed, date '2026-03-02' as local_date, "
        "9.0 as expected_row_count, 0 as received_row_count, 0 as loaded_row_count, 0 as flagged_row_count, "
        "0 as duplicate_row_count, 0 as refused_row_count, 0 as held_row_count, false as is_held, true as is_missing",
        no_steady_feed_misses_a_date=1,
    ),
    breakage(
        "complaints_count_once_when_received_and_when_closed",
        "insert into marts.fct_complaint_day by name select date '2026-03-02' as local_date, 'level_1' as "
        "complaint_level, 1 as opened_count, 0 as opened_closed_count, 0 as opened_escalated_count, "
        "0 as opened_again_count, 0 as closed_count, 0 as handling_s, 0 as handling_business_s, 0 as decided_count, "
        "0 as recurred_count",
        complaints_count_once_when_received_and_when_closed=1,
    ),
    breakage(
        "actions_fall_due_once",
        "insert into marts.fct_action_day by name select date '2026-03-02' as local_date, 'A1' as action_id, "
        "1 as due_count, 0 as scored_count, 0 as ease_score, 0 as literal_score, 0 as done_in_time_count, "
        "0 as judged_count, 0 as verified_count, 0 as stated_count, 0 as stated_reached_count, 0 as compared_count, "
        "0 as difference, 0 as baseline_value",
        actions_fall_due_once=1,
    ),
    breakage(
        "days_count_their_recordings",
        "insert into marts.fct_recording_day by name select date '2026-03-02' as local_date, 1 as conversation_count, "
        "1 as recording_count, 0 as deleted_early_count, 0 as deletion_wanted_count",
        days_count_their_recordings=1,
    ),
    breakage(
        "evaluations_score_what_their_items_add_up_to",
        # rounded to whole points is no other score, a point is
        tuple(
            statement
            for number, score in ((1, 8.5), (2, 9))
            for statement in (
                f"insert into marts.fct_qa_evaluation by name select 'Q{number}' as evaluation_id, '1001' as agent_id, "
                f"{score} as score, 10 as score_max, {10 * score} as score_points, {_EVALUATED}, "
                "'Asia/Shanghai' as timezone, timestamp '2026-03-02 18:00:00' as local_evaluated_at, "
                "1 as script_item_count, 1 as failed_script_item_count, false as is_script_check",
                f"insert into marts.fct_qa_section by name select 'Q{number}' as evaluation_id, '1001' as agent_id, "
                f"'compliance' as section, 1 as item_count, 1 as failed_item_count, 8 as score, 10 as score_max, "
                f"80 as score_points, {_EVALUATED}",
            )
        ),
        evaluations_score_what_their_items_add_up_to=1,
    ),
    breakage(
        "ratings_are_of_agents_who_spoke",
        # of a call that is not known nobody can say who spoke
        tuple(
            f"insert into marts.fct_survey_answer by name select 'S{number}' as survey_id, 'q' as question_id, "
            f"'csat' as question_kind, '{call}' as contact_id, '{agent}' as agent_id, 5 as score, "
            "timestamp '2026-03-02 10:00:00' as responded_at, timestamp '2026-03-02 18:00:00' as local_responded_at, "
            "'Asia/Shanghai' as timezone, date '2026-03-02' as local_date, false as is_answered_again, "
            "true as is_rating"
            for number, (call, agent) in enumerate((("c1", "A1"), ("c1", "A9"), ("x1", "A9")))
        ),
        ratings_are_of_agents_who_spoke=1,
    ),
    breakage(
        "months_share_out_the_whole_ledger",
        "insert into marts.fct_cost by name select 'x' as cost_id, date '2026-03-01' as month, 'labour' as cost_type, "
        "timestamp '2026-03-31' as booked_at, 1 as amount, 1 as own_amount, 'CNY' as currency, "
        "'handle_time' as shared_by, 'Asia/Shanghai' as timezone, date '2026-03-31' as partition_date, "
        "'h' as record_hash",
        months_share_out_the_whole_ledger=1,
    ),
    breakage(
        "orders_won_agree_by_day_and_month",
        "insert into marts.fct_sales_month by name select date '2026-03-01' as local_date, 'won' as kind, "
        "1 as record_count, 0 as earning_order_count",
        orders_won_agree_by_day_and_month=1,
    ),
    breakage(
        "bridges_leave_nothing_unexplained",
        # a hundredth of a second may be rounding, more is not
        (
            "update marts.rpt_bridge_agent set amount = 0.01 "
            "where step = 'unexplained' and measure = 'handle_s' and local_date = '2026-03-02'",
            "update marts.rpt_bridge_queue set amount = -1 "
            "where step = 'unexplained' and measure = 'offered' and local_date = '2026-03-02'",
        ),
        bridges_leave_nothing_unexplained=1,
    ),
    breakage(
        "talk_on_the_clock_is_bridged_to_conversations",
        "update marts.rpt_bridge_agent_clock set amount = 0.011 "
        "where step = 'unexplained' and local_date = '2026-03-02' and local_hour = 10",
        talk_on_the_clock_is_bridged_to_conversations=1,
    ),
    breakage(
        "every_available_default_variant_is_computed",
        "delete from marts.kpi_judged where kpi_id = 'M041'",
        every_available_default_variant_is_computed=2,
    ),
    breakage(
        "no_kpi_of_a_board_is_lost",
        "delete from marts.rpt_four_dimensions where kpi_id = 'M047'",
        no_kpi_of_a_board_is_lost=1,
    ),
    breakage(
        "board_rows_are_rows_of_kpi_value",
        "update marts.rpt_core_targets set value = value + 1 where kpi_id = 'M024'",
        board_rows_are_rows_of_kpi_value=1,
    ),
    breakage(
        "weakest_segments_are_rows_of_kpi_value",
        # the member is there, and has not twice the volume of the centre
        "insert into marts.rpt_weakest_segment by name select shown.kpi_id, shown.grain, 1 as segment_rank, "
        "shown.variant, shown.period_start, members.dim_set, members.agent as member_path, members.numerator, "
        "members.denominator, members.value, members.n, shown.value as value_of_all, shown.target, "
        "2 as volume_share, 1 as shortfall_share from marts.rpt_four_dimensions as shown inner join marts.kpi_value "
        "as members on shown.kpi_id = members.kpi_id and shown.variant = members.variant and shown.grain = "
        "members.grain and shown.period_start = members.period_start and members.dim_set = 'agent' "
        "where shown.kpi_id = 'M070'",
        weakest_segments_are_rows_of_kpi_value=1,
    ),
]


@pytest.fixture(scope="module")
def broken(examples_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    warehouse = examples_warehouse.copy(tmp_path_factory.mktemp("broken"))
    warehouse.execute(*(statement for one in BREAKAGES for statement in one.statements))
    return warehouse.results("test", "--exclude", "test_type:unit")


@pytest.mark.parametrize("one", BREAKAGES, ids=lambda one: one.kind)
def test_breakage_is_rejected(one: Breakage, broken: list[Result]) -> None:
    found = {result.name: result.failures for result in broken if result.status in ("fail", "warn")}
    assert {name: found.get(name) for name in one.rejects} == one.rejects


def test_nothing_else_is_rejected(broken: list[Result]) -> None:
    expected = {name for one in BREAKAGES for name in one.rejects}
    found = {result.name: result.message for result in broken if result.status != "pass"}
    assert set(found) == expected, found


def test_each_custom_test_has_a_breakage() -> None:
    generic = re.findall(r"{% test (\w+)\(", "".join(file.read_text() for file in (TESTS / "generic").glob("*.sql")))
    singular = [file.stem for file in TESTS.glob("*.sql")]
    assert sorted({one.kind for one in BREAKAGES}) == sorted(generic + singular)


def test_each_breakage_shows_in_a_test_of_its_kind(broken: list[Result]) -> None:
    kinds = {result.name: result.kind or result.name for result in broken}
    assert all(one.kind in {kinds[name] for name in one.rejects} for one in BREAKAGES)


def test_a_data_test_of_a_fact_reads_the_build_window_alone(
    examples_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    warehouse = examples_warehouse.copy(tmp_path_factory.mktemp("window"))
    warehouse.execute("update marts.fct_contact set outcome = 'busy' where is_offered")
    test = "offered_contact_has_one_result_fct_contact_"
    after = json.dumps({"window_from": "2026-03-03", "window_to": "2026-03-04"})
    assert [result.status for result in warehouse.results("test", "--select", test, "--vars", after)] == ["pass"]
