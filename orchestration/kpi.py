"""`callmart kpi`: values of the current release as a table, JSON or CSV.

Belongs here: choosing rows of `kpi_value` and writing them out. Does not belong here: any calculation of a KPI, the
board, the comparison of variants (explain.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.catalogue import (
    DIMENSIONS,
    Definition,
    check_dimensions,
    check_grain,
    definitions,
    find,
    open_catalogue,
    rows_of,
)
from orchestration.display import NO_VALUE, class_order, class_text, format_bound, format_value
from orchestration.errors import InputError
from orchestration.progress import warn

FORMATS = ("table", "json", "csv")
# Fixed, so that a script can rely on it: the columns of JSON and CSV.
FIELDS = (
    "kpi_id",
    "variant",
    "name_zh",
    "name_en",
    "unit",
    "is_official",
    "grain",
    "period_start",
    "dim_set",
    *DIMENSIONS,
    "member",
    "category",
    "numerator",
    "denominator",
    "value",
    "n",
    "target_profile",
    "target",
    "status",
    "is_mature",
    "as_of",
)
STATUS_TEXT = {"met": "✓ met", "near": "~ near", "missed": "✗ missed"}


@dataclass(frozen=True)
class KpiRows:
    """Rows of kpi_value with the names and units of the registry, and what a reader should know besides."""

    rows: list[dict[str, Any]]
    dimensions: tuple[str, ...]
    notes: list[str]


def kpi_values(
    root: Path,
    ids: Sequence[str] = (),
    by: str = "all",
    grain: str = "day",
    fmt: str = "table",
    since: date | None = None,
    until: date | None = None,
    *,
    scope: str = "default",
    width: int = 120,
) -> str:
    """The text that `callmart kpi` prints. Notes on KPIs without values go to stderr, except in a table."""
    if fmt not in FORMATS:
        raise InputError(f"format {fmt!r} is unknown.", todo=f"use one of {', '.join(FORMATS)}.")
    found = read_kpi_values(root, ids, by, grain, since, until, scope=scope)
    if fmt == "table":
        return _as_table(found, width)
    for note in found.notes:
        warn(note)
    return _as_json(found.rows) if fmt == "json" else _as_csv(found.rows)


def read_kpi_values(
    root: Path,
    ids: Sequence[str] = (),
    by: str = "all",
    grain: str = "day",
    since: date | None = None,
    until: date | None = None,
    *,
    scope: str = "default",
) -> KpiRows:
    """Rows of the asked KPIs: all variants of ids that are named (`M021`, `M021:icmi`), else the official ones of all.

    Without `since` and `until` (local dates, both included, compared with the start of the period) it is the last
    period of each KPI. InputError for an id, dimension or grain that isn't there, with what is.
    """
    grain = check_grain(grain)
    with open_catalogue(root, scope) as con:
        dim_set = check_dimensions(con, by)
        registry = definitions(con)
        wanted = [find(registry, text) for text in ids]
        rows = _select(con, registry, wanted, dim_set, grain, since, until)
        found = {row["kpi_id"] for row in rows}
        silent = sorted({kpi_id for kpi_id, _ in wanted} - found)
        notes = [_why_none(con, kpi_id, dim_set, grain, since, until) for kpi_id in silent]
    if not rows:
        if len(notes) == 1:
            raise InputError(notes[0])
        todo = " ".join(notes) or "name a KPI to see the grains and dimensions that it has."
        raise InputError(f"no values {_place(dim_set, grain)}.", todo=todo)
    dimensions = tuple(dim_set.split("+")) if dim_set != "all" else ()
    return KpiRows(rows, dimensions, notes)


def _select(
    con: duckdb.DuckDBPyConnection,
    registry: dict[str, list[Definition]],
    wanted: Sequence[tuple[str, str | None]],
    dim_set: str,
    grain: str,
    since: date | None,
    until: date | None,
) -> list[dict[str, Any]]:
    conditions, parameters = ["grain = ?", "dim_set = ?"], [grain, dim_set]
    rest: list[object] = []
    if wanted:
        named = [f"{kpi_id}:{variant or ''}" for kpi_id, variant in wanted]
        conditions.append("(kpi_id || ':' in (select unnest(?)) or kpi_id || ':' || variant in (select unnest(?)))")
        rest += [named, named]
    else:
        conditions.append("is_official")
    if since:
        conditions.append("period_start >= cast(? as date)")
        rest.append(since)
    if until:
        conditions.append("period_start < cast(? as date)")
        rest.append(until + timedelta(days=1))
    last = "" if since or until else "qualify period_start = max(period_start) over (partition by kpi_id)"
    rows = rows_of(
        con,
        f"""
        select * from kpi_value where {" and ".join(conditions)} {last}
        order by kpi_id, period_start, is_official desc, variant, {", ".join(DIMENSIONS)}, member, category
        """,
        [*parameters, *rest],
    )
    names = {(d.kpi_id, d.variant): d for variants in registry.values() for d in variants}
    result = []
    for row in rows:
        definition = names.get((row["kpi_id"], row["variant"])) or registry[row["kpi_id"]][0]
        more = {"name_zh": definition.name_zh, "name_en": definition.name_en, "unit": definition.unit}
        result.append({key: (row | more)[key] for key in FIELDS})
    # Ranges by their bounds, which no ORDER BY on their names gives; the sort keeps all other order.
    dimensions = dim_set.split("+") if dim_set != "all" else []
    group = {_group(row, dimensions): number for number, row in reversed(list(enumerate(result)))}
    return sorted(result, key=lambda row: (group[_group(row, dimensions)], class_order(row["category"] or "")))


def _group(row: dict[str, Any], dimensions: Sequence[str]) -> tuple[Any, ...]:
    return (row["kpi_id"], row["variant"], row["period_start"], *_members(row, dimensions))


def _members(row: dict[str, Any], dimensions: Sequence[str]) -> list[Any]:
    return [row[dimension if dimension in DIMENSIONS else "member"] for dimension in dimensions]


def _why_none(
    con: duckdb.DuckDBPyConnection, kpi_id: str, dim_set: str, grain: str, since: date | None, until: date | None
) -> str:
    """Why a KPI of the registry has no rows: its feeds are missing, another grain or dimension, or another time."""
    pairs = rows_of(
        con,
        "select grain, dim_set, min(period_start) as first, max(period_start) as last from kpi_value where kpi_id = ? "
        "group by all order by dim_set, grain",
        [kpi_id],
    )
    if not pairs:
        lacking = rows_of(
            con,
            "select distinct coalesce(nullif(missing_feeds, ''), nullif(missing_capabilities, '')) as needs "
            "from kpi_availability where kpi_id = ? and not is_available",
            [kpi_id],
        )
        needs = ", ".join(sorted({row["needs"] for row in lacking if row["needs"]}))
        return f"{kpi_id} has no values: it needs {needs}." if needs else f"{kpi_id} has no values in this release."
    here = [pair for pair in pairs if (pair["grain"], pair["dim_set"]) == (grain, dim_set)]
    if here:
        asked = f"{since or 'the beginning'} to {until or 'the end'}"
        return f"{kpi_id} has no values from {asked}: it has them from {here[0]['first']:%F} to {here[0]['last']:%F}."
    grains: dict[str, list[str]] = {}
    for pair in pairs:
        grains.setdefault(pair["dim_set"], []).append(pair["grain"])
    known = "; ".join(f"by {name}: {', '.join(found)}" for name, found in grains.items())
    return f"{kpi_id} has no values {_place(dim_set, grain)}. It has {known}."


def _place(dim_set: str, grain: str) -> str:
    return f"by {dim_set} at grain {grain}"


def _as_json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _as_csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _plain(value) if value is not None else "" for key, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep="T", timespec="seconds")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):  # CSV alone: JSON knows it
        return "true" if value else "false"
    return value if isinstance(value, (int, float, str)) else str(value)


def _as_table(found: KpiRows, width: int) -> str:
    has_category = any(row["category"] is not None for row in found.rows)
    has_target = any(row["target"] is not None for row in found.rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("KPI", no_wrap=True)
    table.add_column("Name\n名称", overflow="fold")
    table.add_column("Variant\n口径", overflow="fold", min_width=16)
    table.add_column("Period\n时段", no_wrap=True)
    for dimension in found.dimensions:
        table.add_column(dimension, overflow="fold")
    if has_category:
        table.add_column("Class\n类别", overflow="fold")
    table.add_column("Value\n数值", justify="right", no_wrap=True)
    if has_target:
        table.add_column("Target\n目标", justify="right", no_wrap=True)
        table.add_column("Status\n状态", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    before = None
    for row in found.rows:
        is_new = row["kpi_id"] != before
        before = row["kpi_id"]
        cells = [
            row["kpi_id"] if is_new else "",
            f"{row['name_zh']} {row['name_en']}" if is_new else "",
            f"{row['variant']}{' ★' if row['is_official'] else ''}",
            period_text(row["period_start"], row["grain"]),
            *(NO_VALUE if member is None else str(member) for member in _members(row, found.dimensions)),
        ]
        if has_category:
            cells.append(class_text(row["category"] or ""))
        cells.append(format_value(row["value"], row["unit"]) + ("" if row["is_mature"] else " …"))
        if has_target:
            target = "" if row["target"] is None else format_bound(row["target"], row["unit"])
            cells += [target, STATUS_TEXT.get(row["status"] or "", "")]
        cells.append("" if row["n"] is None else f"{row['n']:,}")
        table.add_row(*cells)
    text = io.StringIO()
    console = Console(file=text, width=width, highlight=False)
    console.print(table)
    legend = ["★ official variant 官方口径"]
    if not all(row["is_mature"] for row in found.rows):
        legend.append("… not final yet 尚未定型")
    legend.append(f"data to 数据截至 {max(row['as_of'] for row in found.rows):%F %R}")
    console.print("  ".join(legend), style="dim")
    for note in found.notes:
        console.print(note, style="yellow")
    return text.getvalue()


def period_text(start: datetime, grain: str) -> str:
    """A period as people write it: `2026-03-31`, `2026-03-31 10:00`, `2026-W14`, `2026-03`, `2026-Q1`, `2026`."""
    if grain == "hour":
        return f"{start:%Y-%m-%d %H:%M}"
    if grain == "week":
        return f"{start:%G-W%V}"
    if grain == "month":
        return f"{start:%Y-%m}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    if grain == "year":
        return f"{start.year}"
    if grain == "rolling_12_months":
        return f"{start:%Y-%m} – {start + timedelta(days=350):%Y-%m}"
    return f"{start:%Y-%m-%d}"
