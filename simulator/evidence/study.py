"""One case, simulated around the date of its measure, and each of its expected figures beside what the files show.

Belongs here: the size that each case needs, phases, and the comparison. Does not belong here: how a metric is read
(`metrics`), how it is shown (`plot`, `page`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from simulator.evidence import sample
from simulator.evidence.feeds import Feeds
from simulator.evidence.registry import METRICS, Metric, Unit
from simulator.evidence.sample import Estimate, Sample
from simulator.evidence.slices import Slice, slices_of
from simulator.evidence.years import write_years
from simulator.run import simulate
from simulator.scenarios.cases import scenario
from simulator.scenarios.scenario import Expected, Scenario

Verdict = Literal["inside", "too few", "outside", "nothing seen"]
Read = Callable[[Metric, Slice], Sample]
SEED = 7
BUCKETS = (1, 7, 14)
CALM = 3.0  # half an interval may be so many tolerances wide before days are taken together


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated: whole centres are slow, and a rare thing needs many days."""

    first: date = date(2026, 3, 2)
    days_before: int = 21
    days_after: int = 21
    agents: int = 8

    @property
    def switch(self) -> date:
        """The date on which the measure begins to work."""
        return self.first + timedelta(days=self.days_before)

    @property
    def days(self) -> int:
        """Dates in all."""
        return self.days_before + self.days_after

    @property
    def last(self) -> date:
        """The last date."""
        return self.first + timedelta(days=self.days - 1)


SIZES = {
    "S0-1": Size(days_before=21, days_after=28),
    # so long ago that the year after the measure is over
    "S0-2": Size(first=date(2025, 3, 4), days_before=28, days_after=42, agents=14),
    # so many agents that the calls of a day keep all of them at it; the ledger is booked on a month's last date
    "S0-3": Size(first=date(2026, 3, 13), days_before=10, days_after=9, agents=28),
    "S0-4": Size(days_before=21, days_after=7),
    # two repayment days on either side of the measure
    "S2-1": Size(days_before=30, days_after=28),
    "S2-2": Size(days_before=14, days_after=7),
    "S2-3": Size(days_before=14, days_after=7),
    "S2-4": Size(days_before=35, days_after=56, agents=10),
    "S2-5": Size(days_before=35, days_after=21, agents=16),
    # an agent keeps a ticket a day
    "S2-6": Size(days_before=56, days_after=7),
    "S2-7": Size(days_before=21, days_after=7),
    "S2-8": Size(days_before=21, days_after=7),
    "S2-9": Size(days_before=14, days_after=7),
    "S2-10": Size(days_before=42, days_after=21, agents=10),
    "S4-1": Size(days_before=21, days_after=21, agents=12),
    "S4-2": Size(days_before=8, days_after=45, agents=24),
    "S4-3": Size(days_before=14, days_after=21),
    "S4-4": Size(days_before=28, days_after=28, agents=16),
    "S4-5": Size(days_before=28, days_after=7),
    "S4-6": Size(days_before=12, days_after=8, agents=20),
    "S4-7": Size(days_before=21, days_after=28),
    "S4-8": Size(days_before=14, days_after=14),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """An expected figure and what was observed; None where the files show nothing of it."""

    expected: Expected
    observed: Estimate | None

    @property
    def verdict(self) -> Verdict:
        """Whether the observed value lies inside the tolerance of the planted one. Where it does not and its interval
        holds the planted value, there are too few observations to tell."""
        if self.observed is None:
            return "nothing seen"
        if abs(self.observed.value - self.expected.value) <= self.expected.tolerance:
            return "inside"
        return "too few" if self.observed.low <= self.expected.value <= self.observed.high else "outside"


@dataclass(frozen=True, slots=True)
class Step:
    """A planted level from a date to before another one."""

    first: date
    end: date
    level: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric in one slice: what was planted, and what was observed in buckets of `bucket_days`; from `first` to
    before `end`."""

    metric: Metric
    unit: Unit
    first: date
    end: date
    label: str
    steps: tuple[Step, ...]
    observed: dict[date, Estimate]
    bucket_days: int


@dataclass(frozen=True, slots=True)
class Study:
    """A case with its findings, in the order in which it expects them, and its panels."""

    case: Scenario
    size: Size
    findings: tuple[Finding, ...]
    panels: tuple[Panel, ...]


def command_of(scenario_id: str) -> str:
    """The command that writes the same files."""
    size = SIZES[scenario_id]
    return (
        f"callmart simulate --scenario {scenario_id}={size.switch} --start {size.first} --days {size.days} "
        f"--agents {size.agents} --seed {SEED}"
    )


def study(scenario_id: str, folder: Path) -> Study:
    """Simulate a case into a folder, which must be empty or a simulation's, and measure what it expects.

    Raises SettingError for a case that is not known.
    """
    case, size = scenario(scenario_id), SIZES[scenario_id]
    planting = f"{scenario_id}={size.switch}"
    simulate(folder, size.days, size.agents, SEED, size.first, scenarios=[planting])
    if any(expected.metric_id == "M137" for expected in case.expected):
        write_years(folder, planting, size.switch, SEED)
    with Feeds(folder, size.first, size.last) as feeds:
        return measured(case, size, from_files(feeds))


def from_files(feeds: Feeds) -> Read:
    """Samples as the metrics read them of a simulation's files."""
    return lambda metric, part: metric.measure(feeds, part)


def measured(case: Scenario, size: Size, read: Read) -> Study:
    """The findings of a case that stands already, in its files or wherever `read` gets its samples from."""
    findings: dict[int, Finding] = {}
    panels = []
    for places in _groups(case.expected):
        group = [case.expected[place] for place in places]
        series = _Series(case, size, read, group)
        found = [Finding(expected, series.value(expected)) for expected in group]
        findings.update(zip(places, found, strict=True))
        panels.append(series.panel(found))
    return Study(case, size, tuple(findings[place] for place in range(len(case.expected))), tuple(panels))


def _groups(expected: Sequence[Expected]) -> list[list[int]]:
    """Places of the figures that are about one metric in one slice."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = {}
    for place, it in enumerate(expected):
        groups.setdefault((it.metric_id, tuple(it.where.items())), []).append(place)
    return list(groups.values())


class _Series:
    """What the files show of one metric in one slice, over time; of a `ratio` one slice divided by another."""

    def __init__(self, case: Scenario, size: Size, read: Read, group: Sequence[Expected]) -> None:
        self._size = size
        self.metric = METRICS[group[0].metric_id]
        self._samples = [read(self.metric, part) for part in slices_of(case, group[0])]
        self._settles = max(change.after_days for change in case.changes)
        self._group = group
        # a measure in two steps is judged once the second one works
        days = [it.day for part in self._samples for it in part.observations]
        self._first = min([size.first, *days])
        self._end = max([size.last + timedelta(days=1), *(day + timedelta(days=self.metric.span_days) for day in days)])
        self._after = size.switch + timedelta(days=self._settles + self.metric.lag_days)

    def value(self, expected: Expected) -> Estimate | None:
        """The observed counterpart of an expected figure."""
        if expected.phase != "change":
            return self._of(*self._phase(expected.phase))
        before, after = self._of(*self._phase("before")), self._of(*self._phase("after"))
        if before is None or after is None:
            return None
        if expected.kind == "points":
            return sample.difference(before, after)
        return sample.relative_change(before, after)

    def panel(self, found: Sequence[Finding]) -> Panel:
        """The picture of the metric: planted levels, and what was observed day by day or in longer buckets."""
        steps = tuple(self._steps(found))
        whole = [self._whole(steps, days) for days in BUCKETS]
        bucket_days, observed = next(((days, it) for days, it, is_calm in whole if is_calm), whole[-1][:2])
        unit: Unit = "x" if len(self._samples) > 1 else self.metric.unit
        return Panel(self.metric, unit, self._first, self._end, _label(self._group[0]), steps, observed, bucket_days)

    def _whole(self, steps: Sequence[Step], days: int) -> tuple[int, dict[date, Estimate], bool]:
        """Buckets of so many dates, and whether they are calm enough to be read beside what was planted."""
        observed = self._buckets(days)
        halves = sorted((it.high - it.low) / 2 for it in observed.values())
        limit = CALM * max((step.tolerance for step in steps), default=math.inf)
        return days, observed, bool(halves) and halves[len(halves) // 2] <= limit

    def _buckets(self, days: int) -> dict[date, Estimate]:
        first, *others = (part.by_bucket(days, self._size.switch) for part in self._samples)
        if not others:
            return first
        quotients = {day: sample.quotient_of(first[day], others[0][day]) for day in first.keys() & others[0].keys()}
        return {day: it for day, it in sorted(quotients.items()) if it is not None}

    def _steps(self, found: Sequence[Finding]) -> Iterator[Step]:
        """Levels as they were planted; of a planted change the level that it makes of the one before."""
        before = self._of(*self._phase("before"))
        for it in found:
            first, end = self._phase("after" if it.expected.phase == "change" else it.expected.phase)
            first, end = first or self._first, end or self._end
            value, tolerance = it.expected.value, it.expected.tolerance
            if it.expected.phase != "change":
                yield Step(first, end, value, tolerance)
            elif before is not None and it.expected.kind == "points":
                yield Step(first, end, before.value + value, tolerance)
            elif before is not None:
                yield Step(first, end, before.value * (1 + value), before.value * tolerance)

    def _phase(self, phase: str) -> tuple[date | None, date | None]:
        """The first date and the date after the last one."""
        return (None, self._size.switch) if phase == "before" else (self._after, None)

    def _of(self, first: date | None, end: date | None) -> Estimate | None:
        estimates = [part.between(first, end).estimate() for part in self._samples]
        if any(it is None for it in estimates):
            return None
        above, *below = (it for it in estimates if it is not None)
        return sample.quotient_of(above, below[0]) if below else above


def _label(expected: Expected) -> str:
    return ", ".join(f"{name} {value}" for name, value in expected.where.items())
