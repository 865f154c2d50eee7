"""Numerators and denominators by period and dimension, for families that need no finer cells.

Belongs here: how sums and distinct counts become values. Does not belong here: what is counted (the other modules).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from simulator.truth.sorting import in_order_of
from simulator.truth.sums import local_day
from simulator.truth.telephone_kpis import GRAINS
from simulator.truth.values import Value

Slice = tuple[str, str | None]  # dimension set, value of its dimension
ALL: Slice = ("all", None)
Key = tuple[str, str, str, str, str, str | None]
Grains = tuple[str, ...]
Number = float | Fraction


def local_date(at: int) -> date:
    """The local date of an instant."""
    return date(1970, 1, 1) + timedelta(days=local_day(at))


@lru_cache(maxsize=4096)
def _starts(day: int) -> dict[str, str]:
    """The first dates of a local day's periods."""
    return {grain: str(start_of(day)) for grain, start_of in GRAINS.items()}


class Tally:
    """Sums of numerators and denominators; either may also be a number of distinct things.

    Money is added as fractions, so that no order of adding changes a sum. Distinct things are remembered until their
    period is closed.
    """

    def __init__(self) -> None:
        self._sums: dict[Key, list[Number | None]] = {}
        self._things: dict[tuple[Key, int], set[Hashable]] = defaultdict(set)
        self._closed_until = ""

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
            assert key[3] >= self._closed_until, f"{kpi_id}: something new of {key[3]}, which was closed"
            self._sums.setdefault(key, [0, None])
            self._things[key, 0 if is_numerator else 1].add(thing)

    def close(self, until: date) -> None:
        """Nothing new will be seen in a period that began before a date, so that numbers of things are enough."""
        self._closed_until = max(self._closed_until, str(until))
        for key, place in [found for found in self._things if found[0][3] < self._closed_until]:
            sums = self._sums[key]
            sums[place] = (sums[place] or 0) + len(self._things.pop((key, place)))

    @property
    def held(self) -> int:
        """How many distinct things are remembered."""
        return sum(map(len, self._things.values()))

    def _keys(self, kpi_id: str, variant: str, at: int, slices: Iterable[Slice], grains: Grains) -> Iterator[Key]:
        starts = _starts(local_day(at))
        for dim_set, value in slices:
            for grain in (*grains, "week") if dim_set == "all" and "day" in grains else grains:
                yield kpi_id, variant, grain, starts[grain], dim_set, value

    def values(self) -> Iterator[Value]:
        """All values, ordered; a ratio whose denominator is 0 is None, one of 0 / 0 has no row."""
        self.close(date.max)
        return in_order_of(self._found(), lambda value: tuple(str(part) for part in (*value[:10], *value[13:])))

    def _found(self) -> Iterator[Value]:
        for key, (summed, denominator) in self._sums.items():
            numerator = summed or 0
            if denominator is None:
                yield _value(key, numerator, None, numerator)
            elif numerator or denominator:
                yield _value(key, numerator, denominator, numerator / denominator if denominator else None)


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
