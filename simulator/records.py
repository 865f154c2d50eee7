"""What the systems around the telephone write down, and the order in which it leaves the simulation.

Belongs here: the record of any feed, the chance that belongs to a thing, and the queue in which records wait for their
time. Does not belong here: what is recorded (the modules that simulate it), the forms of files (`forms`), counting.

A record has the names of its feed's contract, so that nothing is named twice; its instants are whole epoch seconds. A
record of something that changes is written again at each change, as its source would show it then.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from typing import Any, NamedTuple


class Record(NamedTuple):
    """One record of a feed, as its source system writes it at `at`."""

    feed: str
    at: int
    row: dict[str, Any]


def chance(seed: int, *names: object) -> random.Random:
    """The generator of one thing, the same whatever else is simulated, and in whatever order."""
    return random.Random("/".join(map(str, (seed, *names))))


class Outbox:
    """Records on their way out: they may be put in before their time, and leave in the order of time.

    Of records of one second those that were put in first leave first.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Record]] = []
        self._number = 0

    def put(self, record: Record) -> None:
        """Add a record that is written at its time."""
        self._number += 1
        heapq.heappush(self._waiting, (record.at, self._number, record))

    def until(self, at: int) -> Iterator[Record]:
        """Take out the records that are written before `at`."""
        while self._waiting and self._waiting[0][0] < at:
            yield heapq.heappop(self._waiting)[2]
