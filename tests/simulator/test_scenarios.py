"""The worked cases are complete and consistent, effects answer as told, and what the business plants is found again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from simulator.business import costs
from simulator.business.leads import leads_of_day
from simulator.business.orders import Shop
from simulator.business.sales import Sales
from simulator.catalogue import ISSUE_BY_ID, ISSUES, MENU, PRODUCT_BY_ID, TOPICS
from simulator.customers import Population
from simulator.errors import SettingError
from simulator.events import Contact, Leg
from simulator.local_time import DAY_S, HOUR_S, midnight, number_of
from simulator.occasions import Calendar
from simulator.records import Record
from simulator.scenarios import reference
from simulator.scenarios.cases import SCENARIOS, scenario
from simulator.scenarios.effects import NO_EFFECTS, Change, Effects, Planting, Switch
from simulator.scenarios.planting import figures, planting
from simulator.scenarios.s4 import ACTIVATION_BY_CHANCE, REST_BY_CHANCE
from simulator.truth.retention import recount_retention
from simulator.truth.sales import recount_sales

FIRST = number_of(date(2026, 3, 2))
NOON = midnight(FIRST) + 12 * HOUR_S
SWITCH = midnight(FIRST + 30)


def planted(*changes: Change, switch: Switch = "before", at: int | None = None) -> Effects:
    return Effects([Planting("test", changes, switch, at)], Calendar(1))


def case(scenario_id: str, switch: Switch, at: int | None = None) -> Effects:
    return Effects([scenario(scenario_id).planted(switch, at)], Calendar(1))


# --- the cases ------------------------------------------------------------------------------------------------------


def test_every_worked_case_of_the_articles_is_a_scenario() -> None:
    expected = {
        *(f"S0-{n}" for n in range(1, 5)),
        *(f"S2-{n}" for n in range(1, 11)),
        *(f"S4-{n}" for n in range(1, 9)),
    }
    assert set(SCENARIOS) == expected
    with pytest.raises(SettingError, match="S9-9"):
        scenario("S9-9")


def test_the_page_of_scenarios_is_written_from_the_cases() -> None:
    assert reference.PAGE.read_text("utf-8") == reference.page()


@pytest.mark.parametrize("scenario_id", SCENARIOS)
def test_a_case_names_things_that_exist_in_both_languages_and_says_what_must_be_found(scenario_id: str) -> None:
    it = scenario(scenario_id)
    assert re.search("[\u4e00-\u9fff]", it.name_zh + it.figures_zh)
    assert not re.search("[\u4e00-\u9fff]", it.name_en + it.figures_en)
    assert it.changes
    assert it.expected
    known: dict[str, Any] = {"issue_id": ISSUE_BY_ID, "topic": TOPICS, "node_id": MENU, "product_id": PRODUCT_BY_ID}
    for change in it.changes:
        for name, value in change.where.items():
            assert name not in known or value in known[name]
    # what a case shows after or between is planted by a change or a measure's end
    phases = {expected.phase for expected in it.expected}
    if "after" in phases or "change" in phases:
        assert {"before", "after"} & {change.phase for change in it.changes}
        assert it.measures
    for measure in it.measures:
        assert re.fullmatch(r"M\d{3}", measure.metric_id)
        assert measure.follows is None or measure.follows in {other.key for other in it.measures}


def test_only_the_first_script_for_deliveries_misses_its_target() -> None:
    missed = [
        (name, measure.key) for name, it in SCENARIOS.items() for measure in it.measures if not measure.is_reached
    ]
    assert missed == [("S4-2", "script")]


def test_the_parts_of_s0_1_make_its_whole() -> None:
    effects = case("S0-1", "before")
    mediums = effects.shares("arrival_share", "medium", {"voice": 0.8, "im": 0.15, "email": 0.05}, NOON)
    topics = effects.shares("arrival_share", "topic", {name: 1.0 for name in TOPICS}, NOON, medium="voice")
    calls = sum(share * solved(effects, "voice", topic) for topic, share in topics.items())
    whole = mediums["voice"] * calls + mediums["im"] * solved(effects, "im", "repair")
    assert mediums["im"] == pytest.approx(0.294, abs=0.001)
    assert (round(calls, 9), round(whole, 9)) == (0.65, 0.70)
    assert solved(case("S0-1", "after"), "voice", "repair") == 0.89


def solved(effects: Effects, medium: str, topic: str) -> float:
    issue = next(issue for issue in ISSUES if issue.parent_id == topic)
    return effects.level("solved", issue.solved, NOON, issue_id=issue.issue_id, medium=medium, attempt="first")


def test_the_parts_of_s4_4_make_its_repeats_of_new_customers() -> None:
    for switch, repeats in (("before", 0.28), ("after", 0.15)):
        effects = case("S4-4", "before" if switch == "before" else "after")
        topics = effects.shares("arrival_share", "topic", {name: 1.0 for name in TOPICS}, NOON, tier="new")
        by_chance = {"activation": ACTIVATION_BY_CHANCE}
        solved = {topic: effects.level("solved", 0.8, NOON, issue_id=None, topic=topic, tier="new") for topic in topics}
        back = {
            topic: share * (1 - solved[topic] * (1 - by_chance.get(topic, REST_BY_CHANCE)))
            for topic, share in topics.items()
        }
        assert sum(back.values()) == pytest.approx(repeats)
        assert back["activation"] / sum(back.values()) == pytest.approx(0.80)


def test_a_case_is_named_with_its_switch_and_told_in_the_truth() -> None:
    both = planting("S4-2=2026-03-16")
    assert (both.switch, both.at) == ("both", midnight(number_of(date(2026, 3, 16))))
    (told,) = json.loads(json.dumps(figures([both])))
    assert (told["date"], told["name"]["en"]) == ("2026-03-16", scenario("S4-2").name_en)
    assert [measure["done_on"] for measure in told["measures"]] == ["2026-03-16", "2026-04-20"]
    assert len(told["expected"]) == len(scenario("S4-2").expected)
    (alone,) = figures([planting("S4-2=after")])
    assert {expected["phase"] for expected in alone["expected"]} == {"after"}


@pytest.mark.parametrize("text", ["S4-2", "S4-2=both", "S4-2=2026-13-01", "S5-1=before"])
def test_a_switch_that_is_none_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(SettingError, match=r"=before|take one of"):
        planting(text)


# --- effects --------------------------------------------------------------------------------------------------------


def test_without_scenarios_nothing_changes() -> None:
    assert NO_EFFECTS.factor("staffing", NOON) == 1.0
    assert NO_EFFECTS.level("solved", 0.7, NOON, issue_id="refund") == 0.7
    assert NO_EFFECTS.shares("arrival_share", "medium", {"voice": 3.0, "im": 1.0}, NOON) == {"voice": 0.75, "im": 0.25}


def test_a_measure_works_from_its_own_instant_on() -> None:
    changes = Change("talk_s", "before", level=240), Change("talk_s", "after", level=180)
    second = Change("talk_s", "after", level=144, after_days=35)
    effects = planted(*changes, second, switch="both", at=SWITCH)

    def talk_s(at: int) -> float:
        return effects.level("talk_s", 100, at)

    assert [talk_s(SWITCH - 1), talk_s(SWITCH), talk_s(SWITCH + 35 * DAY_S - 1)] == [240, 180, 180]
    assert talk_s(SWITCH + 35 * DAY_S) == 144
    assert planted(*changes, second, switch="after").level("talk_s", 100, NOON) == 144
    assert planted(*changes, second, switch="before").level("talk_s", 100, NOON) == 240


def test_hours_are_local_and_half_open() -> None:
    effects = planted(Change("line_connected", "before", level=0.7, hours=(15, 16)))
    at_hour = {hour: effects.level("line_connected", 0.9, midnight(FIRST) + hour * HOUR_S) for hour in (14, 15, 16)}
    assert at_hour == {14: 0.9, 15: 0.7, 16: 0.9}


def test_repayment_days_have_two_and_a_half_times_the_calls() -> None:
    effects = case("S2-1", "before")

    def arrivals(day: int) -> float:
        return effects.level("arrivals", 1.0, midnight(day) + HOUR_S, medium="voice")

    march = {number + 1: arrivals(number_of(date(2026, 3, 1)) + number) for number in range(31)}
    assert {day for day, factor in march.items() if factor == 2.5} == {*range(7, 14), *range(22, 29)}
    assert set(march.values()) == {1.0, 2.5}


def test_the_narrowest_level_holds_and_factors_multiply() -> None:
    effects = planted(
        Change("solved", "before", level=0.5, where={"topic": "repair", "medium": "voice"}),
        Change("solved", "before", level=0.6, where={"medium": "voice"}),
        Change("solved", "before", factor=0.5, where={"agent": "1004"}),
    )
    of = {"issue_id": "repair_request", "medium": "voice"}
    assert effects.level("solved", 0.9, NOON, agent="1001", **of) == 0.5
    assert effects.level("solved", 0.9, NOON, agent="1004", **of) == 0.25
    assert effects.level("solved", 0.9, NOON, agent=None, issue_id="refund", medium="voice") == 0.6
    assert effects.level("solved", 0.9, NOON, agent=None, issue_id="refund", medium="im") == 0.9


def test_a_property_that_a_scenario_needs_and_nobody_tells_is_an_error() -> None:
    effects = planted(Change("solved", "before", level=0.5, where={"medium": "voice"}))
    with pytest.raises(LookupError, match="medium"):
        effects.level("solved", 0.9, NOON, issue_id="refund")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Change("no_such_effect", "before"),
        lambda: Change("talk_s", "before", level=1.0, where={"region": "110000"}),
        lambda: Change("arrival_share", "before", factor=2.0, where={"tier": "new"}),
    ],
)
def test_a_change_that_means_nothing_is_refused(wrong: Callable[[], Change]) -> None:
    with pytest.raises(ValueError, match="effect"):
        wrong()


def test_a_date_belongs_to_both_and_occasions_need_a_calendar() -> None:
    with pytest.raises(SettingError):
        scenario("S4-1").planted("both")
    with pytest.raises(SettingError):
        scenario("S4-1").planted("before", SWITCH)
    with pytest.raises(SettingError, match="calendar"):
        Effects([scenario("S2-1").planted("before")])


# --- what the business plants is found again --------------------------------------------------------------------------


def conversations(number_of_days: int) -> list[Contact]:
    """Five hundred calls a day about courses, and as many outbound ones to known and unknown numbers."""
    made = []
    for day in range(FIRST, FIRST + number_of_days):
        for number in range(1000):
            begun = midnight(day) + 9 * HOUR_S + number * 30
            is_outbound = number % 2 == 1
            made.append(
                Contact(
                    contact_id=f"k{day}-{number}",
                    direction="outbound" if is_outbound else "inbound",
                    channel="voice_400",
                    caller=f"139{number:08d}",
                    started_at=begun,
                    answered_at=begun,
                    ended_at=begun + 60,
                    disposition="ANSWERED",
                    legs=[Leg("1001", "direct", None, begun, begun + 60)],
                    customer_id=None if number % 4 == 3 else f"C{number:08d}",
                    issue_id=None if is_outbound else "course_advice",
                    is_solved=None if is_outbound else True,
                )
            )
    return made


def test_lead_sources_and_courses_of_s2_5_are_found_again() -> None:
    population = Population(3, 1000, midnight(FIRST), midnight(FIRST + 60))
    sales = Sales(3, Calendar(3), case("S2-5", "both", midnight(FIRST + 10)))
    calls = conversations(20)
    buyers = {call.contact_id: population.known(call.customer_id) for call in calls if call.customer_id}
    records = [record for call in calls for record in sales.of_contact(call, buyers.get(call.contact_id))]
    values = recount_sales(calls, records, midnight(FIRST + 60))

    def rate(kpi: str, days: range, **of: str) -> float:
        cells = [
            value
            for value in values
            if (value.kpi_id, value.grain) == (kpi, "day")
            and value.dim_set == next(iter(of))
            and all(getattr(value, name) == wanted for name, wanted in of.items())
            and number_of(date.fromisoformat(value.period_start)) - FIRST in days
        ]
        return sum(cell.numerator or 0 for cell in cells) / sum(cell.denominator or 0 for cell in cells)

    both, before, after = range(20), range(10), range(10, 20)
    for expected in scenario("S2-5").expected:
        if expected.metric_id == "M146":
            assert abs(rate("M146", both, **expected.where) - expected.value) < expected.tolerance
    offers = {
        product: (rate("M138", before, product=product), rate("M138", after, product=product))
        for product in ("children_course", "adult_course")
    }
    assert abs(offers["children_course"][0] / offers["adult_course"][0] - 2.3) < 0.45
    assert abs(offers["children_course"][1] / offers["children_course"][0] - 1.25) < 0.15


def test_retention_of_s0_2_rises_by_an_eighth() -> None:
    size, anchor = 4000, date(2025, 4, 1)
    begins, ends = midnight(number_of(anchor)), midnight(number_of(date(2026, 4, 1)))
    population = Population(3, size, begins, ends)
    served = [
        contact_before(begins, number) for number in range(size) if population.customer(number).joined_at < begins
    ]

    def retention(switch: Switch) -> float:
        shop = Shop(3, population, Calendar(3), case("S0-2", switch))
        days = range(number_of(anchor), number_of(date(2026, 4, 1)))
        orders = [record for day in days for record in shop.of_day(day, bytearray(size))]
        values = recount_retention(served, orders, ends, lambda *_: "regular")
        cells = {(value.variant, value.dim_set, value.period_start): value.value for value in values}
        return cells["repurchase", "all", str(anchor)] or 0.0

    (expected,) = [it for it in scenario("S0-2").expected if it.metric_id == "M137"]
    assert abs(retention("after") / retention("before") - 1 - expected.value) < expected.tolerance


def contact_before(anchor: int, number: int) -> Contact:
    begun = anchor - DAY_S
    leg = Leg("1001", "direct", None, begun, begun + 60)
    return Contact(
        f"k{number}", "inbound", "voice_400", "", begun, begun, begun + 60, "ANSWERED", legs=[leg],
        customer_id=f"C{number:08d}", issue_id="refund", is_solved=True,
    )  # fmt: skip


def test_a_smaller_team_costs_a_quarter_less_labour() -> None:
    last = number_of(date(2026, 4, 30))

    def labour(effects: Effects, headcount: int = 100) -> float:
        booked: list[Record] = list(costs.of_day(3, last, "demo", headcount, 30_000, effects))
        return sum(float(record.row["amount"]) for record in booked if record.row["cost_type"] == "labour")

    assert labour(case("S0-3", "after")) / labour(case("S0-3", "before")) == pytest.approx(0.75, abs=0.001)
    team_before, team_after = labour(case("S0-3", "before"), 117), labour(case("S0-3", "after"), 117)
    assert 12 * (team_before - team_after) == pytest.approx(3_000_000, rel=0.04)


def test_leads_from_outside_follow_the_scenario_as_well() -> None:
    population = Population(3, 1000, midnight(FIRST), midnight(FIRST + 60))
    effects = planted(Change("lead_converted", "before", level=1.0, where={"lead_source": "cold_list"}))
    records = list(leads_of_day(3, FIRST, population, ("1001",) * 20, effects))
    created = {r.row["lead_id"]: r.row["lead_source"] for r in records if r.feed == "canonical.lead"}
    sold = {r.row["lead_id"] for r in records if r.feed == "canonical.order"}
    assert {name for name, source in created.items() if source == "cold_list"} <= sold
    assert not set(created) <= sold
