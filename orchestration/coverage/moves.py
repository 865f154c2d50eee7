"""Whether a KPI follows its planted cause: two small simulated centres that differ in it, recounted and compared.

Belongs here: the simulation, one KPI as a series of periods, and the rule by which a change counts. Does not belong
here: which cause belongs to which KPI (`causes`).

The recounts of `simulator.truth` stand for the warehouse: the end-to-end test proves them equal, value by value.

The rule: the change goes in the expected direction, is at least `LEAST` of the value before (of a difference of rates
as much in absolute terms), and its 95 % interval, over periods as observations, does not hold zero. With fewer than
`FEW` periods there is no such interval, and the change must be at least `LEAST_OF_FEW`.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.coverage.causes import BASES, CENTRES, Cause, Centre
from orchestration.coverage.registry import Defined
from simulator.evidence import sample
from simulator.evidence.sample import Estimate, Sample
from simulator.run import TRUTH, simulate
from simulator.scenarios.effects import Planting

# the last days of a month and the first of the next one: each grain has two periods
FIRST, DAYS, AGENTS, SEED, CALLS_PER_DAY = date(2026, 3, 23), 10, 8, 1, 100
GRAINS = ("hour", "day", "week", "month", "quarter", "year", "rolling_12_months")
LEAST, FEW, LEAST_OF_FEW = 0.05, 5, 0.20

Row = Mapping[str, Any]
Pair = tuple[str, str]
Truths = Mapping[str, Mapping[Pair, Collection[Row]]]
"""Centre -> (KPI id, variant) -> its true values."""


@dataclass(frozen=True, slots=True)
class Series:
    """A KPI in one centre at its finest grain: what each period adds above and below the line, and the different
    values of all its members."""

    sample: Sample
    values: frozenset[float]

    @property
    def periods(self) -> int:
        """How many have a value."""
        return len(self.sample.observations)

    @property
    def varies(self) -> bool:
        """Whether two periods differ; of a KPI that has one whole period alone, whether two members do."""
        by_period = {it.numerator / it.denominator for it in self.sample.observations}
        return len(by_period) > 1 or (self.periods == 1 and len(self.values) > 1)


def simulated(wanted: Collection[str]) -> Truths:
    """The true values of these KPI ids in each of `BASES` and `CENTRES`. Takes some 40 s."""
    return {centre.name: truth_of(centre, wanted) for centre in (*BASES, *CENTRES)}


def truth_of(centre: Centre, wanted: Collection[str]) -> Mapping[Pair, Collection[Row]]:
    """The true values of these KPI ids in one centre."""
    plantings = [Planting(centre.name, centre.changes, "before")] if centre.changes else []
    by_pair: dict[Pair, list[Row]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        simulate(
            out, DAYS, centre.agents or AGENTS, SEED, FIRST, CALLS_PER_DAY,
            plantings=plantings, shop_days=centre.shop_days,
        )  # fmt: skip
        values = json.loads((out / TRUTH).read_text("utf-8"))["values"]
    for value in values:
        if value["kpi_id"] in wanted:
            by_pair[value["kpi_id"], value["variant"]].append(value)
    return by_pair


def series(rows: Iterable[Row], defined: Defined | None, where: Mapping[str, str]) -> Series:
    """The finest grain of a KPI, of the centre as a whole or of the class or member that `where` names; what has no
    value for the whole is taken over all its members."""
    found = [row for row in rows if _is_within(row, where)]
    grain = next((grain for grain in GRAINS if any(row["grain"] == grain for row in found)), None)
    found = [row for row in found if row["grain"] == grain]
    values = frozenset(row["value"] for row in found if row["value"] is not None)
    dim_set = min((row["dim_set"] for row in found), key=lambda name: (name != "all", name), default="all")
    found = [row for row in found if row["dim_set"] == dim_set]
    if "category" not in where and any(row["category"] is None for row in found):
        found = [row for row in found if row["category"] is None]
    is_place = defined is not None and defined.kind in ("peak", "trough")
    periods: dict[str, tuple[float, float]] = {}
    for row in found:
        above, below = periods.get(row["period_start"], (0.0, 0.0))
        numerator = int(row["category"][:2]) if is_place else row["numerator"] or 0
        more = 1 if is_place or row["denominator"] is None else row["denominator"]
        periods[row["period_start"]] = above + numerator, below + more
    days = ((date.fromisoformat(start[:10]), above, below) for start, (above, below) in periods.items() if below)
    return Series(sample.ratio(days), values)


def _is_within(row: Row, where: Mapping[str, str]) -> bool:
    dimensions = {name for name in where if name != "category"}
    if dimensions and row["dim_set"] not in dimensions:
        return False
    return all(row.get(name) == value for name, value in where.items())


def follows(cause: Cause, before: Series, after: Series, unit: str) -> bool:
    """Whether the KPI changed as its cause demands, by the rule above."""
    was, became = before.sample.estimate(), after.sample.estimate()
    if was is None or became is None:
        return False
    change = sample.difference(was, became) if unit == "rate_difference" else sample.relative_change(was, became)
    if change is None:  # from nothing, or to nothing
        return (became.value > was.value) if cause.direction == "up" else (became.value < was.value)
    is_few = min(before.periods, after.periods) < FEW
    return _is_more(change, is_few) if cause.direction == "up" else _is_more(_negative(change), is_few)


def _is_more(change: Estimate, is_few: bool) -> bool:
    return change.value >= LEAST_OF_FEW if is_few else change.value >= LEAST and change.low > 0


def _negative(change: Estimate) -> Estimate:
    return Estimate(-change.value, -change.high, -change.low, change.n)
