"""The hours in which offices work: the second clock of every duration (A.7, Q17).

Belongs here: to add working time to an instant, and to count it between two. Does not belong here: shifts of agents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.local_time import DAY_S


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Local [opens_s, closes_s) seconds after midnight, from Monday 0 on `weekdays`, not on `closed_days` (local days
    since 1970-01-01)."""

    opens_s: int = 9 * 3600
    closes_s: int = 18 * 3600
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    closed_days: frozenset[int] = frozenset()
    utc_offset_s: int = 8 * 3600

    def is_open_on(self, local_day: int) -> bool:
        """Whether the offices work on this local day; 1970-01-01 was a Thursday."""
        return (local_day + 3) % 7 in self.weekdays and local_day not in self.closed_days

    def _opened(self, at: int) -> Iterator[tuple[int, int]]:
        """Working intervals (begin, end) from an instant on, without end."""
        day = (at + self.utc_offset_s) // DAY_S
        while True:
            if self.is_open_on(day):
                midnight = day * DAY_S - self.utc_offset_s
                if at < midnight + self.closes_s:
                    yield max(at, midnight + self.opens_s), midnight + self.closes_s
            day += 1

    def add(self, at: int, business_s: int) -> int:
        """The first instant by which so many seconds were worked; with 0 the next one at which somebody works."""
        left_s = business_s
        for begins, ends in self._opened(at):
            if left_s < ends - begins:
                return begins + left_s
            left_s -= ends - begins
        raise AssertionError("offices open again and again")

    def between(self, begins: int, ends: int) -> int:
        """Working seconds of [begins, ends)."""
        total_s = 0
        for opened, closed in self._opened(begins):
            if opened >= ends:
                return total_s
            total_s += min(closed, ends) - opened
        raise AssertionError("offices open again and again")
