"""Records that change, held for as long as they may.

Belongs here: the last version of each record, and when it is final. Does not belong here: what is counted of it (the
modules of the families).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from simulator.local_time import DAY_S, day_of, midnight

Row = dict[str, Any]
NEVER = 10**12  # an instant after all others


def settled_days(opened: dict[int, Any], until: int, after_s: int = 0) -> Iterator[int]:
    """The local days among the keys that were over `after_s` seconds before an instant, in their order."""
    yield from sorted(day for day in opened if day < day_of(until - after_s))


class Versions:
    """Of each record the version written last; it may change for `days` local days after that of its `begins`.

    `key`: columns that tell records apart; `begins`: an instant that is the same in all versions. What began before
    `settled_until` was given away.
    """

    def __init__(self, key: tuple[str, ...], begins: str, days: int) -> None:
        self._key, self._begins, self._days = key, begins, days
        self._open: dict[int, dict[tuple[Any, ...], Row]] = defaultdict(dict)
        self.settled_until = 0

    def put(self, row: Row) -> None:
        """Take a version; an older one than is known changes nothing. What comes too late is an AssertionError."""
        begins_at = row[self._begins]
        key = tuple(row[name] for name in self._key)
        assert begins_at >= self.settled_until, f"{key} of {begins_at} was written after it had been counted"
        of_day = self._open[day_of(begins_at)]
        known = of_day.get(key)
        if known is None or (row.get("record_updated_at") or 0) >= (known.get("record_updated_at") or 0):
            of_day[key] = row

    def settled(self, until: int) -> Iterator[Row]:
        """Give away the rows that are final, as all that was written before `until` has been put; each once."""
        for day in settled_days(self._open, until, self._days * DAY_S):
            yield from self._open.pop(day).values()
        self.settled_until = max(self.settled_until, midnight(day_of(until - self._days * DAY_S)))

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))
