"""Numerators and denominators by period and dimension, for families that need no finer cells.

Belongs here: how sums and distinct counts become values. Does not belong here: what is counted (the other modules).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from simulator.records import Record
from simulator.truth.sums import local_day
from simulator.truth.values import Value

Slice = tuple[str, str | None]  # dimension set, value of its dimension
ALL: Slice = ("all", None)
Key = tuple[str, str, str, str, str, str | None]
Grains = tuple[str, ...]
Number = float | Fraction


def local_date(at: int) -> date:
    """The local date of an instant."""
    return date(1970, 1, 1) + timedelta(days=local_day(at))


def period_start(day: date, grain: str) -> str:
    """The first date of the day's period."""
    if grain == "week":
        return str(day - timedelta(days=day.weekday()))
    return str(day.replace(day=1) if grain == "month" else day)


def latest(records: Iterable[Record], feed: str, key: str, known_until: int) -> dict[str, dict[str, object]]:
    """The last version of each record of a feed that was written before an instant."""
    found: dict[str, dict[str, object]] = {}
    for record in records:
        if record.feed == feed and record.at < known_until:
            name = str(record.row[key])
            if name not in found or _version(record.row) >= _version(found[name]):
                found[name] = record.row
    return found


def _version(row: dict[str, object]) -> int:
    version = row.get("record_updated_at")
    return version if isinstance(version, int) else 0


class Tally:
    """Sums of numerators and denominators; either may also be a number of distinct things.

    Money is added as fractions, so that no order of adding changes a sum.
    """

    def __init__(self) -> None:
        self._sums: dict[Key, list[Number | None]] = {}
        self._things: dict[tuple[Key, int], set[Hashable]] = defaultdict(set)

    def add(
        self,
        kpi_id: str,
        variant: str,
        at: int,
        slices: Iterable[Slice],
        numerator: Number = 0,
        denominator: Number | None = None,
        grains: Grains = ("day", "month"),
    ) -> None:
        """Add to the periods of an instant; no denominator makes a count. Weeks are kept for `all` alone."""
        for key in self._keys(kpi_id, variant, at, slices, grains):
            sums = self._sums.setdefault(key, [0, None])
            sums[0] = (sums[0] or 0) + numerator
            if denominator is not None:
                sums[1] = (sums[1] or 0) + denominator

    def see(
        self,
        kpi_id: str,
        variant: str,
        at: int,
        slices: Iterable[Slice],
        thing: Hashable,
        *,
        is_numerator: bool = False,
        grains: Grains = ("day", "month"),
    ) -> None:
        """Count a thing once in the denominator, or in the numerator, however often it is seen in a period."""
        for key in self._keys(kpi_id, variant, at, slices, grains):
            self._sums.setdefault(key, [0, None])
            self._things[key, 0 if is_numerator else 1].add(thing)

    def _keys(self, kpi_id: str, variant: str, at: int, slices: Iterable[Slice], grains: Grains) -> Iterator[Key]:
        day = local_date(at)
        for dim_set, value in slices:
            for grain in (*grains, "week") if dim_set == "all" and "day" in grains else grains:
                yield kpi_id, variant, grain, period_start(day, grain), dim_set, value

    def values(self) -> list[Value]:
        """All values, ordered; a ratio whose denominator is 0 is None, one of 0 / 0 has no row."""
        found = []
        for key, (summed, summed_denominator) in self._sums.items():
            numerator = (summed or 0) + len(self._things.get((key, 0), ()))
            things = self._things.get((key, 1))
            denominator = summed_denominator if things is None else (summed_denominator or 0) + len(things)
            if denominator is None:
                found.append(_value(key, numerator, None, numerator))
            elif numerator or denominator:
                found.append(_value(key, numerator, denominator, numerator / denominator if denominator else None))
        return sorted(found, key=lambda value: tuple(str(part) for part in (*value[:10], *value[13:])))


def _value(key: Key, numerator: Number, denominator: Number | None, value: Number | None) -> Value:
    kpi_id, variant, grain, period, dim_set, of = key
    numbers = (_plain(numerator), _plain(denominator), _plain(value))
    row = Value(kpi_id, variant, grain, period, dim_set, None, None, None, None, None, *numbers)
    return row if of is None else with_dimension(row, dim_set, of)


def _plain(number: Number | None) -> float | None:
    return float(number) if isinstance(number, Fraction) else number


def with_dimension(row: Value, dim_set: str, of: str) -> Value:
    """The value of one member of a dimension; the dimension has the name of its set."""
    dimension: dict[str, Any] = {dim_set: of}
    return row._replace(**dimension)
