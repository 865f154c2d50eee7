"""What a measurement found, day by day, and what can be said of it: value, number of observations, 95 % interval.

Belongs here: arithmetic on observations, whatever they are about. Does not belong here: reading files (`feeds`), which
observations make a metric (`metrics`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Z_95 = 1.959963984540054
Kind = Literal["share", "ratio", "peak"]
"""`share`: each observation is yes or no. `ratio`: a sum divided by a sum; where every denominator is 1, a mean.
`peak`: the numerator is a place (an hour) and the denominator its volume; the value is the place with most."""


class Observation(NamedTuple):
    """One thing that was seen: the local date that it counts for, and what it adds above and below the line."""

    day: date
    numerator: float
    denominator: float = 1.0


class Estimate(NamedTuple):
    """A value with its 95 % interval; `n` observations. Without observations there is no estimate."""

    value: float
    low: float
    high: float
    n: int

    @property
    def standard_error(self) -> float:
        """Half of the interval in standard errors, symmetric or not."""
        return (self.high - self.low) / (2 * Z_95)


@dataclass(frozen=True, slots=True)
class Sample:
    """The observations of one metric in one slice, of all days that were simulated."""

    observations: tuple[Observation, ...]
    kind: Kind = "ratio"

    def between(self, first: date | None = None, end: date | None = None) -> Sample:
        """The observations of the dates from `first` to before `end`."""
        kept = (it for it in self.observations if (first is None or it.day >= first) and (end is None or it.day < end))
        return Sample(tuple(kept), self.kind)

    def estimate(self) -> Estimate | None:
        """The value of all observations together; None where nothing was seen."""
        below = sum(it.denominator for it in self.observations)
        if below == 0:
            return None
        if self.kind == "peak":
            return _peak(self.observations)
        if self.kind == "share":
            return _wilson(sum(it.numerator for it in self.observations), len(self.observations))
        return _ratio(self.observations, below)

    def by_bucket(self, days: int, first: date) -> dict[date, Estimate]:
        """Estimates of buckets of `days` dates, the first of which begins on `first`; by their first dates."""
        buckets: dict[date, list[Observation]] = defaultdict(list)
        for it in self.observations:
            begins = date.fromordinal(it.day.toordinal() - (it.day - first).days % days)
            buckets[begins].append(it)
        found = {begins: Sample(tuple(bucket), self.kind).estimate() for begins, bucket in sorted(buckets.items())}
        return {begins: estimate for begins, estimate in found.items() if estimate is not None}


def share(rows: Iterable[tuple[date, object]]) -> Sample:
    """A sample of yes and no: the date and whether it was so."""
    return Sample(tuple(Observation(day, float(bool(is_so))) for day, is_so in rows), "share")


def mean(rows: Iterable[tuple[date, float]]) -> Sample:
    """A sample of amounts, one for each thing."""
    return Sample(tuple(Observation(day, float(amount)) for day, amount in rows))


def ratio(rows: Iterable[tuple[date, float, float]]) -> Sample:
    """A sample of amounts above and below the line."""
    return Sample(tuple(Observation(day, float(above), float(below)) for day, above, below in rows))


def peak(volumes: Mapping[tuple[date, int], int]) -> Sample:
    """A sample of the volumes of each date's hours."""
    return Sample(tuple(Observation(day, hour, n) for (day, hour), n in sorted(volumes.items())), "peak")


def relative_change(before: Estimate, after: Estimate) -> Estimate | None:
    """By which fraction the value rose, with the interval of a quotient of two independent values; None if one is 0."""
    quotient = quotient_of(after, before)
    if quotient is None:
        return None
    return Estimate(quotient.value - 1, quotient.low - 1, quotient.high - 1, quotient.n)


def difference(before: Estimate, after: Estimate) -> Estimate:
    """By how much the value rose."""
    half = Z_95 * math.hypot(before.standard_error, after.standard_error)
    change = after.value - before.value
    return Estimate(change, change - half, change + half, before.n + after.n)


def quotient_of(above: Estimate, below: Estimate) -> Estimate | None:
    """One value divided by another, its interval on the scale of logarithms; None if one is 0."""
    if above.value == 0 or below.value == 0:
        return None
    value = above.value / below.value
    spread = math.hypot(above.standard_error / above.value, below.standard_error / below.value)
    factor = math.exp(Z_95 * spread)
    return Estimate(value, value / factor, value * factor, above.n + below.n)


def _wilson(successes: float, n: int) -> Estimate:
    share, square = successes / n, Z_95 * Z_95
    middle = share + square / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Estimate(share, (middle - half) / (1 + square / n), (middle + half) / (1 + square / n), n)


def _ratio(observations: tuple[Observation, ...], below: float) -> Estimate:
    """The quotient of two sums, with the variance of its linear part: of a mean, its standard error."""
    n, value = len(observations), sum(it.numerator for it in observations) / below
    squares = sum((it.numerator - value * it.denominator) ** 2 for it in observations)
    half = Z_95 * math.sqrt(squares * n / (n - 1)) / below if n > 1 else math.inf
    return Estimate(value, value - half, value + half, n)


def _peak(observations: tuple[Observation, ...]) -> Estimate:
    """The place with the greatest volume (of equals the first), within the range of 95 % of the days' own peaks."""
    volumes: Counter[float] = Counter()
    by_day: dict[date, Counter[float]] = defaultdict(Counter)
    for it in observations:
        volumes[it.numerator] += int(it.denominator)
        by_day[it.day][it.numerator] += int(it.denominator)
    of_days = sorted(map(_most, by_day.values()))
    outside = int(0.025 * len(of_days))
    return Estimate(_most(volumes), of_days[outside], of_days[-1 - outside], volumes.total())


def _most(volumes: Counter[float]) -> float:
    return min(volumes, key=lambda place: (-volumes[place], place))
