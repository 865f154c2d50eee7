"""Which part of the data a measurement looks at.

Belongs here: the slice of an expected figure. Does not belong here: the figures (`scenarios`), measurements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from simulator.scenarios.scenario import Expected, Scenario

_ALL_HOURS = frozenset(range(24))


@dataclass(frozen=True, slots=True)
class Slice:
    """`where`: dimension -> value, as an expected figure has it. `hours`: local hours of the day that count."""

    where: Mapping[str, str] = field(default_factory=dict)
    hours: frozenset[int] = _ALL_HOURS

    def get(self, name: str) -> str | None:
        """The value of a dimension; None for all of them."""
        return self.where.get(name)


def slices_of(case: Scenario, expected: Expected) -> list[Slice]:
    """The slice of an expected figure, of a ratio the two that it compares; its hours `other` are those that the case
    names nowhere."""
    if expected.kind == "ratio":
        ((name, both),) = expected.where.items()
        return [Slice({name: value}) for value in both.split("/")]
    named = expected.where.get("hour_of_day")
    if named is None:
        return [Slice(expected.where)]
    if named != "other":
        return [Slice(expected.where, frozenset(_hours(named)))]
    told = {it.where["hour_of_day"] for it in case.expected if "hour_of_day" in it.where} - {"other"}
    return [Slice(expected.where, _ALL_HOURS - {hour for text in told for hour in _hours(text)})]


def _hours(text: str) -> Iterator[int]:
    """The hours of `15` or `10-11`, both ends included."""
    first, _, last = text.partition("-")
    yield from range(int(first), int(last or first) + 1)
