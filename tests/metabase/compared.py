"""Every saved metric of a KPI beside `kpi_value` of a release.

Here belongs: how the two are put side by side. Not here: which release.
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from metabase.alerts import read_rules
from metabase.content import read_content
from metabase.items import Item
from metabase.marts import read_marts, read_value_names
from metabase.registry import read_kpis, read_measures
from metabase.render import Sources, read_remedies, render
from metabase.timelines import read_events
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
            kpi = sources.kpis[key.removeprefix("metric_").upper()]
            grain, released = _released(con, kpi.kpi_id, kpi.variant)
            shown = _shown(con, item, grain)
            for start, value in released.items():
                compared += 1
                if not _is_close(shown.get(start), value):
                    found.append(f"{kpi.kpi_id} on {start}: {shown.get(start)} in Metabase, {value} in kpi_value")
    return compared, found


def released_sources(catalogue: Path) -> Sources:
    """The project's content with the measures and events of a release."""
    content = read_content()
    measures, events = read_measures(catalogue), read_events(catalogue, read_value_names())
    return Sources(content, read_kpis(), measures, read_marts(), read_remedies(), read_rules(), events)


def clicks_on_contacts(catalogue: Path, sources: Sources) -> dict[str, tuple[int, int]]:
    """By question that leads to single contacts: how many different ones its rows name, and how many of these the board
    of contacts finds by the end of their id, as its filter does."""
    cards = {item.key: item for item in render(sources, "en") if item.kind == "card"}
    found = {}
    with duckdb.connect(str(catalogue), read_only=True) as con:
        for key, board in sources.content.dashboards.items():
            for question in board.questions():
                if question.click and question.click.dashboard == "contacts" and "contact" in question.click.passes:
                    named = f"{key}__{question.question}"
                    asked = Query(cards[named].body).sql()
                    found[named] = _found_contacts(con, asked, question.click.passes["contact"])
    return found


def _found_contacts(con: duckdb.DuckDBPyConnection, asked: str, column: str) -> tuple[int, int]:
    (row,) = con.execute(
        f"""
        with named as (select distinct {column} as id from ({asked}) where {column} is not null)
        select count(*), count(*) filter (
            exists (select 1 from marts.fct_contact where ends_with(fct_contact.contact_id, named.id))
        ) from named
        """
    ).fetchall()
    return int(row[0]), int(row[1])


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
