"""A KPI value of the truth, and a KPI as a quotient of two sums.

Belongs here: what the recounts of all families share. Does not belong here: what is summed (the other modules).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Cell = defaultdict[str, int]


class Value(NamedTuple):
    """One KPI value. A dimension outside the dimension set is None; a count has denominator None."""

    kpi_id: str
    variant: str
    grain: str
    period_start: str
    dim_set: str
    queue: str | None
    channel: str | None
    agent: str | None
    hour_of_day: int | None
    category: str | None
    numerator: int | float | None
    denominator: int | float | None
    value: float | int | None
    issue: str | None = None
    department: str | None = None
    product: str | None = None
    lead_source: str | None = None
    campaign: str | None = None
    tier: str | None = None
    team: str | None = None
    endpoint: str | None = None
    tool: str | None = None
    user: str | None = None
    node: str | None = None
    metric: str | None = None
    action: str | None = None
    line: str | None = None
    region: str | None = None
    line_of_business: str | None = None

    @property
    def row(self) -> dict[str, str | int | float | None]:
        """By name; of the dimensions that came later only the one that it has."""
        named = zip(self._fields, self, strict=True)
        return {name: part for number, (name, part) in enumerate(named) if number < _ALWAYS or part is not None}

    @property
    def figures(self) -> tuple[int | float | None, int | float | None, float | int | None]:
        """Numerator, denominator and value."""
        return self.numerator, self.denominator, self.value


_ALWAYS = Value._fields.index("value") + 1


@dataclass(frozen=True, slots=True)
class Formula:
    """A KPI variant as sums over a cell: +name or -name in numerator and denominator; no denominator makes a count.

    An extreme (`is_extreme`) is a maximum or minimum and exists only where `of` records exist.
    """

    kpi_id: str
    variant: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    category: str | None = None
    is_extreme: bool = False
    denominator_unit: int = 1

    def apply(self, cell: Cell) -> tuple[int | float | None, int | float | None, float | int | None] | None:
        """Numerator, denominator and value in this cell; None where the KPI has no row."""
        if self.is_extreme:
            (name,) = self.numerator
            return (cell[name], None, cell[name]) if name in cell else None
        numerator = sum_of(cell, self.numerator)
        if not self.denominator:
            return numerator, None, numerator
        denominator = sum_of(cell, self.denominator)
        if numerator == 0 and denominator == 0:
            return None
        if denominator == 0:
            return numerator, 0, None
        if self.denominator_unit != 1:
            return numerator, denominator / self.denominator_unit, numerator * self.denominator_unit / denominator
        return numerator, denominator, numerator / denominator


def sum_of(cell: Cell, names: Iterable[str]) -> int:
    total = 0
    for name in names:
        total += -cell.get(name[1:], 0) if name.startswith("-") else cell.get(name, 0)
    return total
