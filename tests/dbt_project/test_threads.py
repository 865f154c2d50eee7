"""Threads of issues against a recount in plain Python, in a full build and after a later one with late contacts.

Here belongs: which contacts are one thread, whatever their order, overlap and age. Not here: worked values (unit
tests), repeats of single contacts (test_repeats.py). Nothing here shares a line with the SQL.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from orchestration.warehouse import late_window_days, windows_of
from tests.dbt_project.warehouse import Warehouse

MODELS = ("--select", "+fct_issue_thread", "--exclude-resource-types", "unit_test", "test")
UTC_OFFSET = timedelta(hours=8)
AS_OF = datetime(2026, 3, 10)
FIRST = datetime(2026, 1, 5)
WEEK_S = 7 * 86_400
LATE = (date(2026, 2, 10), date(2026, 2, 11), date(2026, 2, 12))
FEED = "canonical.contact"
Thread = tuple[Any, ...]


@dataclass(frozen=True)
class Contact:
    """A contact of the export, its instants in UTC."""

    name: str
    customer: str | None
    issue: str | None
    started: datetime
    ended: datetime
    agent: str
    solved: bool | None
    direction: str = "inbound"
    outcome: str = "answered"

    @property
    def day(self) -> date:
        return (self.started + UTC_OFFSET).date()

    @property
    def is_threaded(self) -> bool:
        known = self.customer is not None and self.issue is not None
        return known and self.direction == "inbound" and self.outcome == "answered"

    def row(self) -> dict[str, Any]:
        return {
            "contact_id": self.name,
            "channel_id": "im_app",
            "direction": self.direction,
            "agent_id": self.agent,
            "customer_key": self.customer,
            "issue_id": self.issue,
            "declared_resolved": self.solved,
            "started_at": self.started,
            "agent_answered_at": self.started if self.outcome == "answered" else None,
            "ended_at": self.ended,
            "outcome": self.outcome,
        }


def made_up() -> list[Contact]:
    """Contacts that begin around a week after the end of any earlier one of theirs, overlap, or begin at once."""
    chance = random.Random(20)
    names = [f"n{number:04}" for number in range(1000)]
    chance.shuffle(names)
    told: list[Contact] = []
    for customer in (*(f"C{number}" for number in range(14)), None):
        for issue in ("refund", "bill_explained", None):
            ended = [FIRST + timedelta(seconds=chance.randrange(20 * 86_400))]
            for _ in range(14):
                gap_s = chance.choice([WEEK_S - 1, WEEK_S, WEEK_S, WEEK_S + 1, WEEK_S + 1, 6 * 86_400, 0, 1, -600])
                started = chance.choice(ended[-3:]) + timedelta(seconds=gap_s)
                lasted = timedelta(seconds=chance.choice([0, 60, 600, 20 * 3600]))
                direction = chance.choice(["inbound"] * 12 + ["outbound"])
                outcome = chance.choice(["answered"] * 12 + ["abandoned_queue"])
                for _ in range(chance.choice([1, 1, 1, 1, 2])):
                    one = Contact(
                        names.pop(), customer, issue, started, started + lasted, chance.choice("abc"),
                        chance.choice([True, False, None]), direction, outcome,
                    )  # fmt: skip
                    told.append(one)
                    ended.append(one.ended)
    return [one for one in told if one.ended <= AS_OF - UTC_OFFSET]


def known_at_first(contacts: Iterable[Contact]) -> list[Contact]:
    """What the first build knows: some contacts of the late dates are missing, others still another customer's."""
    found = []
    for place, one in enumerate(contacts):
        if one.day not in LATE:
            found.append(one)
        elif place % 3:
            found.append(replace(one, customer=f"former {one.customer}") if place % 3 == 1 else one)
    return found


def follows(later: Contact, earlier: Contact) -> bool:
    return 0 < (later.started - earlier.ended).total_seconds() <= WEEK_S


def joined(one: Contact, other: Contact) -> bool:
    """Whether one of two contacts begins no more than a week after the end of the other that began no later."""
    earlier, later = sorted((one, other), key=lambda each: each.started)
    return (later.started - earlier.ended).total_seconds() <= WEEK_S


def recount(contacts: Iterable[Contact]) -> set[Thread]:
    """Threads as what is connected when each two contacts of a matter that are near enough are."""
    matters: dict[Any, list[Contact]] = defaultdict(list)
    for one in contacts:
        if one.is_threaded:
            matters[one.customer, one.issue].append(one)
    found = set()
    for matter in matters.values():
        rest = set(matter)
        while rest:
            thread: set[Contact] = set()
            reached = {rest.pop()}
            while reached:
                one = reached.pop()
                thread.add(one)
                near = {other for other in rest if joined(one, other)}
                rest -= near
                reached |= near
            found.add(told_of(thread))
    return found


def told_of(thread: set[Contact]) -> Thread:
    in_order = sorted(thread, key=lambda one: (one.started, one.name))
    first, ended = in_order[0], max(one.ended for one in thread)
    return (
        f"canonical:{first.name}", f"canonical:{first.name}", f"canonical:{in_order[-1].name}",
        first.issue, first.agent, first.started, ended, (first.ended + UTC_OFFSET).date(),
        (ended - first.started).total_seconds(), len(thread),
        sum(any(follows(one, other) for other in thread) for one in thread), first.solved,
        ended + timedelta(seconds=WEEK_S) <= AS_OF - UTC_OFFSET,
    )  # fmt: skip


def threads(warehouse: Warehouse) -> list[Thread]:
    return warehouse.rows(
        "select thread_id, first_contact_id, last_contact_id, issue_id, first_agent_id, started_at, ended_at, "
        "local_date, span_s, contact_count, repeat_count, is_first_declared_solved, is_mature "
        "from marts.fct_issue_thread"
    )


def write(warehouse: Warehouse, contacts: Iterable[Contact]) -> None:
    warehouse.write_days(FEED, [one.row() | {"dt": one.day} for one in contacts])


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Thread], list[Thread]]:
    """Threads of a full build, and after one that rebuilds the late dates and what a late event may move."""
    warehouse = Warehouse(tmp_path_factory.mktemp("threads"))
    write(warehouse, known_at_first(made_up()))
    warehouse.dbt("build", *MODELS, "--vars", json.dumps({"as_of": str(AS_OF)}))
    before = threads(warehouse)
    write(warehouse, [one for one in made_up() if one.day in LATE])
    (window,) = windows_of(list(LATE), late_window_days())
    said = {"as_of": str(AS_OF), "window_from": window.first.isoformat(), "window_to": window.last.isoformat()}
    warehouse.dbt("build", *MODELS, "--vars", json.dumps(said))
    return before, threads(warehouse)


def test_threads_are_those_of_the_recount(before_and_after: tuple[list[Thread], list[Thread]]) -> None:
    before, _ = before_and_after
    assert len(before) == len(set(before))
    assert set(before) == recount(known_at_first(made_up()))


def test_contacts_that_come_late_join_threads_that_began_long_before_the_window(
    before_and_after: tuple[list[Thread], list[Thread]],
) -> None:
    before, after = before_and_after
    assert set(after) == recount(made_up())
    bound = LATE[0] - timedelta(days=late_window_days())
    began_long_before = [thread for thread in set(after) - set(before) if thread[7] < bound]
    assert len(began_long_before) > 5


def test_the_made_up_contacts_chain_overlap_and_begin_at_once() -> None:
    found = recount(made_up())
    counts = [(thread[9], thread[10]) for thread in found]
    assert any(contacts == 1 for contacts, _ in counts)
    assert any(contacts > repeats + 1 for contacts, repeats in counts)
    assert any(thread[8] > 4 * WEEK_S for thread in found)
    assert {thread[12] for thread in found} == {True, False}
    starts = [(one.customer, one.issue, one.started) for one in made_up() if one.is_threaded]
    assert len(starts) > len(set(starts))
