"""The worked cases in the warehouse: what was planted in a centre is found again in kpi_value.

Too long for each change: `make test-long`. Of a case the figures are asked that a headline KPI shows by a dimension it
has; the pages of docs/scenarios hold all figures, read from the files without the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from simulator.evidence.registry import Metric
from simulator.evidence.sample import Observation, Sample
from simulator.evidence.slices import Slice
from simulator.evidence.study import SEED, SIZES, Finding, Size, Study, measured
from simulator.evidence.years import found_years, write_years
from simulator.scenarios.cases import scenario
from tests.end_to_end.centre import Centre, simulated
from tests.parsed import give_parsed_project


class Asked(NamedTuple):
    """Where a figure of a case stands in kpi_value: the variant where it is not the official one; with `is_rest` the
    figure is what is left of 1. `columns`: where a dimension of the case has another name than usual, and the members
    that a value of the case stands for."""

    kpi_id: str
    variant: str | None = None
    is_rest: bool = False
    grain: str = "day"
    columns: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType({})


# a survey is about a scenario, which follows from the topic
SATISFACTION = Asked(
    "M113", "mean_100", columns={"topic": ("scenario", {"complaint": "complaint", "repair": "after_sales"})}
)
# case -> metric of the case -> what is asked
ASKED: Mapping[str, Mapping[str, Asked]] = {
    "S0-1": {"M093": Asked("M093"), "M112": SATISFACTION},
    "S0-2": {"M112": SATISFACTION, "M137": Asked("M137", "repurchase", grain="month")},
    "S0-3": {"M070": Asked("M070")},
    "S0-4": {"M093": Asked("M093")},
    "S2-3": {"M034": Asked("M034", "queued")},
    "S2-9": {"M113": SATISFACTION},
    "S4-1": {"M024": Asked("M024")},
    # these cases call a call solved that nobody repeated, be it a repeat itself
    # of the whole centre, calls for each agent-day; of one agent below, a day is one
    "S4-2": {"M096": Asked("M098", "forward", is_rest=True), "M069": Asked("M069", "per_agent_day")},
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


class Case(NamedTuple):
    """A case with the centre that shows it, built, and the centres of the years that retention looks at."""

    name: str
    centre: Centre
    years: tuple[Centre, ...]


@pytest.fixture(scope="module", params=ASKED)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A centre of the size that the case needs, with the case planted, built."""
    name, size = request.param, SIZES[request.param]
    planted, folder = f"{name}={size.switch}", tmp_path_factory.mktemp(name)
    options = ("--scenario", planted)
    centre = simulated(folder, size.days, size.agents, SEED, size.first.isoformat(), is_whole=True, options=options)
    centre.build()
    return Case(name, centre, tuple(years(folder, planted, size)) if "M137" in ASKED[name] else ())


def years(folder: Path, planted: str, size: Size) -> Iterator[Centre]:
    write_years(folder, planted, size.switch, SEED)
    for year in found_years(folder):
        centre = Centre(folder / f"of {year.anchor}")
        centre.folder.mkdir()
        year.folder.rename(centre.source)
        give_parsed_project(centre.data)
        centre.build()
        yield centre


def conditions(asked: Asked, part: Slice) -> Iterator[str]:
    """Which rows of kpi_value a slice of a case is."""
    dimensions = []
    for name, value in part.where.items():
        if name in asked.columns:
            column, members = asked.columns[name]
            dimensions.append(column)
            yield f"member = '{members[value]}'"
        elif name != "hour_of_day":
            assert name in COLUMNS, f"kpi_value has no dimension for {name}"
            dimensions.append(COLUMNS[name])
            members_of = MEMBERS.get(name, "'{value}'").format(value=value)
            yield f"{COLUMNS[name]} in ({members_of})"
    order = ("channel", "agent", "issue", "segment", "scenario")
    yield f"dim_set = '{'+'.join(sorted(set(dimensions), key=order.index)) or 'all'}'"
    of_hours = len(part.hours) < 24
    yield f"hour(period_start) in ({', '.join(map(str, sorted(part.hours)))})" if of_hours else "true"
    yield f"grain = '{'hour' if of_hours else asked.grain}'"
    yield f"kpi_id = '{asked.kpi_id}' and value is not null"
    yield f"variant = '{asked.variant}'" if asked.variant else "is_official"


def values(centre: Centre, asked: Asked, part: Slice) -> Iterator[tuple[date, float, float | None]]:
    """Date, numerator and denominator of each day, of each hour that counts, or of each month."""
    above = "sum(denominator - numerator)" if asked.is_rest else "sum(numerator)"
    found: list[Any] = centre.rows(
        f"select cast(period_start as date), {above}, sum(denominator) from marts.kpi_value "
        f"where {' and '.join(conditions(asked, part))} group by 1 order by 1"
    )
    yield from found


def sample(metric: Metric, rows: Iterable[tuple[date, float, float | None]]) -> Sample:
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


def findings(case: Case) -> list[Finding]:
    asked = ASKED[case.name]

    def read(metric: Metric, part: Slice) -> Sample:
        if metric.metric_id not in asked:
            return Sample(())
        centres = case.years if metric.metric_id == "M137" else (case.centre,)
        of_all = chain.from_iterable(values(centre, asked[metric.metric_id], part) for centre in centres)
        return sample(metric, of_all)

    found: Study = measured(scenario(case.name), SIZES[case.name], read)
    return [it for it in found.findings if it.expected.metric_id in asked]


def test_the_warehouse_finds_what_was_planted(case: Case) -> None:
    found = findings(case)
    assert found
    for it in found:
        print(
            case.name, it.expected.metric_id, it.expected.phase, dict(it.expected.where), it.expected.value, it.observed
        )
    assert [it for it in found if it.verdict not in ("inside", "too few")] == []
    # where figures differ by more than their tolerances, both can't be met by chance
    assert any(it.verdict == "inside" for it in found)
