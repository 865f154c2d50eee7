"""What is counted as it ends gives the values of what is counted at once and keeps little, in one process or two."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest

from simulator import SimulatorError, simulate
from simulator.aftermath import Aftermath
from simulator.asterisk_files import CdrLog, QueueLog
from simulator.books_process import BooksProcess
from simulator.business.business import Business
from simulator.centre import Centre
from simulator.company import Company
from simulator.events import Contact, History
from simulator.local_time import DAY_S, day_of, midnight
from simulator.records import DailyOutbox, Outbox, Record
from simulator.run import RULES
from simulator.setting import QUEUES, Setting
from simulator.truth.around import Truth
from simulator.truth.daycells import DayCells
from simulator.truth.sorting import SortedValues
from simulator.truth.telephone import TelephoneRecount, recount
from simulator.truth.values import Value
from tests.simulator.contacts import AGENTS, MONDAY, POPULATION, contacts, customer_of

DAYS, CONTACTS_A_DAY = 160, 6
FIRST_DAY = day_of(MONDAY)


def told() -> Iterator[Contact | Record | int]:
    """Contacts and records of five months in the order of time, and each midnight."""
    aftermath = Aftermath(5, customer_of, AGENTS)
    ends = MONDAY + DAYS * DAY_S
    business = Business(
        5, POPULATION, MONDAY, ends, sellers=list(AGENTS)[:2], headcount=20, contacts_per_day=CONTACTS_A_DAY
    )
    outbox, waiting = DailyOutbox(), contacts(DAYS * CONTACTS_A_DAY, DAYS)
    contact = next(waiting, None)
    for day in range(FIRST_DAY, FIRST_DAY + DAYS):
        for record in business.of_day(day):
            if record.feed not in (
                "canonical.api_call_minute",
                "canonical.feed_heartbeat",
                "canonical.query_log",
            ):  # many, and never open
                outbox.put(record)
        while contact is not None and contact.ended_at < midnight(day + 1):
            yield contact
            for record in (*aftermath.of(contact), *business.of_contact(contact)):
                outbox.put(record)
            contact = next(waiting, None)
        yield from outbox.before(day + 1)
        yield midnight(day + 1)


@pytest.fixture(scope="module")
def news() -> list[Contact | Record | int]:
    return list(told())


def counted(news: list[Contact | Record | int], *, settles: bool) -> tuple[list[Value], list[dict[str, int]]]:
    """The values of all families, and what each kept at each midnight."""
    truth = Truth(MONDAY + DAYS * DAY_S, lambda customer_id, at: customer_of(customer_id).tier(at))
    held = []
    for one in news:
        if isinstance(one, Record):
            truth.add(one)
        elif isinstance(one, Contact):
            truth.add_contact(one)
        elif settles:
            truth.settle(one - DAY_S)
            held.append(truth.held)
    return list(truth.values()), held


def test_settling_every_day_gives_the_values_of_never_settling(news: list[Contact | Record | int]) -> None:
    at_once, _ = counted(news, settles=False)
    day_by_day, held = counted(news, settles=True)
    assert len({value.kpi_id for value in at_once}) > 35
    assert day_by_day == at_once
    # two months later hardly more is kept: of tickets those that nobody completes
    early, late = ({name: max(day[name] for day in days) for name in days[0]} for days in (held[75:100], held[135:]))
    assert {name: n for name, n in late.items() if n > 1.25 * early[name] + 10} == {}
    assert early["ResolutionRecount"] < 10 * CONTACTS_A_DAY < len(news) / 10


def test_what_is_written_after_it_was_counted_is_no_silent_loss(news: list[Contact | Record | int]) -> None:
    truth = Truth(MONDAY + DAYS * DAY_S, lambda *_: "regular")
    truth.settle(MONDAY + 100 * DAY_S)
    feeds = (
        "canonical.order",
        "canonical.lead",
        "canonical.survey_response",
        "canonical.complaint",
        "canonical.ticket",
    )
    late = {one.feed: one for one in reversed(news) if isinstance(one, Record) and one.at < MONDAY + 39 * DAY_S}
    for feed in feeds:
        with pytest.raises(AssertionError, match="after it"):
            truth.add(late[feed])


def test_calls_and_agents_counted_day_by_day_give_the_values_of_the_whole_history(tmp_path: Path) -> None:
    days = 5
    history, counting = History(), TelephoneRecount(RULES)
    log = QueueLog(tmp_path, FIRST_DAY, FIRST_DAY + days - 1, 4, [queue.queue_id for queue in QUEUES])
    cdr = CdrLog(tmp_path, FIRST_DAY, FIRST_DAY + days - 1)
    for listener in (history, counting):
        Centre(Setting(FIRST_DAY, days, 10, 4, 200), log, cdr, listener=listener).run()
    assert len(history.contacts) > 900
    assert list(counting.values()) == recount(history, RULES)

    again, most = TelephoneRecount(RULES), 0
    for day in range(days):
        for contacts_of_day in (one for one in history.contacts if day_of(one.ended_at) == FIRST_DAY + day):
            again.add_contact(contacts_of_day)
        for ring in (one for one in history.rings if day_of(one.ended_at) == FIRST_DAY + day):
            again.add_ring(ring)
        for presence in (one for one in history.presences if day_of(one.ended_at) == FIRST_DAY + day):
            again.add_presence(presence)
        most = max(most, again.held)
        again.settle(midnight(FIRST_DAY + day))
    assert most < 0.6 * (2 * len(history.contacts) + len(history.rings) + len(history.presences))
    assert list(again.values()) == recount(history, RULES)


def test_values_come_in_order_though_most_of_them_waited_on_disk() -> None:
    made = [
        Value("M001", "all", "day", str(number), "all", *(None,) * 5, number, None, number / 3)
        for number in range(1000)
    ]
    shuffled = random.Random(1).sample(made, len(made))
    found = SortedValues(lambda value: (value.numerator or 0) % 7 * 1000 + (value.numerator or 0), at_once=64)
    found.extend(shuffled)
    assert list(found) == sorted(made, key=lambda value: ((value.numerator or 0) % 7, value.numerator))


def test_sums_of_days_that_are_packed_are_added_to_all_the_same() -> None:
    r = random.Random(2)
    packing, plain = DayCells[str](at_hand=3), DayCells[str](at_hand=1000)
    for _ in range(4000):
        day, key, name, amount = r.randrange(40), r.choice("abc"), r.choice("xyz"), r.randrange(5)
        for cells in (packing, plain):
            cells.of(day)[key][name] += amount
    assert packing.number_at_hand == 3
    assert list(packing.days()) == list(plain.days()) and len(list(plain.days())) == 40


def test_an_outbox_of_days_gives_the_order_of_one_of_seconds() -> None:
    r = random.Random(3)
    seconds, days = Outbox(), DailyOutbox()
    given: dict[str, list[int]] = {"seconds": [], "days": []}
    for day in range(20):
        for number in range(60):
            at = midnight(day) + r.randrange(0, 3 * DAY_S, 5000)
            for outbox in (seconds, days):
                outbox.put(Record(f"{day}/{number}", at, {}))
        given["seconds"] += [record.at for record in seconds.until(midnight(day))]
        given["days"] += [record.at for record in days.before(day)]
    names = [[record.feed for record in left] for left in (seconds.until(midnight(90)), days.before(90))]
    assert given["seconds"] == given["days"] and names[0] == names[1] and len(names[0]) > 60


# --- two processes --------------------------------------------------------------------------------------------------


class Fragile(Company):
    """The process of its books is killed at the tenth contact."""

    told: ClassVar[Counter[str]] = Counter()

    def contact(self, contact: Contact) -> None:
        self.told["contacts"] += 1
        if self.told["contacts"] == 10 and isinstance(self._books, BooksProcess):
            self._books._process.kill()
        super().contact(contact)


class Strange(Company):
    """Writes something that no system knows."""

    def contact(self, contact: Contact) -> None:
        self._put([Record("canonical.unheard_of", contact.ended_at, {})])


def test_a_killed_process_is_told_and_a_rerun_completes(tmp_path: Path) -> None:
    start = date(2026, 3, 2)
    with pytest.raises(SimulatorError, match="run again"):
        simulate(tmp_path, 1, 8, 1, start, 20, company=Fragile, processes=2)
    assert json.loads((tmp_path / "truth.json").read_text("utf-8"))["meta"]["unfinished"] is True
    made = simulate(tmp_path, 1, 8, 1, start, 20, processes=2)
    assert json.loads(made.truth.read_text("utf-8"))["meta"]["contacts"] == made.contacts > 0


def test_what_goes_wrong_in_the_other_process_is_raised_here(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="unheard_of"):
        simulate(tmp_path, 1, 8, 1, date(2026, 3, 2), 20, company=Strange, processes=2)
