"""`callmart actions`: what is due, overdue and to be reviewed in the current release, as a table, JSON or CSV.

Belongs here: choosing and writing out rows of `rpt_action_review`. Does not belong here: the review itself (the
warehouse), the board's section (board/actions.py), the register's template (action_register.py).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.catalogue import open_catalogue, rows_of
from orchestration.display import NO_VALUE, Lang, format_value
from orchestration.errors import InputError

MART = "rpt_action_review"
# What asks for somebody first; within a state the action that gives most for least.
STATES = {
    "overdue": {"zh": "逾期", "en": "overdue"},
    "to_review": {"zh": "待复盘", "en": "to review"},
    "open": {"zh": "进行中", "en": "open"},
    "measuring": {"zh": "观察期", "en": "measuring"},
    "missed": {"zh": "未达标", "en": "missed"},
    "reached": {"zh": "达标", "en": "reached"},
}
PENDING = ("overdue", "to_review", "open", "measuring")
_HEADS = {
    "zh": ("编号", "进展", "责任", "截止", "逾期", "得分", "问题 → 措施", "指标", "前", "后", "目标"),
    "en": ("Id", "State", "Owner", "Due", "Late", "Score", "Problem → measure", "KPI", "Before", "After", "Target"),
}
_DAYS = {"zh": "天", "en": " d"}


@dataclass(frozen=True)
class ActionRow:
    """One action of `rpt_action_review`, as its columns are named, and texts of it for people."""

    said: dict[str, Any]

    @property
    def state(self) -> str:
        return str(self.said["review_state"])

    def text(self, column: str) -> str:
        """A text of the register; a dash where it says nothing."""
        return str(self.said[column] or NO_VALUE)

    def owner(self) -> str:
        return " ".join(filter(None, (self.said["department_id"], self.said["owner_agent_id"]))) or NO_VALUE

    def due(self) -> str:
        due = self.said["local_due_at"]
        return NO_VALUE if due is None else f"{due:%Y-%m-%d}"

    def late(self, lang: Lang) -> str:
        days = self.said["overdue_days"]
        return f"{days}{_DAYS[lang]}" if days else ""

    def score(self) -> str:
        score = self.said["ease_score"]
        return NO_VALUE if score is None else str(score)

    def value(self, side: str, lang: Lang) -> str:
        """The KPI `before` or `after`: as measured, else as the register states it, in brackets."""
        measured, stated = self.said[f"{side}_value"], self.said[f"stated_{side}"]
        if measured is None and stated is not None:
            return f"({self.in_unit(stated, lang)})"
        return self.in_unit(measured, lang)

    def target(self, lang: Lang) -> str:
        sign = {"up": "≥ ", "down": "≤ "}.get(self.said["target_direction"] or "", "")
        value = self.said["target_value"]
        return NO_VALUE if value is None else f"{sign}{self.in_unit(value, lang)}"

    def in_unit(self, value: float | None, lang: Lang) -> str:
        """A value in the unit of the action's KPI."""
        return format_value(value, self.said["metric_unit"] or "points", lang)

    def next_measure(self, lang: Lang) -> str | None:
        """The remedy that follows a missed target."""
        found: str | None = self.said[f"next_measure_{lang}"]
        return found


def read_actions(con: duckdb.DuckDBPyConnection, states: tuple[str, ...] | None = None) -> list[ActionRow]:
    """Actions of the release in these states (None: in any), those that wait for somebody first; none of a release that
    has no register."""
    known = con.execute("select 1 from duckdb_views() where view_name = ? and schema_name = 'marts'", [MART]).fetchone()
    if known is None:
        return []
    order = list(STATES)
    rows = rows_of(
        con,
        f"""
        select * from {MART} where review_state in (select unnest(?))
        order by list_position(?, review_state), overdue_days desc, ease_score desc nulls last, local_due_at, action_id
        """,
        [list(states or order), order],
    )
    return [ActionRow(row) for row in rows]


def list_actions(
    root: Path, state: str | None, fmt: str, lang: Lang, *, scope: str = "default", width: int = 120
) -> str:
    """The text that `callmart actions` prints: actions in a state, or all that wait for somebody; `all` is all.

    Raises InputError for an unknown state and when nothing was released yet.
    """
    if state not in (None, "all", *STATES):
        raise InputError(f"no action is {state!r}.", rule="state", todo=f"use one of {', '.join(STATES)}, all.")
    wanted = PENDING if state is None else tuple(STATES) if state == "all" else (str(state),)
    with open_catalogue(root, scope) as con:
        found = read_actions(con, wanted)
    if fmt == "json":
        return json.dumps([row.said for row in found], ensure_ascii=False, indent=2, default=_iso)
    if fmt == "csv":
        return _as_csv(found)
    return _as_table(found, lang, width)


def _iso(value: object) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


def _as_csv(found: list[ActionRow]) -> str:
    if not found:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, found[0].said, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.said.items()} for row in found)
    return out.getvalue().rstrip("\n")


def _cell(value: object) -> object:
    return _iso(value) if isinstance(value, date) else value


def _as_table(found: list[ActionRow], lang: Lang, width: int) -> str:
    if not found:
        return {"zh": "没有此类措施。", "en": "No such action."}[lang]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, head in enumerate(_HEADS[lang]):
        is_figure = number in (4, 5, 8, 9, 10)
        table.add_column(head, justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold")
    for row in found:
        what = f"{row.text('problem')} → {row.text('measure')}"
        if (remedy := row.next_measure(lang)) is not None:
            what += f"\n{'下一步：' if lang == 'zh' else 'next: '}{remedy}"
        table.add_row(
            row.text("action_id"), STATES[row.state][lang], row.owner(), row.due(), row.late(lang), row.score(), what,
            row.text("metric_id"), row.value("before", lang), row.value("after", lang), row.target(lang),
        )  # fmt: skip
    text = io.StringIO()
    Console(file=text, width=width, highlight=False, markup=False).print(table)
    as_of = found[0].said["as_of"]
    legend = {
        "zh": f"截至 {as_of:%Y-%m-%d %H:%M} · 前后为数仓实测，括号内为台账所写",
        "en": f"as of {as_of:%Y-%m-%d %H:%M} · before and after as the warehouse measured, in brackets as stated",
    }
    return "\n".join([*(line.rstrip() for line in text.getvalue().splitlines()), legend[lang]])
