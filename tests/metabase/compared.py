"""Every saved metric of a KPI beside `kpi_value` of a release.

Here belongs: how the two are put side by side. Not here: which release.
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from metabase.items import Item
from metabase.registry import read_kpis, read_measures
from metabase.render import Sources, render
from tests.metabase.mbql_sql import Query


def differences(catalogue: Path, sources: Sources) -> tuple[int, list[str]]:
    """How many values of days (of months, where a KPI has no days) were compared, and those that differ.

    A metric without a row in kpi_value, or with one that is empty, has nothing to be compared with.
    """
    cards = {item.key: item for item in render(sources, "en") if item.kind == "card"}
    compared, found = 0, []
    with duckdb.connect(str(catalogue), read_only=True) as con:
        for key, item in cards.items():
            if item.body["type"] != "metric" or len(key) != len("metric_m021"):
                continue
            kpi = read_kpis()[key.removeprefix("metric_").upper()]
            grain, released = _released(con, kpi.kpi_id, kpi.variant)
            shown = _shown(con, item, grain)
            for start, value in released.items():
                compared += 1
                if not _is_close(shown.get(start), value):
                    found.append(f"{kpi.kpi_id} on {start}: {shown.get(start)} in Metabase, {value} in kpi_value")
    return compared, found


def sources_of(catalogue: Path, project: Sources) -> Sources:
    """The project's content with the measures of a release."""
    return Sources(project.content, project.kpis, read_measures(catalogue), project.marts, project.remedies)


def _released(con: duckdb.DuckDBPyConnection, kpi_id: str, variant: str) -> tuple[str, dict[str, float]]:
    for grain in ("day", "month"):
        rows = con.execute(
            "select cast(period_start as date), value from marts.kpi_value where kpi_id = ? and variant = ? and "
            "grain = ? and dim_set = 'all' and value is not null and is_mature",
            [kpi_id, variant, grain],
        ).fetchall()
        if rows:
            return grain, {str(day): float(value) for day, value in rows}
    return "day", {}


def _shown(con: duckdb.DuckDBPyConnection, item: Item, grain: str) -> dict[str, float]:
    stage = item.body["dataset_query"]["stages"][0]
    stage = stage | {"breakout": [["field", {"temporal-unit": grain}, stage["breakout"][0][2]]]}
    query = Query({"dataset_query": {"stages": [stage]}})
    return {str(day)[:10]: value for day, value in con.execute(query.sql()).fetchall()}


def _is_close(shown: float | None, value: float) -> bool:
    return shown is not None and math.isclose(float(shown), value, rel_tol=1e-9, abs_tol=1e-9)
