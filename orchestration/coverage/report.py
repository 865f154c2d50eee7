"""`callmart coverage`: the record as a table, JSON or CSV, with what this centre's own feeds can give.

Belongs here: choosing rows and writing them out. Does not belong here: how a status comes about (`status`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.catalogue import open_catalogue, rows_of
from orchestration.coverage.record import COLUMNS, KINDS, STATUS_ZH, STATUSES, Covered, counts, recorded
from orchestration.errors import InputError
from orchestration.paths import published_dir

# Fixed, so that a script can rely on it: the columns of JSON and CSV. `here`: yes, no, or empty where nothing is known.
FIELDS = (*COLUMNS, "here", "here_needs")
_STYLES = {"done": "green", "measured only": "yellow", "not yet": "red", "outside": "dim"}
WIDTH = 120
Here = Mapping[str, tuple[bool, str]]
"""KPI id -> whether the centre's feeds give its official variant, and the feeds that are missing or behind."""


def coverage_report(root: Path, ids: Sequence[str] = (), status: str | None = None, fmt: str = "table") -> str:
    """The text that `callmart coverage` prints; `ids` are ids or how they begin. InputError when none fits, or for a
    status that is none."""
    chosen = _chosen(recorded(), ids, status)
    here = available(root)
    if fmt == "json":
        return json.dumps([_fields(row, here) for row in chosen], ensure_ascii=False, indent=2) + "\n"
    if fmt == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_fields(row, here) for row in chosen)
        return text.getvalue()
    return _as_table(chosen, here)


def available(root: Path) -> Here | None:
    """What the current release says of the centre's feeds, by KPI id; None without a release."""
    if not (published_dir(root.absolute()) / "callmart.duckdb").exists():
        return None
    with open_catalogue(root) as con:
        rows = rows_of(
            con,
            "select kpi_id, is_available, coalesce(nullif(missing_feeds, ''), missing_capabilities, '') as missing, "
            "coalesce(stale_feeds, '') as stale from kpi_availability "
            "inner join kpi_definition using (kpi_id, variant) where is_default_official",
        )
    return {row["kpi_id"]: (row["is_available"], row["stale" if row["is_available"] else "missing"]) for row in rows}


def _chosen(found: Mapping[str, Covered], ids: Sequence[str], status: str | None) -> list[Covered]:
    begins = tuple(text.strip().upper() for text in ids)
    for text in begins:
        if not text or not any(id.startswith(text) for id in found):
            raise InputError(
                f"no id of the requirement list begins with {text!r}.",
                todo="write an id (M021) or how it begins (M02, D, R); without one all are printed.",
            )
    wanted = None if status is None else status.strip().lower().replace("_", " ").replace("-", " ")
    if wanted is not None and wanted not in STATUSES and wanted not in STATUS_ZH.values():
        raise InputError(f"status {status!r} is unknown.", todo=f"use one of {', '.join(STATUSES)}.")
    return [
        row
        for row in found.values()
        if (not begins or row.id.startswith(begins)) and wanted in (None, row.status, STATUS_ZH[row.status])
    ]


def _fields(row: Covered, here: Here | None) -> dict[str, str]:
    is_here, needs = _here(row, here)
    return asdict(row) | {"here": "" if is_here is None else "yes" if is_here else "no", "here_needs": needs}


def _here(row: Covered, here: Here | None) -> tuple[bool | None, str]:
    return (None, "") if here is None or row.id not in here else here[row.id]


def _as_table(chosen: Sequence[Covered], here: Here | None) -> str:
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, highlight=False)
    console.print(_summary(chosen))
    for kind, (zh, en) in KINDS.items():
        rows = [row for row in chosen if row.kind == kind]
        if rows:
            console.print(f"[bold]{kind}  {zh} {en}[/bold]")
            console.print(_rows(rows, here))
    if here is None:
        console.print(
            "no release yet: what this centre's feeds can give is not known. 尚无发布，无法判断本中心可计算的指标。"
        )
    console.print("docs/coverage.md says how a status comes about. 状态规则见 docs/coverage.md。", style="dim")
    return text.getvalue()


def _summary(chosen: Sequence[Covered]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for status in STATUSES:
        table.add_column(f"{status}\n{STATUS_ZH[status]}", justify="right")
    table.add_column("all\n合计", justify="right")
    for kind, by_status in counts(chosen).items():
        cells = [str(by_status[status]) for status in STATUSES]
        table.add_row(f"{kind} {' '.join(KINDS[kind])}", *cells, str(by_status.total()))
    return table


def _rows(rows: Sequence[Covered], here: Here | None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("id", no_wrap=True)
    table.add_column("Name\n名称", overflow="fold", ratio=3)
    table.add_column("Status\n状态", no_wrap=True)
    table.add_column("Why\n说明", overflow="fold", ratio=4)
    has_here = any(_here(row, here)[0] is not None for row in rows)
    if has_here:
        table.add_column("This centre\n本中心", overflow="fold", ratio=2)
    for row in rows:
        is_here, needs = _here(row, here)
        state = f"[{_STYLES[row.status]}]{row.status}[/]\n{STATUS_ZH[row.status]}"
        cells = [row.id, f"{row.name_en}\n{row.name_zh}", state, f"{row.why_en}\n{row.why_zh}".strip() or row.shown]
        if has_here:
            mark = "" if is_here is None else "✓" if is_here else "✗"
            cells.append(f"{mark} {f'behind 延迟: {needs}' if is_here and needs else needs}".strip())
        table.add_row(*cells)
    return table
