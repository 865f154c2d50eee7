"""Stages of tickets that go on in a later build: it gives what one build of all gives, and moves no other date.

Here belongs: what late, changed and vanished events of tickets move. Not here: values of stages (unit tests and
test_recounts.py), and which dates a changed record touches (tests/orchestration/test_entities.py).
"""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import paths
from orchestration.entities import changes
from tests.dbt_project.warehouse import Warehouse

ZONE = "Asia/Shanghai"
UTC_OFFSET = timedelta(hours=8)
AS_OF = datetime(2026, 4, 30)
TICKETS, EVENTS = "canonical.ticket", "canonical.ticket_event"
ENTITIES = ("fct_ticket", "fct_ticket_event")  # which a release compares with the lake
FACTS = ("fct_ticket_stage", "fct_ticket_return", "kpi_measure_ticket_stage", "kpi_measure_ticket_return")
SELECTED = (
    "--select",
    *("int_calendar__date", "int_calendar__open_interval", "int_calendar__open_date", "stg_centre__setting"),
    *("stg_canonical__ticket", "int_ticket__worked", "int_ticket__ticket"),
    *("stg_canonical__ticket_event", "int_ticket__event", "int_ticket__stage", "int_ticket__stage_worked"),
    *("kpi_measure_definition", *ENTITIES, *FACTS),
)
KNOWN_FROM = 100  # numbers of the events that only the second build knows begin here
Row = dict[str, Any]


def local(text: str) -> datetime:
    """An instant of 2026 in Shanghai, as UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M") - UTC_OFFSET


def ticket(name: str, created: datetime, issue: str = "refund") -> Row:
    row = {"ticket_id": name, "created_at": created, "status": "open", "issue_id": issue}
    return row | {"dt": (created + UTC_OFFSET).date(), "row_hash": json.dumps(row, default=str)}


def event(name: str, number: int, at: datetime, kind: str, way: str = ">", missing: str | None = None) -> Row:
    giver, _, receiver = way.partition(">")
    row = {
        "ticket_id": name,
        "event_id": str(number),
        "happened_at": at,
        "kind": kind,
        "from_department_id": giver or None,
        "to_department_id": receiver or None,
        "missing_field": missing,
    }
    return row | {"dt": (at + UTC_OFFSET).date(), "row_hash": json.dumps(row, default=str)}


def told(name: str, *events: tuple[str, str, str], begins: int = 1) -> list[Row]:
    """Events of a ticket: instant, kind and way; a returned one lacks the address."""
    return [
        event(name, begins + place, local(at), kind, way, "address" if kind == "returned" else None)
        for place, (at, kind, way) in enumerate(events)
    ]


SENT, ACCEPTED = "sent_to_department", "accepted"
THERE = "service>after_sales"
# DECISIONS.md, section 40, but for its tenth event
S = told(
    "S",
    ("03-06 17:00", SENT, THERE), ("03-09 10:00", ACCEPTED, THERE), ("03-09 10:30", "returned", "after_sales>service"),
    ("03-09 23:30", SENT, THERE), ("03-10 00:00", ACCEPTED, THERE), ("03-10 09:30", SENT, "after_sales>after_sales"),
    ("03-10 10:00", "solved", ">"), ("03-10 11:00", "reopened", ">"), ("03-10 11:30", SENT, "after_sales>logistics"),
)  # fmt: skip
# By ticket: what the first build knows, and what the second one learns.
CASES: dict[str, tuple[list[Row], list[Row]]] = {
    "S": (S, told("S", ("03-10 18:30", ACCEPTED, "after_sales>logistics"), begins=10)),
    "accepted_weeks_later": (
        told("accepted_weeks_later", ("02-03 10:00", SENT, THERE)),
        told("accepted_weeks_later", ("04-01 10:00", ACCEPTED, THERE), begins=2),
    ),
    # in a week of its own: only its later events touch the date of its first acceptance
    "reopened": (
        told("reopened", ("01-20 10:00", SENT, THERE), ("01-21 10:00", ACCEPTED, THERE),
             ("01-22 10:00", "archived", ">")),
        told("reopened", ("03-20 10:00", "reopened", ">"), ("03-20 11:00", SENT, "after_sales>quality"),
             ("03-21 10:00", ACCEPTED, "after_sales>quality"), begins=4),
    ),
    # a sending that comes late takes the acceptance from the one before it
    "sent_twice": (
        told("sent_twice", ("02-10 10:00", SENT, THERE), ("02-12 10:00", ACCEPTED, THERE)),
        told("sent_twice", ("02-11 10:00", SENT, THERE), begins=KNOWN_FROM),
    ),
    "over_midnight": (
        told("over_midnight", ("02-16 23:50", SENT, THERE)),
        told("over_midnight", ("02-17 00:00", ACCEPTED, THERE), begins=2),
    ),
    "sent_on_months_later": (
        told("sent_on_months_later", ("02-18 10:00", SENT, THERE), ("02-18 11:00", ACCEPTED, THERE)),
        told("sent_on_months_later", ("04-20 10:00", "returned", "after_sales>service"), begins=3),
    ),
}  # fmt: skip

LEFT_ALONE = told(
    "left_alone",
    ("01-12 10:00", SENT, THERE),
    ("01-13 10:00", ACCEPTED, THERE),
    ("01-14 10:00", "returned", ">service"),
)


def made_up() -> tuple[list[Row], list[Row]]:
    """Events of many tickets as they were, and as they are: some came late, some changed, some vanished."""
    chance = random.Random(18)
    before: list[Row] = []
    now: list[Row] = []
    for number in range(60):
        name, at = f"made_up_{number}", local("02-20 09:00") + timedelta(hours=7 * number)
        is_left_alone = number % 3 == 0
        for place in range(chance.randrange(1, 12)):
            at += timedelta(minutes=chance.choice([0, 10, 30, 480, 1440, 9 * 1440]))
            kind = chance.choice([SENT, ACCEPTED] * 4 + ["returned", "solved", "reopened", "archived"])
            departments = ["service", "quality", "finance"]
            way = f"{chance.choice(departments)}>{chance.choice(departments)}"
            missing = chance.choice(["address", "telephone"]) if kind == "returned" else None
            row = event(name, place, at, kind, way, missing)
            fate = "as it was" if is_left_alone else chance.choice(["as it was"] * 4 + ["late", "vanished", "changed"])
            if fate != "late":
                before.append(row)
            if fate == "changed":
                later = at + timedelta(minutes=chance.choice([5, 1440]))
                now.append(event(name, place, later, kind, way, missing))
            elif fate != "vanished":
                now.append(row)
    return before, now


def tickets(is_now: bool) -> list[Row]:
    """One of them has another issue now, one another date of creation, and one is new."""
    firsts = [LEFT_ALONE[0], *(first[0] for first, _ in CASES.values())]
    found = [ticket(row["ticket_id"], row["happened_at"] - timedelta(hours=1)) for row in firsts]
    for number in range(60):
        moved = timedelta(days=1) if is_now and number == 3 else timedelta(0)
        issue = "repair" if is_now and number == 6 else "refund"
        if is_now or number != 9:
            found.append(ticket(f"made_up_{number}", local("02-20 09:00") + timedelta(hours=7 * number) + moved, issue))
    return found


def write(warehouse: Warehouse, feed: str, rows: list[Row], former: list[Row]) -> list[date]:
    """Replace the partitions of the former rows by these, and return those that have either."""
    warehouse.write_days(feed, rows)
    dates = {row["dt"] for row in rows}
    for gone in {row["dt"] for row in former} - dates:
        warehouse.write(feed, gone, [])
    return sorted({row["dt"] for row in former} | dates)


def release(warehouse: Warehouse) -> None:
    """Make the facts of the entities the current release."""
    current = paths.published_dir(warehouse.root) / "current"
    current.mkdir(parents=True)
    with duckdb.connect(str(warehouse.file), read_only=True) as db:
        for fact in ENTITIES:
            db.execute(f"copy marts.{fact} to '{current / fact}.parquet' (format parquet)")


def variables(**others: Any) -> str:
    return json.dumps({"as_of": f"{AS_OF:%Y-%m-%d %X}"} | others)


Built = tuple[Warehouse, Warehouse, Warehouse, frozenset[date]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Before; what has changed built alone; everything built at once; and the dates that the change touches."""
    root: Path = tmp_path_factory.mktemp("tickets")
    made_before, made_now = made_up()
    events_before = [*LEFT_ALONE, *(row for first, _ in CASES.values() for row in first), *made_before]
    events_now = [*LEFT_ALONE, *(row for both in CASES.values() for rows in both for row in rows), *made_now]
    before = Warehouse(root / "before")
    write(before, TICKETS, tickets(is_now=False), [])
    write(before, EVENTS, events_before, [])
    before.dbt("seed", "--select", "business_hours", "business_day_exception")
    before.dbt("run", *SELECTED, "--vars", variables())

    alone = before.copy(root / "alone")
    release(alone)
    partitions = {
        TICKETS: write(alone, TICKETS, tickets(is_now=True), tickets(is_now=False)),
        EVENTS: write(alone, EVENTS, events_now, events_before),
    }
    at_once = alone.copy(root / "at_once")
    change = changes(alone.root, ZONE, partitions)
    said = {
        "window_from": f"{AS_OF:%Y-%m-%d}",
        "window_to": f"{AS_OF:%Y-%m-%d}",
        "changed_partitions": {feed: [str(day) for day in days] for feed, days in change.partitions.items()},
        "touched_dates": [str(day) for day in sorted(change.dates)],
    }
    alone.dbt("run", *SELECTED, "--vars", variables(**said))
    at_once.dbt("run", "--full-refresh", *SELECTED, "--vars", variables())
    return before, alone, at_once, change.dates


def contents(warehouse: Warehouse, fact: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(f"select * from marts.{fact} order by all")


@pytest.mark.parametrize("fact", [*ENTITIES, *FACTS])
def test_tickets_that_changed_built_alone_equal_a_build_of_all(built: Built, fact: str) -> None:
    before, alone, at_once, _ = built
    assert contents(alone, fact) == contents(at_once, fact)
    assert contents(before, fact) != contents(at_once, fact)


@pytest.mark.parametrize("name", CASES)
def test_a_later_build_moves_the_stages_of_the_ticket_that_went_on(built: Built, name: str) -> None:
    before, alone, _, _ = built
    sql = "select * from marts.fct_ticket_stage where ticket_id = ? order by stage_no"
    assert before.rows(sql, name) != alone.rows(sql, name)


def test_a_late_event_moves_what_the_ticket_was_worth_on_its_other_dates(built: Built) -> None:
    before, alone, _, _ = built
    sql = """select local_accepted_date, waiting_s, is_last_accepted, ticket_waiting_s from marts.fct_ticket_stage
        where ticket_id = 'reopened' order by stage_no"""
    first, second, day_s = date(2026, 1, 21), date(2026, 3, 21), 86_400
    assert before.rows(sql) == [(first, day_s, True, day_s)]
    assert alone.rows(sql) == [(first, day_s, False, None), (second, day_s - 3600, True, 2 * day_s - 3600)]
    sql = """select stage_no, waiting_s from marts.fct_ticket_stage where ticket_id = 'sent_twice' order by stage_no"""
    assert (before.rows(sql), alone.rows(sql)) == ([(1, 2 * day_s)], [(1, None), (2, day_s)])


def test_event_10_of_decision_40_adds_to_the_sum_of_its_ticket(built: Built) -> None:
    before, alone, _, _ = built
    sql = """select local_accepted_date, ticket_waiting_s, ticket_waiting_business_s from marts.fct_ticket_stage
        where ticket_id = 'S' and is_last_accepted"""
    assert before.rows(sql) == [(date(2026, 3, 10), 235_800, 7_200)]
    assert alone.rows(sql) == [(date(2026, 3, 10), 261_000, 30_600)]


def test_sums_of_dates_that_the_change_does_not_touch_are_left_alone(built: Built) -> None:
    before, alone, _, touched = built
    listed = ", ".join(f"date '{day}'" for day in touched)
    for fact in ("kpi_measure_ticket_stage", "kpi_measure_ticket_return"):
        sql = f"select * from marts.{fact} where local_date not in ({listed}) order by all"
        assert before.rows(sql) == alone.rows(sql) != []
