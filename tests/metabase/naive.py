"""Questions as somebody builds them who knows nothing of the warehouse: a saved metric or a model of callmart, a column
to group by, perhaps a filter.

Here belongs: the questions, and what kpi_value says to each. Not here: which release (tests/end_to_end).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from metabase.formula import Ref
from metabase.items import Item
from metabase.registry import divisions
from metabase.render import Sources, not_metrics, render
from orchestration.catalogue import DIMENSIONS
from tests.metabase.mbql_sql import Query


@dataclass(frozen=True)
class Naive:
    """`card` is what the question is made from, `by` its columns (`local_date:month` with a unit), `only` what each
    column is filtered to. The answer is the rows of kpi_value of `kpi` at `grain` and by `dim_set`, in which `answer`
    are the columns that hold the members of `by`, and `where` what its rows are filtered to."""

    card: str
    by: tuple[str, ...]
    kpi: str
    grain: str
    dim_set: str = "all"
    answer: tuple[str, ...] = ()
    only: Mapping[str, str] | None = None
    where: str = "true"


QUESTIONS = {
    "service level by month": Naive("metric_m021", ("local_date:month",), "M021", "month"),
    "service level of queues by month": Naive(
        "metric_m021_queue", ("local_date:month", "queue_id"), "M021", "month", "queue", ("queue",)
    ),
    "connect rate of queues by month": Naive(
        "metric_m030_queue", ("local_date:month", "queue_id"), "M030", "month", "queue", ("queue",)
    ),
    "talk of queues by month": Naive(
        "metric_m063_queue", ("local_date:month", "queue_id"), "M063", "month", "queue", ("queue",)
    ),
    "abandonment of one queue by day": Naive(
        *("metric_m033_queue", ("local_date:day",), "M033", "day", "queue"),
        only={"queue_id": "billing"},
        where="queue = 'billing'",
    ),
    "speed of answer of one channel by day": Naive(
        *("metric_m024", ("local_date:day",), "M024", "day", "channel"),
        only={"channel_id": "voice_400"},
        where="channel = 'voice_400'",
    ),
    "conversations of agents by month": Naive(
        "metric_m067", ("local_date:month", "agent_id"), "M067", "month", "agent", ("agent",)
    ),
    "utilisation of agents by month": Naive(
        "metric_m066", ("local_date:month", "agent_id"), "M066", "month", "agent", ("agent",)
    ),
    "complaints by type and month": Naive(
        "metric_m123", ("local_date:month", "complaint_type"), "M123", "month", "complaint_type", ("member",)
    ),
    "rows of the model of contacts, inbound calls by month": Naive(
        *("model_contacts", ("local_date:month",), "M002", "month"),
        only={"direction": "inbound", "medium": "voice"},
    ),
}


# A family that knows its members alone -> the column of its fact that names them, and their dimension.
MEMBERS = {
    "queue": ("queue_id", "queue"),
    "evaluation_section": ("section", "section"),
    "sound_agent": ("agent_id", "agent"),
    "sound_line": ("line_id", "line"),
    "ticket_field": ("field_name", "field"),
}


def by_members(sources: Sources) -> dict[str, Naive]:
    """By its key (`M021@queue`) each metric beside that of the whole centre, by day and its members, and by hour where
    it is released by it."""
    found, skipped = {}, not_metrics(sources)
    for kpi in sources.kpis.values():
        if not kpi.is_official or kpi.kpi_id in skipped:
            continue
        for one in divisions(kpi, sources.measures)[1:]:
            column, dimension = MEMBERS[str(one.family)]
            is_hourly = f"{dimension}+hour_of_day" in kpi.dim_sets
            by = (f"{one.numerator.date_column}:day", column, *(["local_hour"] if is_hourly else []))
            dimensions = (dimension, *(["hour_of_day"] if is_hourly else []))
            answer = tuple(name if name in DIMENSIONS else "member" for name in dimensions)
            card = f"metric_{kpi.kpi_id.lower()}_{one.family}"
            found[one.key] = Naive(card, by, kpi.key, "day", "+".join(dimensions), answer)
    return found


def answers(
    catalogue: Path, sources: Sources, questions: Mapping[str, Naive] = QUESTIONS
) -> dict[str, tuple[dict[Any, float], dict[Any, float]]]:
    """By question what it gives and what kpi_value says, both by period and members."""
    cards = {item.key: item for item in render(sources, "en") if item.kind == "card"}
    with duckdb.connect(str(catalogue), read_only=True) as con:
        return {name: (_asked(con, said, cards), _released(con, said, sources)) for name, said in questions.items()}


def differences(given: Mapping[Any, float], released: Mapping[Any, float]) -> list[Any]:
    """The places at which the two say something else; a place that one of them lacks is one."""
    places = given.keys() | released.keys()
    return [
        place
        for place in places
        if place not in given or place not in released or not math.isclose(given[place], released[place], rel_tol=1e-9)
    ]


def _asked(con: duckdb.DuckDBPyConnection, said: Naive, cards: Mapping[str, Item]) -> dict[Any, float]:
    (stage,) = cards[said.card].body["dataset_query"]["stages"]
    table = stage["source-table"].key

    def field(column: str) -> list[Any]:
        name, _, unit = column.partition(":")
        return ["field", {"temporal-unit": unit} if unit else {}, Ref("field", f"{table}.{name}")]

    chosen = [["=", {}, field(column), value] for column, value in (said.only or {}).items()]
    asked = {
        "source-table": stage["source-table"],
        "filters": [*stage.get("filters", []), *chosen],
        "breakout": [field(column) for column in said.by],
        "aggregation": stage.get("aggregation") or [["count", {"name": "count"}]],
    }
    rows = con.execute(Query({"dataset_query": {"stages": [asked]}}).sql()).fetchall()
    return {_place(row[:-1]): float(row[-1]) for row in rows if row[-1] is not None}


def _released(con: duckdb.DuckDBPyConnection, said: Naive, sources: Sources) -> dict[Any, float]:
    rows = con.execute(
        f"select {', '.join(['period_start', *said.answer])}, value from marts.kpi_value where kpi_id = ? "
        f"and variant = ? and grain = ? and dim_set = ? and category is null and value is not null and {said.where}",
        [said.kpi, sources.kpis[said.kpi].variant, said.grain, said.dim_set],
    ).fetchall()
    return {_place(row[:-1]): float(row[-1]) for row in rows}


def _place(row: tuple[Any, ...]) -> tuple[str, ...]:
    return (str(row[0])[:10], *map(str, row[1:]))
