"""Repeats and tickets that were opened again, built date by date: what one full build gives.

Here belongs: changes that reach from one date to another. Not here: values (unit tests), windows of calls.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from orchestration import paths
from orchestration.entities import changes
from orchestration.warehouse import late_window_days, windows_of
from tests.dbt_project.warehouse import Warehouse

MODELS = ("--select", "+fct_contact_resolution", "--exclude-resource-types", "unit_test", "test")
ZONE, AS_OF = "Asia/Shanghai", "2026-03-20 00:00:00"
LONG_AGO, FIRST, SECOND = date(2026, 1, 5), date(2026, 3, 2), date(2026, 3, 5)
REOPENED = LONG_AGO + timedelta(days=6)
EVENTS = "canonical.ticket_event"


def instant(day: date, hour: int = 10) -> datetime:
    """An hour of a local date, as UTC."""
    return datetime(day.year, day.month, day.day, hour) - timedelta(hours=8)


def contact(name: str, customer: str, day: date) -> dict[str, Any]:
    start = instant(day)
    return {
        "contact_id": name,
        "channel_id": "im_app",
        "direction": "inbound",
        "agent_id": "A1",
        "customer_key": customer,
        "issue_id": "refund",
        "started_at": start,
        "agent_answered_at": start,
        "ended_at": start + timedelta(minutes=5),
        "outcome": "answered",
    }


def event(name: str, kind: str, day: date) -> dict[str, Any]:
    row = {"ticket_id": "T1", "event_id": name, "kind": kind, "happened_at": instant(day, 12)}
    return row | {"row_hash": f"{name} {kind} {day}"}


def judged(warehouse: Warehouse) -> dict[str, list[Any]]:
    rows = warehouse.rows(
        "select contact_id, is_repeat, is_followed, is_reopened, since_previous_s, until_next_s "
        "from marts.fct_contact_resolution"
    )
    return {name.removeprefix("canonical:"): said for name, *said in rows}


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What is said of a contact of long ago whose ticket is opened again and of two whose customers become one."""
    warehouse = Warehouse(tmp_path_factory.mktemp("repeats"))
    for name, customer, day in (("a", "C1", LONG_AGO), ("b", "C2", FIRST), ("c", "C3", SECOND)):
        warehouse.write("canonical.contact", day, [contact(name, customer, day)])
    ticket = {"ticket_id": "T1", "contact_id": "a", "status": "open", "created_at": instant(LONG_AGO, 11)}
    warehouse.write("canonical.ticket", LONG_AGO, [ticket])
    warehouse.write(EVENTS, LONG_AGO, [event("1", "created", LONG_AGO)])
    warehouse.dbt("build", *MODELS, "--vars", json.dumps({"as_of": AS_OF}))
    before = judged(warehouse)
    current = paths.published_dir(warehouse.root) / "current"
    current.mkdir(parents=True)
    with duckdb.connect(str(warehouse.file), read_only=True) as db:
        db.execute(f"copy marts.fct_ticket_event to '{current / 'fct_ticket_event.parquet'}' (format parquet)")

    warehouse.write(EVENTS, REOPENED, [event("2", "reopened", REOPENED)])
    warehouse.write("canonical.contact", SECOND, [contact("c", "C2", SECOND)])
    change = changes(warehouse.root, ZONE, {EVENTS: [REOPENED]})
    (window,) = windows_of([SECOND], late_window_days())
    said = {
        "as_of": AS_OF,
        "window_from": window.first.isoformat(),
        "window_to": window.last.isoformat(),
        "changed_partitions": {EVENTS: [REOPENED.isoformat()]},
        "touched_dates": [day.isoformat() for day in sorted(change.dates)],
    }
    warehouse.dbt("build", *MODELS, "--vars", json.dumps(said))
    return before, judged(warehouse)


def test_a_ticket_opened_again_changes_the_contact_of_the_week_before(
    before_and_after: tuple[dict[str, list[Any]], dict[str, list[Any]]],
) -> None:
    before, after = before_and_after
    assert (before["a"], after["a"]) == ([False, False, False, None, None], [False, False, True, None, None])


def test_two_customers_that_become_one_have_one_matter(
    before_and_after: tuple[dict[str, list[Any]], dict[str, list[Any]]],
) -> None:
    before, after = before_and_after
    gap_s = 3 * 86_400 - 300
    assert before["b"] == before["c"] == [False, False, False, None, None]
    assert after["b"] == [False, True, False, None, gap_s]
    assert after["c"] == [True, False, False, gap_s, None]
