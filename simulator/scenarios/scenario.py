"""A worked case: what it changes, what the centre does about it, and what must be found again.

Belongs here: the form of a case. Does not belong here: the cases (`s0`, `s2`, `s4`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.scenarios.effects import Change, Planting, Switch
from simulator.scenarios.measures import Measure


@dataclass(frozen=True, slots=True)
class Expected:
    """What the feeds must show. `value` is a level of the metric in one phase or, of `change`, the difference that
    the measure makes: `relative` to the level before, or in `points`. A `ratio` compares two slices, `a/b` in `where`.
    `where`: the slice in which it shows, everywhere without one."""

    metric_id: str
    phase: Literal["before", "after", "change"]
    value: float
    tolerance: float
    where: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["level", "ratio", "relative", "points"] = "level"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A worked case of the articles. `figures`: its numbers in the article's own words, Chinese and English."""

    scenario_id: str
    name_zh: str
    name_en: str
    figures_zh: str
    figures_en: str
    changes: tuple[Change, ...]
    expected: tuple[Expected, ...]
    measures: tuple[Measure, ...] = ()

    def planted(self, switch: Switch, at: int | None = None) -> Planting:
        """The case, switched: its state before the measure, after it, or both around the instant `at`."""
        return Planting(self.scenario_id, self.changes, switch, at, self.measures)
