"""The parts of the benchmarks in the order in which they run; each measures one thing and gives one section."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.parts import (
    added_day,
    all_feeds,
    csv_to_lake,
    empty_day,
    lake_to_marts,
    queries,
    release,
    simulator,
    sizes,
    sources,
)
from benchmarks.stage import Stage
from benchmarks.table import Section

PARTS: dict[str, Callable[[Stage], Section]] = {
    "csv_to_lake": csv_to_lake.measure,
    "sources": sources.measure,
    "lake_to_marts": lake_to_marts.measure,
    "all_feeds": all_feeds.measure,
    "sizes": sizes.measure,
    "release": release.measure,
    "queries": queries.measure,
    "added_day": added_day.measure,
    "empty_day": empty_day.measure,
    "simulator": simulator.measure,
}
