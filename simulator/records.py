"""What the systems around the telephone write down, and the order in which it leaves the simulation.

Belongs here: the record of any feed, the chance that belongs to a thing, and the queue in which records wait for their
time. Does not belong here: what is recorded (the modules that simulate it), the forms of files (`forms`), counting.

A record has the names of its feed's contract, so that nothing is named twice; its instants are whole epoch seconds. A
record of something that changes is written again at each change, as its source would show it then.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from simulator.local_time import day_of


class Record(NamedTuple):
    """One record of a feed, as its source system writes it at `at`."""

    feed: str
    at: int
    row: dict[str, Any]


def chance(seed: int, *names: object) -> random.Random:
    """The generator of one thing, the same whatever else is simulated, and in whatever order."""
    return random.Random("/".join(map(str, (seed, *names))))


_AHEAD = 10**15


class Outbox:
    """Records on their way out: they may be put in before their time, and leave in the order of time.

    Of records of one second those that were put in first leave first, but for those that go first.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Record]] = []
        self._number = 0

    def put(self, record: Record, *, goes_first: bool = False) -> None:
        """Add a record that is written at its time."""
        self._number += 1
        number = self._number - _AHEAD if goes_first else self._number
        heapq.heappush(self._waiting, (record.at, number, record))

    def until(self, at: int) -> Iterator[Record]:
        """Take out the records that are written before `at`."""
        while self._waiting and self._waiting[0][0] < at:
            yield heapq.heappop(self._waiting)[2]


class DailyOutbox:
    """An outbox that is emptied by whole local days, and so needs no order until then."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Record]] = defaultdict(list)

    def put(self, record: Record) -> None:
        """Add a record that is written at its time, which is not on a day that was taken out."""
        self._waiting[day_of(record.at)].append(record)

    def before(self, day: int) -> Iterator[Record]:
        """Take out the records of all local days before one, in the order of time; of one second the first put in goes
        first."""
        for written_on in sorted(other for other in self._waiting if other < day):
            yield from sorted(self._waiting.pop(written_on), key=attrgetter("at"))
