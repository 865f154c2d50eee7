"""Every saved metric of a KPI, and every figure of a board's question, beside `kpi_value` of a release.

Here belongs: how the two are put side by side. Not here: which release.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import duckdb

from metabase.alerts import read_rules
from metabase.content import read_content
from metabase.formula import Ref
from metabase.items import Item
from metabase.marts import read_marts, read_value_names
from metabase.registry import Kpi, division, read_kpis, read_measures
from metabase.render import Sources, read_remedies, render
from metabase.timelines import read_events
from orchestration.freshness import WITHIN_H
from seeds import seed_rows
from tests.metabase.mbql_sql import Query

# A fact's column -> the dimension set of its members, and the column of kpi_value that names them.
MEMBERS = {
    "channel_id": ("channel", "channel"),
    "queue_id": ("queue", "queue"),
    "agent_id": ("agent", "agent"),
    "owner_agent_id": ("agent", "agent"),
    "issue_id": ("issue", "issue"),
    "local_hour": ("hour_of_day", "hour_of_day"),
    "scenario": ("scenario", "member"),
    "user_id": ("user", "member"),
    "node_id": ("node", "member"),
    "lead_source": ("lead_source", "member"),
    "product_id": ("product", "member"),
    "complaint_type": ("complaint_type", "member"),
}
GRAINS = ("day", "week", "month")
FAMILIES = ("queue", "agent_complaint")


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


@dataclass(frozen=True)
class Figure:
    """A KPI that a question shows: `by` are its columns but the date, `unit` is that of the date, None without one."""

    card: str
    kpi: Kpi
    query: Item
    date_column: str
    by: tuple[str, ...]
    unit: str | None
    dim_sets: tuple[str, ...]

    @property
    def key(self) -> str:
        """`calls_and_queues__queues M021`."""
        return f"{self.card} {self.kpi.key}"

    @property
    def dim_set(self) -> str | None:
        """The dimension set of kpi_value whose values it shows, None where no set has its members."""
        if not set(self.by) <= set(MEMBERS):
            return None
        found = "+".join(MEMBERS[column][0] for column in self.by) or "all"
        return found if found in self.dim_sets else None


def figures(sources: Sources) -> list[Figure]:
    """Those of all boards."""
    cards = {item.key: item for item in render(sources, "en") if item.kind == "card"}
    found = []
    for board, said in sources.content.dashboards.items():
        for question in said.questions():
            for name in question.metrics:
                key, _, family = name.partition("@")
                kpi_id, _, variant = key.partition(":")
                kpi = next(
                    kpi
                    for kpi in sources.kpis.values()
                    if kpi.kpi_id == kpi_id and (kpi.variant == variant if variant else kpi.is_official)
                )
                measure = division(kpi, sources.measures, family or None).numerator
                dates = [column.partition(":")[2] for column in question.by if ":" in column]
                card = f"{board}__{question.question}"
                by = tuple(column for column in question.by if ":" not in column and "." not in column)
                unit = dates[0] if dates else None
                found.append(Figure(card, kpi, cards[card], measure.date_column, by, unit, measure.dim_sets))
    return found


def of_boards(catalogue: Path, sources: Sources) -> tuple[dict[str, int], list[str]]:
    """By figure whose grouping the registry releases, how many of its values were compared, and those that differ.

    They are compared period by period: of days, or of the shortest grain that is released, where the question itself
    has no date."""
    counts, found = {}, []
    incomparable = without_values(sources)
    with duckdb.connect(str(catalogue), read_only=True) as con:
        for figure in figures(sources):
            if figure.key in incomparable:
                continue
            grain, released = _members(con, figure)
            shown = _by_members(con, figure, grain) if released else {}
            counts[figure.key] = len(released)
            for place, value in released.items():
                if not _is_close(shown.get(place), value):
                    found.append(f"{figure.key} at {place}: {shown.get(place)} on the board, {value} in kpi_value")
    return counts, found


def without_values(sources: Sources) -> set[str]:
    """Figures whose grouping the registry releases at no grain: nothing can be compared with them."""
    grain_sets: dict[str, set[tuple[str, str]]] = {}
    for row in seed_rows("kpi_grain_set"):
        grain_sets.setdefault(row["grain_set"], set()).add((row["grain"], row["dim_set"]))
    of = {(row["kpi_id"], row["variant"]): row["grain_set"] for row in seed_rows("kpi_definition")}
    found = set()
    for figure in figures(sources):
        pairs = grain_sets[of[figure.kpi.kpi_id, figure.kpi.variant]]
        grains = {grain for grain, dim_set in pairs if dim_set == figure.dim_set}
        if not grains & ({figure.unit} if figure.unit else set(GRAINS)):
            found.add(figure.key)
    return found


def decided_later(sources: Sources) -> set[str]:
    """Figures that the first dates of a centre leave undecided: of KPIs that are known some days after, and of weeks
    and months, which have to be over."""
    of = {(row["kpi_id"], row["variant"]): row for row in seed_rows("kpi_definition")}
    by_day = {row["grain_set"] for row in seed_rows("kpi_grain_set") if row["grain"] == "day"}
    found = set()
    for figure in figures(sources):
        row = of[figure.kpi.kpi_id, figure.kpi.variant]
        if int(row["maturity_days"] or 0) or row["grain_set"] not in by_day or figure.unit in ("week", "month"):
            found.add(figure.key)
    return found


def unavailable(catalogue: Path) -> set[str]:
    """KPIs that a centre has no feed for."""
    with duckdb.connect(str(catalogue), read_only=True) as con:
        return {
            row[0] for row in con.execute("select kpi_id from marts.kpi_availability where not is_available").fetchall()
        }


def _members(con: duckdb.DuckDBPyConnection, figure: Figure) -> tuple[str, dict[tuple[str, ...], float]]:
    """The released values by period and members, at the figure's grain."""
    if figure.dim_set is None:
        return "day", {}
    columns = ", ".join(["cast(cast(period_start as date) as varchar)", *(MEMBERS[one][1] for one in figure.by)])
    for grain in (figure.unit,) if figure.unit else GRAINS:
        rows = con.execute(
            f"select {columns}, value from marts.kpi_value where kpi_id = ? and variant = ? and grain = ? "
            "and dim_set = ? and category is null and value is not null and is_mature",
            [figure.kpi.kpi_id, figure.kpi.variant, grain, figure.dim_set],
        ).fetchall()
        if rows:
            return str(grain), {tuple(map(str, row[:-1])): float(row[-1]) for row in rows}
    return "day", {}


def _by_members(con: duckdb.DuckDBPyConnection, figure: Figure, grain: str) -> dict[tuple[str, ...], float]:
    """What the question gives, with one row for each period."""
    stage = figure.query.body["dataset_query"]["stages"][0]
    table = stage["source-table"].key
    name = figure.kpi.key.lower().replace(":", "_")
    (formula,) = [
        clause for clause in stage["aggregation"] if clause[1]["name"] in (name, *(f"{name}_{f}" for f in FAMILIES))
    ]
    breakout = [["field", {"temporal-unit": grain}, Ref("field", f"{table}.{figure.date_column}")]]
    breakout += [["field", {}, Ref("field", f"{table}.{column}")] for column in figure.by]
    plain = {key: stage[key] for key in ("source-table", "filters") if key in stage}
    query = Query({"dataset_query": {"stages": [plain | {"breakout": breakout, "aggregation": [formula]}]}})
    rows = con.execute(query.sql()).fetchall()
    return {(str(row[0])[:10], *(_member(one) for one in row[1:-1])): row[-1] for row in rows}


def released_sources(catalogue: Path) -> Sources:
    """The project's content with the measures and events of a release."""
    content = read_content()
    measures, events = read_measures(catalogue), read_events(catalogue, read_value_names())
    return Sources(content, read_kpis(), measures, read_marts(), read_remedies(), read_rules(), events, WITHIN_H)


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


def _member(told: object) -> str:
    """How `kpi_value` names a member; rows of nobody are those of `unknown`."""
    return "unknown" if told is None else str(told)


def _is_close(shown: float | None, value: float) -> bool:
    return shown is not None and math.isclose(float(shown), value, rel_tol=1e-9, abs_tol=1e-9)
