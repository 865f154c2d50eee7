"""Sums by date, dimension and category, and the values made of them.

Belongs here: what the recounts over records share. Does not belong here: what is summed (the other modules).

One tally has one clock: everything in it goes by the same date. Values exist by day for each dimension, and by day,
week and month for the whole centre.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from simulator.truth.daycells import DayCells, new_cell
from simulator.truth.sorting import in_order_of
from simulator.truth.telephone_kpis import GRAINS
from simulator.truth.values import Cell, Formula, Value, sum_of

DAY_S = 86_400
UTC_OFFSET_S = 8 * 3600
Z_95 = 1.959963984540054
NO_DIMENSION = "all"


def local_day(at: int) -> int:
    """Local days since 1970-01-01."""
    return (at + UTC_OFFSET_S) // DAY_S


@dataclass(frozen=True, slots=True)
class Share:
    """A KPI variant that divides a sum of each category by a sum over everything in the cell."""

    kpi_id: str
    variant: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]


class _Key(NamedTuple):
    dim_set: str
    member: str | None
    category: str | None


class Tally:
    """Adds amounts up and applies `formulas` to whole cells, `by_category` to each category, `shares` to both."""

    def __init__(
        self, formulas: Iterable[Formula], by_category: Iterable[Formula] = (), shares: Iterable[Share] = ()
    ) -> None:
        self._formulas, self._by_category, self._shares = tuple(formulas), tuple(by_category), tuple(shares)
        self._cells: DayCells[_Key] = DayCells()

    def add(self, at: int, amounts: Mapping[str, Any], category: str | None = None, **members: str | None) -> None:
        """Add whole numbers or fractions on the local date of `at`: to the centre and to each dimension's member that
        is known. With a category only to the cells of this category."""
        cells = self._cells.of(local_day(at))
        keys = [_Key(name, member, category) for name, member in members.items() if member is not None]
        for key in (_Key(NO_DIMENSION, None, category), *keys):
            cell = cells[key]
            for name, amount in amounts.items():
                cell[name] += amount

    def values(self) -> Iterator[Value]:
        """All values, not ordered."""
        periods: dict[tuple[str, str], dict[_Key, Cell]] = defaultdict(lambda: defaultdict(new_cell))
        for day, cells in self._cells.days():
            yield from self._of_period("day", str(GRAINS["day"](day)), cells)
            for grain in ("week", "month"):
                period = periods[grain, str(GRAINS[grain](day))]
                for key, cell in cells.items():
                    if key.dim_set == NO_DIMENSION:
                        for name, amount in cell.items():
                            period[key][name] += amount
        for (grain, begins), period in periods.items():
            yield from self._of_period(grain, begins, period)

    def _of_period(self, grain: str, begins: str, cells: Mapping[_Key, Cell]) -> Iterator[Value]:
        for key, cell in cells.items():
            for formula in self._formulas if key.category is None else self._by_category:
                yield from _value(formula, cell, grain, begins, key)
            if key.category is None:
                continue
            whole: Mapping[str, int] = cells.get(key._replace(category=None), {})
            for share in self._shares:
                both = defaultdict(int, part=sum_of(cell, share.numerator))
                both["whole"] = sum(whole.get(name, 0) for name in share.denominator)
                yield from _value(Formula(share.kpi_id, share.variant, ("part",), ("whole",)), both, grain, begins, key)


def _value(formula: Formula, cell: Cell, grain: str, begins: str, key: _Key) -> Iterator[Value]:
    applied = formula.apply(cell)
    if applied is None:
        return
    numerator, denominator, value = (float(number) if isinstance(number, Fraction) else number for number in applied)
    members = {} if key.member is None else {key.dim_set: key.member}
    yield Value(
        formula.kpi_id,
        formula.variant,
        grain,
        begins,
        key.dim_set,
        members.pop("queue", None),
        members.pop("channel", None),
        members.pop("agent", None),
        None,
        key.category or formula.category,
        numerator,
        denominator,
        value,
        **members,
    )


def wilson_95(successes: int, n: int) -> tuple[float, float]:
    """The Wilson interval of a share, 95 per cent; `n` is above 0."""
    share, square = successes / n, Z_95 * Z_95
    middle = share + square / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return (middle - half) / (1 + square / n), (middle + half) / (1 + square / n)


def in_order(values: Iterable[Value]) -> Iterator[Value]:
    """A total order over the keys of values."""
    return in_order_of(values, lambda value: tuple(str(part or "") for part in (*value[:10], *value[13:])))
