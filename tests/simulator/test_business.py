"""The business around the centre: what it writes fits the contracts, repeats itself, and is plausible."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from expectations.contracts import all_contracts
from expectations.settings import FeedSettings
from simulator.business import actions, do_not_call, interfaces, queries
from simulator.business.business import Business
from simulator.business.leads import SOURCES, leads_of_day
from simulator.business.orders import ROUND_DAYS, Shop
from simulator.catalogue import ISSUES
from simulator.customers import Population
from simulator.events import Contact, Leg
from simulator.local_time import DAY_S, HOUR_S, date_of, day_of, midnight, number_of
from simulator.occasions import Calendar
from simulator.records import Record
from simulator.scenarios.cases import scenario
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.truth.costs import recount_costs
from simulator.truth.integrations import recount_integrations
from simulator.truth.queries import recount_queries
from simulator.truth.sales import recount_sales

SEED_OF_ISSUES = Path(__file__).resolve().parents[2] / "seeds" / "issue.csv"
FIRST, DAYS, SIZE, SEED = number_of(date(2026, 3, 2)), 16, 4000, 7
BEGINS, ENDS = midnight(FIRST), midnight(FIRST + DAYS)
SELLERS = ("1001", "1002", "1003")
CONTRACTS = {contract.feed: contract for contract in all_contracts().values()}
FEEDS = {
    f"canonical.{name}"
    for name in (
        *("order", "lead", "invite", "do_not_call", "cost", "calendar_event", "action"),
        *("api_call_minute", "feed_heartbeat", "query_log"),
    )
}


def business(seed: int = SEED, effects: Effects = NO_EFFECTS, size: int = SIZE) -> Business:
    population = Population(seed, size, BEGINS, ENDS)
    return Business(
        seed, population, BEGINS, ENDS, sellers=SELLERS, headcount=24, contacts_per_day=300, effects=effects
    )


def contact(number: int, day: int = FIRST, is_solved: bool = True, **changes: Any) -> Contact:
    """A handled call of the customer of that number; the issue and the hour follow from the number."""
    begun = midnight(day) + 9 * HOUR_S + number * 37 % (10 * HOUR_S)
    made = Contact(
        contact_id=f"k{day}-{number}",
        direction="inbound",
        channel="voice_400",
        caller=f"139{number:08d}",
        started_at=begun,
        answered_at=begun,
        ended_at=begun + 150,
        disposition="ANSWERED",
        legs=[Leg(SELLERS[number % 3], "direct", None, begun + 20, begun + 150)],
        customer_id=f"C{number % SIZE:08d}",
        issue_id=ISSUES[number % len(ISSUES)].issue_id,
        is_solved=is_solved,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@cache
def contacts() -> list[Contact]:
    """Two weeks of 120 calls a day, of which one in four is outbound and one in six was not solved."""
    made = []
    for number in range(120 * 14):
        day, of_day = FIRST + number // 120, number % 120
        if of_day % 4 == 0:
            stranger = None if of_day % 8 else f"C{number:08d}"
            made.append(contact(number, day, direction="outbound", issue_id=None, customer_id=stranger))
        else:
            made.append(contact(number, day, is_solved=of_day % 6 != 1))
    return made


@cache
def records() -> list[Record]:
    """All that the business writes before and in the simulation."""
    company = business()
    found = list(company.before())
    for day in range(FIRST, FIRST + DAYS):
        found.extend(company.of_day(day))
    for call in contacts():
        found.extend(company.of_contact(call))
    return found


def of_feed(found: Iterable[Record], feed: str) -> list[dict[str, Any]]:
    return [record.row for record in found if record.feed == f"canonical.{feed}"]


def last_versions(rows: Iterable[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in sorted(rows, key=lambda row: row["record_updated_at"])}


def test_every_feed_of_the_business_comes() -> None:
    assert {record.feed for record in records()} == FEEDS


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_every_record_fits_the_contract_of_its_feed(feed: str) -> None:
    contract = CONTRACTS[feed]
    columns = {column.name: column for column in contract.columns}
    inputs = {given.name: given for given in contract.inputs}
    required = {name for name, column in columns.items() if column.required}
    for record in records():
        if record.feed != feed:
            continue
        row = record.row
        assert row.keys() <= columns.keys() | inputs.keys()
        filled = {name for given in row.keys() & inputs.keys() for name in inputs[given].fills}
        assert not {name for name in required if row.get(name) is None} - filled
        for name, column in columns.items():
            assert column.enum is None or row.get(name) is None or row[name] in column.enum
            if column.type == "TIMESTAMP" and row.get(name) is not None:
                assert type(row[name]) is int
                assert column.planned or row[name] <= record.at
        for chain in contract.ordered:
            told = [row[name] for name in chain if row.get(name) is not None]
            assert told == sorted(told)


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_a_key_names_one_record_and_each_of_its_versions_once(feed: str) -> None:
    contract = CONTRACTS[feed]
    inputs = {name: given.name for given in contract.inputs for name in given.fills}
    key = [inputs.get(name, name) for name in contract.natural_key]
    version = [contract.version_column] if contract.version_column else []
    seen = Counter(tuple(record.row[name] for name in (*key, *version)) for record in records() if record.feed == feed)
    assert seen
    assert max(seen.values()) == 1


def test_history_leaves_in_the_order_of_time_and_begins_before_the_first_day() -> None:
    written = [record.at for record in business().before()]
    assert written == sorted(written)
    assert BEGINS - 14 * 31 * DAY_S < written[0] < ENDS - 13 * 30 * DAY_S


def test_the_same_seed_gives_the_same_records_in_whatever_order_they_are_asked_for() -> None:
    days = range(FIRST, FIRST + 4)
    one, other = business(), business()
    forwards = {day: list(one.of_day(day)) for day in days}
    list(other.before())
    backwards = {day: list(other.of_day(day)) for day in reversed(days)}
    assert forwards == backwards
    calls = contacts()[:200]
    there = {call.contact_id: list(one.of_contact(call)) for call in calls}
    back = {call.contact_id: list(other.of_contact(call)) for call in reversed(calls)}
    assert there == back
    assert list(one.before()) == list(business().before())
    assert forwards != {day: list(business(seed=8).of_day(day)) for day in days}


def test_every_customer_has_one_day_to_buy_in_each_round() -> None:
    shop = Shop(SEED, Population(SEED, SIZE, BEGINS, ENDS), Calendar(SEED), NO_EFFECTS)
    starts = FIRST - FIRST % ROUND_DAYS
    for number_of_round in range(3):
        begin = starts + number_of_round * ROUND_DAYS
        assert {shop.first_number(day) for day in range(begin, begin + ROUND_DAYS)} == set(range(ROUND_DAYS))


def test_orders_are_paid_cancelled_and_refunded_at_plausible_rates() -> None:
    orders = last_versions(of_feed(records(), "order"), "order_id").values()
    states = Counter(order["status"] for order in orders)
    assert 0.04 < states["cancelled"] / len(orders) < 0.08
    assert 0.02 < states["refunded"] / len(orders) < 0.05
    # of themselves customers buy once or twice a year
    bought = [order for order in orders if order["contact_id"] is None and order["lead_id"] is None]
    assert 1.0 < len(bought) / SIZE < 2.0


def test_three_in_four_buyers_come_back_within_a_year() -> None:
    paid: dict[str, list[int]] = defaultdict(list)
    for order in last_versions(of_feed(records(), "order"), "order_id").values():
        if order["paid_at"] is not None:
            paid[order["customer_id"]].append(order["paid_at"])
    anchor = ENDS - 365 * DAY_S
    back = [max(times) >= anchor for times in paid.values() if min(times) < anchor]
    assert len(back) > 300
    assert 0.68 < sum(back) / len(back) < 0.84


def test_customers_whose_issue_was_left_unsolved_buy_less_and_may_be_won_back() -> None:
    def bought(*solved: bool) -> int:
        company = business()
        for visit, is_solved in enumerate(solved):
            for number in range(SIZE):
                company.of_contact(contact(number, FIRST + visit, is_solved=is_solved))
        orders = [row for day in range(FIRST, FIRST + DAYS) for row in of_feed(company.of_day(day), "order")]
        return len({row["order_id"] for row in orders if row["contact_id"] is None and row["lead_id"] is None})

    pleased, disappointed, won_back = bought(True), bought(False), bought(False, True)
    assert 0.70 < disappointed / pleased < 0.85
    assert disappointed < won_back < pleased


def test_leads_convert_by_their_source() -> None:
    population = Population(SEED, SIZE, BEGINS, ENDS)
    leads: dict[str, dict[str, Any]] = {}
    for day in range(FIRST, FIRST + 300):
        found = leads_of_day(SEED, day, population, SELLERS, NO_EFFECTS)
        leads |= last_versions(of_feed(found, "lead"), "lead_id")
    of_source: dict[str, list[bool]] = defaultdict(list)
    for lead in leads.values():
        of_source[lead["lead_source"]].append(lead["converted_at"] is not None)
        assert lead["converted_at"] is None or lead["intent"] == "clear"
    for source_id, converted in of_source.items():
        expected = SOURCES[source_id].converted
        assert abs(sum(converted) / len(converted) - expected) < 3.5 * (expected / len(converted)) ** 0.5


def test_an_order_that_a_lead_becomes_is_paid_when_the_lead_is_converted() -> None:
    orders = last_versions(of_feed(records(), "order"), "order_id").values()
    leads = last_versions(of_feed(records(), "lead"), "lead_id")
    paid = {order["lead_id"]: order["paid_at"] for order in orders if order["lead_id"] is not None}
    assert paid
    assert paid == {name: lead["converted_at"] for name, lead in leads.items() if lead["converted_at"] is not None}


def test_a_clean_business_breaks_no_rule_that_the_suites_of_its_feeds_know() -> None:
    assert all(row["amount"] > 0 for row in of_feed(records(), "order"))
    assert all((row["status"] == "paid") <= (row["paid_at"] is not None) for row in of_feed(records(), "order"))
    assert all(row["received_count"] <= row["expected_count"] for row in of_feed(records(), "feed_heartbeat"))
    leads = leads_of_day(SEED, FIRST, Population(SEED, SIZE, BEGINS, ENDS), SELLERS * 40, NO_EFFECTS)
    strangers = [row["customer_id"] is None for row in last_versions(of_feed(leads, "lead"), "lead_id").values()]
    assert sum(strangers) / len(strangers) < 0.6 * FeedSettings("Asia/Shanghai").unknown_warn_share


def test_service_turns_into_sales_at_a_few_contacts_in_a_hundred() -> None:
    values = recount_sales(contacts(), records(), ENDS + 40 * DAY_S)
    served = [value for value in values if (value.kpi_id, value.variant) == ("M136", "service_contacts")]
    months = [value for value in served if value.grain == "month" and value.dim_set == "all"]
    rate = sum(value.numerator or 0 for value in months) / sum(value.denominator or 0 for value in months)
    assert 0.03 < rate < 0.09


def test_a_contact_that_nobody_handled_brings_nothing() -> None:
    company = business()
    assert not [record for number in range(500) for record in company.of_contact(contact(number, legs=[]))]


def test_labour_is_more_than_60_percent_of_every_month() -> None:
    values = recount_costs([], records(), ENDS)
    shares = [value.value for value in values if value.kpi_id == "M151"]
    assert len(shares) >= 13
    assert all(share is not None and 0.60 < share < 0.80 for share in shares)


def test_interfaces_fail_less_than_once_in_a_thousand_calls_except_in_an_outage() -> None:
    outage = next(outage for day in range(FIRST, FIRST + 365) for outage in interfaces.outages(SEED, day))
    begins = midnight(outage.day)
    found = list(interfaces.of_day(SEED, outage.day, lambda _: 20.0, NO_EFFECTS))
    failed = {True: 0.0, False: 0.0}
    calls = {True: 0.0, False: 0.0}
    for row in of_feed(found, "api_call_minute"):
        is_hour = outage.first_minute <= (row["minute_at"] - begins) // 60 < outage.end_minute
        is_out = is_hour and row["endpoint_id"] == outage.endpoint_id
        failed[is_out] += row["failure_count"]
        calls[is_out] += row["call_count"]
    assert failed[False] / calls[False] < 0.0005
    assert 0.5 < failed[True] / calls[True] < 0.8
    months = [value for value in recount_integrations(records(), ENDS + 1) if value.grain == "month"]
    assert all((value.value or 0) >= 0.999 for value in months if value.dim_set == "all")


def test_calls_of_interfaces_follow_the_contacts() -> None:
    population = Population(SEED, 10, BEGINS, ENDS)
    company = Business(
        SEED, population, BEGINS, ENDS, sellers=SELLERS, headcount=9, contacts_per_day=1,
        contacts_in_minute=lambda at: 4.0 if at < BEGINS + 12 * HOUR_S else 0.0,
    )  # fmt: skip
    rows = [row for row in of_feed(company.of_day(FIRST), "api_call_minute") if row["tool_name"] == "membership"]
    assert len(rows) == interfaces.MINUTES
    assert max(row["minute_at"] for row in rows if row["call_count"]) < BEGINS + 12 * HOUR_S
    assert sum(row["call_count"] for row in rows) == pytest.approx(4 * 720, rel=0.08)


def test_the_calendar_knows_repayment_days_sales_and_holidays() -> None:
    calendar = Calendar(SEED)
    repayment = [day for day in range(FIRST, FIRST + 30) if calendar.has(day, "repayment")]
    assert [date_of(day).day for day in repayment] == [*range(7, 14), *range(22, 29)]
    assert calendar.has(number_of(date(2026, 6, 18)), "promotion")
    assert calendar.has(number_of(date(2025, 11, 11)), "promotion")
    holidays = [day for day in range(number_of(date(2026, 1, 1)), number_of(date(2027, 1, 1)))]
    assert sum(calendar.has(day, "holiday") for day in holidays) == 33
    spring = number_of(date(2026, 2, 17))
    assert calendar.arrivals(spring, "repair") < 0.8 < 1.3 < calendar.arrivals(repayment[0], "billing")


def test_events_are_entered_weeks_before_and_a_recall_on_its_first_morning() -> None:
    recalls = 0
    for seed in range(3):
        company = business(seed=seed, size=10)
        for row in of_feed(company.before(), "calendar_event"):
            if row["kind"] == "recall":
                recalls += 1
                assert 0 < row["planned_start_at"] - row["created_at"] < 3 * HOUR_S
            else:
                assert row["planned_start_at"] - row["created_at"] > 29 * DAY_S
    assert recalls


def test_numbers_are_taken_off_the_list_with_a_second_version() -> None:
    entries: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    population = Population(SEED, 300_000, BEGINS, ENDS)
    for record in (record for day in range(FIRST - 200, FIRST) for record in do_not_call.of_day(SEED, population, day)):
        row = record.row
        entries[row["callee_number"], row["kind"], row["added_at"]].append(row)
    removed = [rows for rows in entries.values() if len(rows) == 2]
    assert removed
    assert all(
        first["removed_at"] is None and second["removed_at"] == second["record_updated_at"] for first, second in removed
    )
    assert {kind for _, kind, _ in entries} == {"customer_optout", "regulator"}


def test_a_missed_measure_is_taken_up_again_by_one_that_names_it() -> None:
    switch = midnight(FIRST + 30)
    effects = Effects([scenario("S4-2").planted("both", switch)])
    found = [record for day in range(FIRST, FIRST + 80) for record in actions.of_day(SEED, day, SELLERS, effects)]
    register = {row["action_id"]: row for row in of_feed(found, "action")}
    first, second = register["S4-2-script"], register["S4-2-screen_pop"]
    assert (first["status"], first["done_at"], first["reviewed_value"]) == ("missed", switch, 180.0)
    assert (second["status"], second["parent_action_id"], second["reviewed_value"]) == (
        "verified",
        "S4-2-script",
        144.0,
    )
    ordinary = [row["status"] for name, row in register.items() if not name.startswith("S4-2")]
    assert set(ordinary) == {"missed"}


def test_states_of_a_measure_follow_each_other() -> None:
    states: dict[str, list[str]] = defaultdict(list)
    for row in sorted(of_feed(records(), "action"), key=lambda row: row["record_updated_at"]):
        states[row["action_id"]].append(row["status"])
    assert len(states) > 10
    assert all(found == ["open", "doing", "done", "missed"] for found in states.values())


def test_a_days_checks_are_about_that_day_and_find_few_gaps() -> None:
    checks = of_feed(business().of_day(FIRST), "feed_heartbeat")
    assert {day_of(row["checked_at"]) for row in checks} == {FIRST}
    assert all(at <= later for at, later in pairwise(row["checked_at"] for row in checks))
    all_checks = of_feed(records(), "feed_heartbeat")
    states = Counter(row["status"] for row in all_checks)
    assert 0.99 < states["up"] / len(all_checks) < 1
    assert all((row["gap_count"] > 0) == (row["status"] != "up") for row in all_checks)


def test_the_log_of_the_crm_is_one_chain_over_midnights_and_few_queries_name_nobody() -> None:
    rows = sorted(of_feed(records(), "query_log"), key=lambda row: row["executed_at"])
    chained = [row for row in rows if row["tool_name"] == queries.CRM]
    assert len(chained) > 40 * DAYS
    assert all(row["previous_chain_hash"] == before["chain_hash"] for before, row in pairwise(chained))
    assert {row["chain_hash"] for row in rows if row["tool_name"] == queries.REPORTING} == {None}
    values = recount_queries(sorted(records(), key=lambda record: record.at), ENDS)
    months = [value for value in values if value.grain == "month" and value.dim_set == "all"]
    assert all(0.98 < (value.value or 0) < 1 for value in months if value.variant == "operations")
    assert all(0.3 < (value.value or 0) < 0.6 for value in months if value.variant == "chained")


def test_the_seed_of_issues_says_what_the_simulated_customers_want() -> None:
    seed = {row["issue_id"]: row for row in csv.DictReader(SEED_OF_ISSUES.read_text("utf-8").splitlines())}
    assert seed.keys() == {issue.issue_id for issue in ISSUES}
    for issue in ISSUES:
        purpose = issue.parent_id if issue.parent_id in ("purchase", "complaint") else "service"
        assert (seed[issue.issue_id]["topic_id"], seed[issue.issue_id]["purpose"]) == (issue.parent_id, purpose)
