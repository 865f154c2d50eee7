"""Measurements read raw files as a careful person would, and find in them what a case plants."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from simulator.evidence import __main__ as command
from simulator.evidence import page, plot
from simulator.evidence.feeds import Feeds
from simulator.evidence.metrics import (
    agents,
    business,
    menu,
    resolution,
    retention,
    telephone,
    tickets,
    voice_of_customer,
)
from simulator.evidence.registry import METRICS
from simulator.evidence.sample import (
    Estimate,
    Observation,
    Sample,
    difference,
    mean,
    peak,
    quotient_of,
    ratio,
    relative_change,
    share,
)
from simulator.evidence.slices import Slice, slices_of
from simulator.evidence.study import SIZES, Finding, Size, Study, from_files, measured
from simulator.run import simulate
from simulator.scenarios.cases import SCENARIOS, scenario
from simulator.scenarios.scenario import Expected
from tests.simulator.raw_files import (
    Telephone,
    write_answers,
    write_complaints,
    write_crm,
    write_menu,
    write_pages,
    write_uses,
)

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
LAST = date(2026, 4, 30)


def counts(sample: Sample) -> list[Observation]:
    return sorted(sample.observations)


# --- arithmetic -----------------------------------------------------------------------------------------------------


def test_a_share_has_wilsons_interval() -> None:
    found = share([(MONDAY, True)] * 8 + [(MONDAY, False)] * 2).estimate()
    assert found is not None
    assert (found.value, found.n) == (0.8, 10)
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)


def test_a_mean_has_the_interval_of_its_standard_error() -> None:
    found = mean((MONDAY, amount) for amount in (1.0, 2.0, 3.0, 6.0)).estimate()
    assert found is not None
    assert found.value == 3.0
    assert found.high - 3.0 == pytest.approx(1.96 * math.sqrt(14 / 3) / 2, rel=1e-4)
    assert mean([]).estimate() is None
    assert math.isinf((mean([(MONDAY, 5.0)]).estimate() or Estimate(0, 0, 0, 0)).high)


def test_a_ratio_divides_sums_and_does_not_average_quotients() -> None:
    found = ratio([(MONDAY, 1, 1), (MONDAY, 1, 3)]).estimate()
    assert found is not None
    assert found.value == 0.5


def test_the_peak_is_the_hour_with_most_volume_and_of_equals_the_first() -> None:
    hours = {(MONDAY, 9): 5, (MONDAY, 20): 4, (TUESDAY, 20): 7, (TUESDAY, 9): 6, (TUESDAY, 21): 1}
    found = peak(hours).estimate()
    assert found is not None
    assert (found.value, found.low, found.high, found.n) == (9.0, 9.0, 20.0, 23)


def test_changes_carry_the_uncertainty_of_both_sides() -> None:
    before, after = Estimate(0.2, 0.18, 0.22, 100), Estimate(0.12, 0.10, 0.14, 100)
    change, points = relative_change(before, after), difference(before, after)
    assert change is not None
    assert change.value == pytest.approx(-0.4)
    assert change.low < -0.4 < change.high < 0
    assert points.value == pytest.approx(-0.08)
    assert points.high - points.value == pytest.approx(math.hypot(0.02, 0.02))
    assert quotient_of(before, Estimate(0.0, 0.0, 0.1, 5)) is None


def test_buckets_begin_at_the_switch_on_both_sides_of_it() -> None:
    sample = Sample(tuple(Observation(date(2026, 3, day), 1.0) for day in (8, 9, 15, 16)))
    assert [*sample.by_bucket(7, date(2026, 3, 9))] == [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    assert len(sample.between(end=date(2026, 3, 9)).observations) == 1


# --- telephone ------------------------------------------------------------------------------------------------------


@pytest.fixture
def calls(tmp_path: Path) -> Feeds:
    """Six calls of two hours; one agent, logged in for eight hours with two breaks and a ticket."""
    log = Telephone("1001", "1002")
    log.logged_in("1001", "2026-03-02 09:00:00", "2026-03-02 17:00:00")
    log.logged_in("1002", "2026-03-02 09:00:00", "2026-03-02 09:59:59")
    log.paused("1001", "break", "2026-03-02 12:00:00", "2026-03-02 12:20:00")
    log.paused("1001", "ticket", "2026-03-02 13:00:00", "2026-03-02 15:24:00")
    log.paused("1001", "break", "2026-03-02 16:00:00", "2026-03-02 16:10:00")
    log.queued("2026-03-02 10:00:00", 10, "1001", talk_s=100)
    log.queued("2026-03-02 10:05:00", 121, "1001", talk_s=200)
    log.queued("2026-03-02 10:10:00", 121, None)
    log.queued("2026-03-02 10:15:00", 120, None)
    log.queued("2026-03-02 11:20:00", 30, None)
    log.queued("2026-03-02 11:30:00", 31, None)
    log.lost("2026-03-02 11:40:00")
    log.write(tmp_path)
    write_crm(tmp_path, "service_record", [])
    return Feeds(tmp_path, MONDAY, LAST)


def test_hang_ups_are_judged_by_waits_over_two_minutes_and_the_hour_of_entry(calls: Feeds) -> None:
    assert counts(telephone.late_abandonment(calls, Slice({}, frozenset({10})))) == [(MONDAY, 0, 1), (MONDAY, 1, 1)]
    assert counts(telephone.late_abandonment(calls, Slice({}, frozenset({11})))) == []


def test_abandonment_counts_queued_calls_and_thirty_seconds_are_still_early(calls: Feeds) -> None:
    abandoned = telephone.queue_abandonment(calls, Slice()).estimate()
    early = telephone.early_abandonment(calls, Slice()).estimate()
    assert abandoned is not None and early is not None
    assert (round(abandoned.value, 4), abandoned.n) == (0.6667, 6)
    assert (early.value, early.n) == (0.25, 4)


def test_lines_and_agents_are_two_measures(calls: Feeds) -> None:
    lines, agents_too = telephone.line_connected(calls, Slice()).estimate(), telephone.connect_rate(calls, Slice())
    connected = agents_too.estimate()
    assert lines is not None and connected is not None
    assert (round(lines.value, 4), round(connected.value, 4)) == (0.8571, 0.2857)
    waits = telephone.answer_wait(calls, Slice()).estimate()
    assert waits is not None and waits.value == 65.5


def test_an_agent_day_takes_an_hour_and_its_breaks_and_busy_time_are_told_apart(calls: Feeds) -> None:
    assert counts(agents.calls_taken(calls, Slice())) == [(MONDAY, 2, 1)]
    assert counts(agents.breaks(calls, Slice({"agent": "1001"}))) == [(MONDAY, 1800, 1)]
    assert counts(agents.busy_share(calls, Slice({"agent": "1001"}))) == [(MONDAY, 8640, 28800)]
    assert counts(agents.talk_time(calls, Slice())) == [(MONDAY, 100, 1), (MONDAY, 200, 1)]


def test_a_menu_is_given_up_at_the_node_that_so_many_hops_led_to(calls: Feeds, tmp_path: Path) -> None:
    welcome, service, query = ("welcome", "next_node"), ("service_menu", "next_node"), "delivery_query"
    first, second, third, fourth, fifth, _, _ = (call.contact_id for call in calls.telephone.contacts)
    ways = {
        first: [welcome, service, (query, "hangup")],
        second: [welcome, service, (query, "invalid_key"), (query, "agent")],
        third: [welcome, ("service_menu", "hangup")],
        fourth: [("welcome", "invalid_key"), ("welcome", "timeout"), ("welcome", "hangup")],
        fifth: [("welcome", "invalid_key"), ("welcome", "hangup")],
    }
    write_menu(tmp_path, ways, "2026-03-02 10:00:00")
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        abandoned = [menu.menu_abandonment(feeds, Slice({"hops": hops})).estimate() for hops in ("2", "1")]
        complicated = menu.complexity_hangups(feeds, Slice()).estimate()
        to_agent = menu.node_to_agent(feeds, Slice({"node_id": query})).estimate()
    assert [(it.value, it.n) for it in abandoned if it] == [(0.5, 2), (pytest.approx(1 / 3), 3)]
    assert complicated is not None and (complicated.value, complicated.n) == (0.4, 5)
    assert to_agent is not None and (round(to_agent.value, 4), to_agent.n) == (0.3333, 3)


def test_manual_work_is_tickets_and_searches_by_hand_over_time_without_breaks(calls: Feeds, tmp_path: Path) -> None:
    at = "2026-03-02 10:00:00"
    write_uses(
        tmp_path,
        [
            ("1001", "a", "customer_lookup", at, 30.0, "true"),
            ("1001", "a", "order_lookup", at, 20.0, "true"),
            ("1001", "a", "article", at, 10.0, "true"),
            ("1001", "a", "customer_lookup", at, 99.0, "false"),
        ],
    )
    drafts = {"creator_no": "1001", "draft_at": "2026-03-02T09:58:00+08:00"}
    write_pages(tmp_path, "tickets", [ticket("t1", "2026-03-02T10:00:00+08:00", **drafts)])
    rows = [noted("a", at, at, issue="delivery_status"), noted("b", at, at, issue="delivery_status")]
    write_crm(tmp_path, "service_record", rows)
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        assert counts(agents.manual_share(feeds, Slice())) == [(MONDAY, 60 + 120, 28800 - 1800)]
        found = agents.lookups(feeds, Slice({"issue_id": "delivery_status"})).estimate()
    assert found is not None and (found.value, found.n) == (1.0, 2)


# --- what the CRM knows ---------------------------------------------------------------------------------------------


def noted(record_no: str, begins: str, ends: str, customer: str | None = "C1", issue: str = "refund", **more: str):  # type: ignore[no-untyped-def]
    return {
        "record_no": record_no, "member_no": customer, "channel_code": "voice_400", "direction": "IN",
        "begin_time": begins, "end_time": ends, "issue_code": issue, "solved_flag": "Y", **more,
    }  # fmt: skip


@pytest.fixture
def contacts(tmp_path: Path) -> Feeds:
    """A chain of three contacts of one issue, the last one exactly seven days later; another issue; a stranger."""
    rows = [
        noted("a", "2026-03-02 10:00:00", "2026-03-02 10:10:00"),
        noted("b", "2026-03-03 09:00:00", "2026-03-03 09:05:00", channel_code="im_app"),
        noted("c", "2026-03-10 09:05:00", "2026-03-10 09:15:00"),
        noted("d", "2026-03-17 09:15:01", "2026-03-17 09:20:00", solved_flag="N"),
        noted("e", "2026-03-03 12:00:00", "2026-03-03 12:10:00", issue="repair_request"),
        noted("f", "2026-03-03 13:00:00", "2026-03-03 13:10:00", customer=None),
    ]
    write_crm(tmp_path, "service_record", rows)
    versions = [("2026-01-01 00:00:00", "NEW"), ("2026-03-05 00:00:00", "REG")]
    write_crm(
        tmp_path,
        "member_history",
        [{"member_no": "C1", "valid_from": at, "member_level": tier, "age_band": "60+"} for at, tier in versions],
    )
    return Feeds(tmp_path, MONDAY, LAST)


def test_a_chain_of_repeats_counts_every_link_and_the_window_closes_after_seven_days(contacts: Feeds) -> None:
    followed = {(it.note.contact_id, it.is_repeat, it.is_followed) for it in resolution._places(contacts)}
    assert followed == {
        ("a", False, True), ("b", True, True), ("c", True, False), ("d", False, False), ("e", False, False),
    }  # fmt: skip
    repeats = resolution.repeat_rate(contacts, Slice({"issue_id": "refund"})).estimate()
    assert repeats is not None and (repeats.value, repeats.n) == (0.5, 4)
    billing = Slice({"medium": "voice", "topic": "billing"})
    first_calls = resolution.one_stop_completion(contacts, billing).estimate()
    all_calls = resolution.single_call_resolution(contacts, billing).estimate()
    assert first_calls is not None and (first_calls.value, first_calls.n) == (0.5, 2)
    assert all_calls is not None and (round(all_calls.value, 4), all_calls.n) == (0.6667, 3)
    days = {day: n for day, n, _ in resolution.repeats_per_day(contacts, Slice()).observations}
    assert (min(days), days[date(2026, 3, 10)], sum(days.values())) == (date(2026, 3, 9), 1, 1)


def test_a_contact_belongs_to_the_tier_that_its_customer_had_then(contacts: Feeds) -> None:
    new = resolution.repeat_rate(contacts, Slice({"tier": "new"})).estimate()
    assert new is not None and (round(new.value, 4), new.n) == (0.6667, 3)
    assert (contacts.notes["a"].tier, contacts.notes["c"].tier, contacts.notes["f"].tier) == ("new", "regular", None)


def test_contacts_of_the_last_week_are_not_judged(tmp_path: Path) -> None:
    write_crm(tmp_path, "service_record", [noted("a", "2026-03-02 10:00:00", "2026-03-02 10:10:00")])
    assert len(resolution.repeat_rate(Feeds(tmp_path, MONDAY, date(2026, 3, 8)), Slice()).observations) == 0
    assert len(resolution.repeat_rate(Feeds(tmp_path, MONDAY, date(2026, 3, 9)), Slice()).observations) == 1


def test_satisfaction_is_told_on_a_scale_to_a_hundred_from_files_in_gb18030(contacts: Feeds, tmp_path: Path) -> None:
    write_answers(
        tmp_path,
        [
            ("e", "满意度", "2026/03/03 12:11:00", 4.0),
            ("e", "是否解决", "2026/03/03 12:11:04", ""),
            ("a", "满意度", "2026/03/02 10:11:00", 1.0),
        ],
    )
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        assert counts(voice_of_customer.satisfaction(feeds, Slice({"topic": "repair"}))) == [(TUESDAY, 75, 1)]
        assert len(voice_of_customer.satisfaction(feeds, Slice()).observations) == 2


def complaint(complaint_id: str, opened: str, closed: str | None, **more: str | None) -> dict[str, str | None]:
    return {
        "complaint_id": complaint_id, "customer_id": "C1", "complaint_type": "installation", "opened_at": opened,
        "closed_at": closed, "escalated_at": None, "record_updated_at": closed or opened, **more,
    }  # fmt: skip


def test_a_complaint_comes_again_within_thirty_days_of_its_closing(contacts: Feeds, tmp_path: Path) -> None:
    closed = "2026-03-03 10:00:00"
    write_complaints(
        tmp_path,
        [
            complaint("c1", "2026-03-02 10:00:00", None),
            complaint("c1", "2026-03-02 10:00:00", closed, escalated_at="2026-03-02 15:00:00"),
            complaint("c2", "2026-04-02 10:00:00", "2026-04-03 10:00:00"),
            complaint("c3", "2026-03-02 10:00:00", closed, customer_id="C2"),
            complaint("c4", "2026-04-02 10:00:01", None, customer_id="C2"),
            complaint("c5", "2026-03-05 10:00:00", None, customer_id="C2", complaint_type="delivery"),
        ],
    )
    installation = Slice({"complaint_type": "installation"})
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        assert counts(voice_of_customer.recurrence(feeds, installation)) == [(TUESDAY, 0, 1), (TUESDAY, 1, 1)]
        mix = voice_of_customer.complaint_mix(feeds, installation).estimate()
        old = voice_of_customer.complaint_mix(feeds, Slice({**installation.where, "age_band": "60+"})).estimate()
        escalated = voice_of_customer.escalation(feeds, Slice()).estimate()
    assert mix is not None and (mix.value, mix.n) == (0.8, 5)
    assert old is not None and (old.value, old.n) == (1.0, 2)
    assert escalated is not None and (escalated.value, escalated.n) == (0.2, 5)


def test_leads_count_when_they_are_paid_within_their_window(tmp_path: Path) -> None:
    leads = [("l1", "2026-03-02 09:00:00"), ("l2", "2026-03-02 09:00:00"), ("l3", "2026-04-20 09:00:00")]
    paid = [("l1", "2026-04-01 08:59:59"), ("l2", "2026-04-01 09:00:00")]
    write_crm(
        tmp_path, "sales_lead", [{"lead_no": no, "source_code": "referral", "create_time": at} for no, at in leads]
    )
    write_crm(tmp_path, "sales_order", [{"lead_no": no, "pay_time": at, "order_no": no} for no, at in paid])
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        found = counts(business.leads_converted(feeds, Slice({"lead_source": "referral"})))
    assert found == [(MONDAY, 0, 1), (MONDAY, 1, 1)]


def test_retention_asks_for_a_purchase_in_the_year_after_the_anchor(tmp_path: Path) -> None:
    year = tmp_path / "year-2026-04-01"
    year.mkdir()
    served = [("r1", "C1"), ("r2", "C1"), ("r3", "C2"), ("r4", None)]
    write_crm(
        year,
        "service_record",
        [noted(no, "2026-03-30 10:00:00", "2026-03-30 10:09:00", customer=who) for no, who in served],
    )
    orders = [("C1", "2027-04-01 00:00:00"), ("C2", "2027-03-31 23:59:59"), ("C3", "2026-05-01 00:00:00")]
    write_crm(year, "sales_order", [{"member_no": who, "pay_time": at, "order_no": at} for who, at in orders])
    write_crm(tmp_path, "service_record", [])
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        assert counts(retention.retention(feeds, Slice())) == [(date(2026, 4, 1), 0, 1), (date(2026, 4, 1), 1, 1)]


# --- tickets --------------------------------------------------------------------------------------------------------


def ticket(number: str, updated_at: str, **changes: object) -> dict[str, object]:
    return {
        "id": number, "source": {"record_no": number}, "category": "repair_request",
        "assignee": {"staff_no": "1003", "department": "after_sales"}, "created_at": "2026-03-02T10:00:00+08:00",
        "assigned_at": "2026-03-02T11:00:00+08:00", "solved_at": None, "return_times": 0, "updated_at": updated_at,
        **changes,
    }  # fmt: skip


def step(number: int, action: str, sent_from: str, sent_to: str, at: str) -> dict[str, object]:
    department = {"from": sent_from, "to": sent_to}
    return {"ticket_id": "t1", "id": str(number), "action": action, "department": department, "happened_at": at}


def test_routing_is_counted_in_office_hours_and_of_each_stage(tmp_path: Path) -> None:
    write_pages(
        tmp_path,
        "tickets",
        [
            ticket("t1", "2026-03-02T10:00:00+08:00"),
            ticket("t1", "2026-03-03T12:00:00+08:00", return_times=1, solved_at="2026-03-03T12:00:00+08:00"),
            ticket("t2", "2026-03-02T10:00:00+08:00"),
        ],
    )
    write_pages(
        tmp_path,
        "ticket_events",
        [
            step(1, "sent_to_department", "service", "after_sales", "2026-03-02T17:00:00+08:00"),
            step(2, "accepted", "service", "after_sales", "2026-03-03T09:30:00+08:00"),
            step(3, "sent_to_department", "after_sales", "logistics", "2026-03-03T10:00:00+08:00"),
            step(4, "accepted", "after_sales", "logistics", "2026-03-03T10:30:00+08:00"),
            step(5, "sent_to_department", "logistics", "after_sales", "2026-03-03T11:00:00+08:00"),
        ],
    )
    write_crm(tmp_path, "service_record", [])
    with Feeds(tmp_path, MONDAY, LAST) as feeds:
        repair = Slice({"topic": "repair"})
        assert counts(tickets.routing_time(feeds, repair)) == [(MONDAY, 5400 + 1800, 1)]
        assert counts(tickets.routing_time(feeds, Slice({"topic": "billing"}))) == []
        for name in ("accept", "service>after_sales"):
            stage = Slice({"topic": "repair", "stage": name})
            assert counts(tickets.stage_share(feeds, stage)) == [(MONDAY, 5400, 7200)]
        assert counts(tickets.rework(feeds, repair)) == [(MONDAY, 0, 1), (MONDAY, 1, 1)]
        assert counts(tickets.ticket_completion(feeds, Slice({"agent": "1003"}))) == [(MONDAY, 0, 1), (MONDAY, 1, 1)]


# --- cases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario_id", SCENARIOS)
def test_every_expected_figure_has_a_measurement_and_a_slice(scenario_id: str) -> None:
    case = scenario(scenario_id)
    assert scenario_id in SIZES
    for expected in case.expected:
        assert expected.metric_id in METRICS
        slices = slices_of(case, expected)
        assert len(slices) == (2 if expected.kind == "ratio" else 1)
        assert all(part.hours for part in slices)


def test_hours_that_a_case_names_nowhere_are_the_others() -> None:
    morning, others, *_ = scenario("S4-1").expected
    assert slices_of(scenario("S4-1"), morning)[0].hours == {10, 11}
    assert slices_of(scenario("S4-1"), others)[0].hours == set(range(24)) - {10, 11}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Size]:
    """Nine dates of a small centre with two cases whose effects are strong, switched after three."""
    size = Size(days_before=3, days_after=6)
    out = tmp_path_factory.mktemp("evidence")
    cases = [f"{scenario_id}={size.switch}" for scenario_id in ("S4-3", "S2-9")]
    simulate(out, size.days, size.agents, 5, size.first, scenarios=cases)
    return out, size


def test_what_is_planted_is_seen_in_the_raw_files(simulated: tuple[Path, Size]) -> None:
    out, size = simulated
    with Feeds(out, size.first, size.last) as feeds:
        route_before, route_after, *_ = measured(scenario("S4-3"), size, from_files(feeds)).findings
        (points,) = measured(scenario("S2-9"), size, from_files(feeds)).findings
    for finding in (route_before, route_after, points):
        assert finding.observed is not None
        assert finding.observed.low - 3 * finding.observed.standard_error < finding.expected.value
        assert finding.expected.value < finding.observed.high + 3 * finding.observed.standard_error
    assert route_before.observed and route_after.observed
    assert route_after.observed.high < route_before.observed.low


@pytest.fixture(scope="module")
def studies(simulated: tuple[Path, Size]) -> dict[str, Study]:
    """Every case measured in these files, whether or not it was planted there."""
    out, size = simulated
    with Feeds(out, size.first, size.last) as feeds:
        return {name: measured(case, size, from_files(feeds)) for name, case in SCENARIOS.items()}


def test_every_case_can_be_measured_in_any_simulation(studies: dict[str, Study]) -> None:
    for name, found in studies.items():
        assert len(found.findings) == len(scenario(name).expected)
        assert {panel.metric.metric_id for panel in found.panels} == {it.metric_id for it in scenario(name).expected}


def test_a_picture_is_small_and_the_same_every_time(studies: dict[str, Study]) -> None:
    picture = plot.svg_of(studies["S4-3"])
    assert picture == plot.svg_of(studies["S4-3"])
    assert len(picture.encode()) < 60_000
    assert "维修工单流转 3 小时" in picture
    assert "Tickets sent back" in picture


def test_a_page_tells_planted_and_observed_and_what_lies_outside() -> None:
    case, size = scenario("S2-9"), SIZES["S2-9"]
    (expected,) = case.expected
    verdicts = {
        observed: page.page_of(Study(case, size, (Finding(expected, observed),), ())).splitlines()[-1]
        for observed in (
            None,
            Estimate(66.0, 64.0, 68.0, 1200),
            Estimate(70.0, 64.0, 76.0, 9),
            Estimate(70.0, 68.0, 72.0, 1200),
        )
    }
    ends = [line.split(" | ")[3:] for line in verdicts.values()]
    assert ends == [
        ["65.0", "± 3.0", "–", "–", "0", "– 未观测到 nothing seen |"],
        ["65.0", "± 3.0", "66.0", "64.0 … 68.0", "1,200", "✓ 容差内 inside |"],
        ["65.0", "± 3.0", "70.0", "64.0 … 76.0", "9", "~ 样本不足 too few to tell |"],
        ["65.0", "± 3.0", "70.0", "68.0 … 72.0", "1,200", "✗ 容差外 outside |"],
    ]


def test_a_finding_at_the_edge_of_its_tolerance_is_inside() -> None:
    expected = Expected("M112", "before", 78.0, 3.0)
    verdicts = [Finding(expected, Estimate(value, value, value, 9)).verdict for value in (75.0, 81.0, 81.01)]
    assert verdicts == ["inside", "inside", "outside"]
    assert Finding(expected, None).verdict == "nothing seen"


@pytest.mark.parametrize("scenario_id", SCENARIOS)
def test_the_written_pages_tell_the_figures_that_cases_have_now(scenario_id: str) -> None:
    text = (page.FOLDER / f"{scenario_id}.md").read_text("utf-8")
    assert text.startswith(page.head_of(scenario(scenario_id)))
    rows = text.removeprefix(page.head_of(scenario(scenario_id))).splitlines()
    planted = [page.planted_cells(expected) for expected in scenario(scenario_id).expected]
    assert [row[: len(cells)] for row, cells in zip(rows, planted, strict=True)] == planted
    picture = (page.FOLDER / f"{scenario_id}.svg").read_text("utf-8")
    assert len(picture.encode()) < 60_000
    assert not re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.", picture)


@pytest.mark.parametrize(("arguments", "told"), [(["S9-9"], "S9-9"), ([], "--all")])
def test_an_unknown_case_and_none_at_all_are_refused_with_what_to_write(arguments: list[str], told: str) -> None:
    app = typer.Typer()
    app.command()(command.main)
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert told in refused.output
