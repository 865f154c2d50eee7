"""Typical queries on the released marts of the large centre."""

from __future__ import annotations

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Section, Table, percentile
from orchestration.paths import published_dir

TIMES = 10


def measure(stage: Stage) -> Section:
    """Ten queries in turn, again and again, by one reader of the catalogue."""
    centre = stage.released()
    done = tasks.run("queries", catalogue=published_dir(centre.root) / "callmart.duckdb", times=TIMES)
    runs: dict[str, list[float]] = done.answer["seconds"]
    together = [value for values in runs.values() for value in values]
    section = Section(
        "queries",
        "Queries",
        f"Ten queries (`sql/queries.sql`) on the catalogue of the large centre's release, {TIMES} times each in "
        "turn, by one read-only connection that begins cold; DuckDB's own memory limit and threads.",
    )
    section.tables.append(
        Table(
            "Milliseconds by query",
            ["query", "rows", "first", "p50", "p95"],
            [
                [name, f"{done.answer['rows'][name]:,}", *(_ms(v) for v in (values[0], *_spots(values)))]
                for name, values in runs.items()
            ]
            + [["all ten", "", "", *map(_ms, _spots(together))]],
        )
    )
    middle, high = _spots(together)
    section.note("ten typical queries, p50 and p95", f"{_ms(middle)} ms and {_ms(high)} ms")
    return section


def _spots(values: list[float]) -> tuple[float, float]:
    return percentile(values, 0.5), percentile(values, 0.95)


def _ms(value: float) -> str:
    return f"{value * 1000:.0f}" if value >= 0.01 else f"{value * 1000:.1f}"
