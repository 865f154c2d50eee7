"""The worked cases in the warehouse: what was planted in a centre is found again in kpi_value.

Too long for each change: `make test-long`. Of a case the figures are asked that a headline KPI shows by a dimension it
has; the pages of docs/scenarios hold all figures, read from the files without the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulator.evidence.registry import Metric
from simulator.evidence.sample import Observation, Sample
from simulator.evidence.slices import Slice
from simulator.evidence.study import SEED, SIZES, Finding, Study, measured
from simulator.scenarios.cases import scenario
from tests.end_to_end.centre import Centre, simulated


class Asked(NamedTuple):
    """Where a figure of a case stands in kpi_value: the variant where it is not the official one; with `is_rest` the
    figure is what is left of 1."""

    kpi_id: str
    variant: str | None = None
    is_rest: bool = False


# case -> metric of the case -> what is asked
ASKED: Mapping[str, Mapping[str, Asked]] = {
    "S0-1": {"M093": Asked("M093")},
    "S0-3": {"M070": Asked("M070")},
    "S0-4": {"M093": Asked("M093")},
    "S2-3": {"M034": Asked("M034", "queued")},
    "S4-1": {"M024": Asked("M024")},
    # these cases call a call solved that nobody repeated, be it a repeat itself
    "S4-2": {"M096": Asked("M098", "forward", is_rest=True), "M069": Asked("M069")},
    "S4-4": {"M098": Asked("M098")},
    "S4-6": {"M096": Asked("M097", "forward", is_rest=True), "M069": Asked("M069")},
    "S4-8": {"M177": Asked("M177")},
}
# a dimension of a case -> the column of kpi_value, and the members that a value of the case stands for
COLUMNS = {"medium": "channel", "topic": "issue", "issue_id": "issue", "agent": "agent", "tier": "segment"}
MEMBERS = {
    "medium": "select channel_id from marts.dim_channel where kind = '{value}'",
    "topic": "select issue_id from marts.dim_issue where topic_id = '{value}'",
}


@pytest.fixture(scope="module", params=ASKED)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Centre]:
    """A centre of the size that the case needs, with the case planted, built."""
    name, size = request.param, SIZES[request.param]
    planted = ("--scenario", f"{name}={size.switch}")
    folder = tmp_path_factory.mktemp(name)
    centre = simulated(folder, size.days, size.agents, SEED, size.first.isoformat(), is_whole=True, options=planted)
    centre.build()
    return name, centre


def values(centre: Centre, asked: Asked, part: Slice) -> Iterator[tuple[date, float, float | None]]:
    """Date, numerator and denominator of each day, or of each hour that counts."""
    wanted = {COLUMNS[name]: (name, value) for name, value in part.where.items() if name in COLUMNS}
    unknown = part.where.keys() - COLUMNS.keys() - {"hour_of_day"}
    assert not unknown, f"kpi_value has no dimension for {unknown}"
    of_hours = len(part.hours) < 24
    dim_set = "+".join(column for column in ("channel", "agent", "issue", "segment") if column in wanted) or "all"
    conditions = [
        f"kpi_id = '{asked.kpi_id}'", f"dim_set = '{dim_set}'", "value is not null",
        f"grain = '{'hour' if of_hours else 'day'}'",
        f"variant = '{asked.variant}'" if asked.variant else "is_official",
        f"hour(period_start) in ({', '.join(map(str, sorted(part.hours)))})" if of_hours else "true",
    ]  # fmt: skip
    for column, (name, value) in wanted.items():
        members = MEMBERS.get(name, "'{value}'").format(value=value)
        conditions.append(f"{column} in ({members})")
    above = "sum(denominator - numerator)" if asked.is_rest else "sum(numerator)"
    found: list[Any] = centre.rows(
        f"select cast(period_start as date), {above}, sum(denominator) from marts.kpi_value "
        f"where {' and '.join(conditions)} group by 1 order by 1"
    )
    yield from found


def sample(metric: Metric, rows: Iterator[tuple[date, float, float | None]]) -> Sample:
    """Each counted thing as an observation where the KPI is a share, so that its interval is that of the share."""
    if metric.unit != "share":
        return Sample(tuple(Observation(day, above, 1.0 if below is None else below) for day, above, below in rows))
    return Sample(
        tuple(
            Observation(day, float(place < above))
            for day, above, below in rows
            for place in range(round(below or 0))
        ),
        "share",
    )  # fmt: skip


def findings(name: str, centre: Centre) -> list[Finding]:
    def read(metric: Metric, part: Slice) -> Sample:
        if metric.metric_id not in ASKED[name]:
            return Sample(())
        return sample(metric, values(centre, ASKED[name][metric.metric_id], part))

    found: Study = measured(scenario(name), SIZES[name], read)
    return [it for it in found.findings if it.expected.metric_id in ASKED[name]]


def test_the_warehouse_finds_what_was_planted(case: tuple[str, Centre], tmp_path: Path) -> None:
    found = findings(*case)
    assert found
    for it in found:
        print(
            case[0], it.expected.metric_id, it.expected.phase, dict(it.expected.where), it.expected.value, it.observed
        )
    assert [it for it in found if it.verdict not in ("inside", "too few")] == []
    # where figures differ by more than their tolerances, both can't be met by chance
    assert any(it.verdict == "inside" for it in found)
