"""The boards of the requirement list, read from their marts: a row for each KPI, whether or not it has a value.

Belongs here: the marts `rpt_four_dimensions`, `rpt_core_targets`, `rpt_kpi_trend` and `rpt_weakest_segment` as objects
that a renderer needs. Does not belong here: which KPI stands on a board (seeds/report_kpi.csv), any number of its own
but the interval of a share, words and markup (terminal_reports.py, html.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from orchestration.alarms import Remedy, remedies
from orchestration.board.names import Names, member_names, name_of, published
from orchestration.board.verdict import Change, Lang, Status, Text, change_of, shown_value, status_of
from orchestration.catalogue import rows_of
from orchestration.display import format_target, format_value
from orchestration.errors import InputError
from orchestration.interval import Interval, interval_of

MARTS = {"R13": "rpt_four_dimensions", "R15": "rpt_core_targets"}
ARROW = " → "  # as `member_path` of the marts joins members
_SUPPORT = ("rpt_kpi_trend", "rpt_weakest_segment")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Segment:
    """Members of a dimension set that hold more of a shortfall than of the volume. `shortfall_share` may exceed 1 where
    others make up for them; `value_of_first` is that of the first member alone, None for a single one."""

    path: tuple[Text, ...]
    value: float
    n: int
    value_of_first: float | None
    volume_share: float
    shortfall_share: float


@dataclass(frozen=True)
class Line:
    """A KPI on a board, in the last period that is decided. `reason` is empty where there is a verdict, else one of
    few_records, no_target, no_data, not_decided, not_available, not_defined."""

    kpi_id: str
    name: Text
    variant: str | None
    variant_name: Text
    unit: str
    direction: str
    kind: str
    grain: str
    period_start: datetime | None
    maturity_days: int
    value: float | None
    n: int | None
    status: Status
    reason: str
    target: Text
    bounds: tuple[float, ...]
    change_before: Change | None
    change_week: Change | None
    is_mature: bool
    is_small: bool
    is_behind: bool
    interval: Interval | None
    missing_feeds: str | None
    stale_feeds: str | None
    quarantined_rate: float | None
    data_until: date | None
    data_age_s: float | None
    trend: list[tuple[datetime, float | None]]
    segments: list[Segment]
    remedy: Remedy | None

    def shown(self, lang: Lang) -> str:
        """The value as text."""
        return shown_value(self.value, self.unit, self.status, self.bounds, lang)

    def shown_interval(self, lang: Lang) -> str:
        """`20.8%–93.9%`; empty without an interval."""
        return "–".join(format_value(end, self.unit, lang) for end in self.interval or ())

    @property
    def shows_n(self) -> bool:
        """False for a count, which is its own number of records."""
        return self.n is not None and self.kind not in ("count", "peak", "trough")


@dataclass(frozen=True)
class Part:
    """A section of a board: one of the four dimensions, or a theme."""

    key: str
    name: Text
    lines: list[Line]


@dataclass(frozen=True)
class Report:
    """A board of the requirement list."""

    report_id: str
    name: Text
    parts: list[Part]

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts for line in part.lines]

    def count(self, status: Status) -> int:
        return sum(line.status == status for line in self.lines)


def check_report(text: str) -> str:
    """The id of a board as its mart has it, or `all`; InputError for another."""
    found = text.strip()
    if found.lower() == "all":
        return "all"
    if found.upper() not in MARTS:
        raise InputError(f"board {text!r} is unknown.", todo=f"use one of {', '.join(MARTS)}, all.")
    return found.upper()


def read_reports(con: duckdb.DuckDBPyConnection) -> list[Report]:
    """All boards of a release; none of one that was made before its models knew boards."""
    views = published(con)
    if not {*MARTS.values(), *_SUPPORT} <= views:
        return []
    names = member_names(con)
    trends = _by_kpi(rows_of(con, "select kpi_id, grain, period_start, value from rpt_kpi_trend order by all"))
    segments = _by_kpi(rows_of(con, "select * from rpt_weakest_segment order by kpi_id, grain, segment_rank"))
    measures: dict[str, Remedy] = {}
    for rule in remedies(con):
        measures.setdefault(rule.kpi_id, rule)
    reports = []
    for report_id, mart in MARTS.items():
        rows = rows_of(con, f"select * from {mart} order by position")
        parts: dict[str, Part] = {}
        for row in rows:
            part = parts.setdefault(row["section"], Part(row["section"], _text(row, "section"), []))
            key = (row["kpi_id"], row["grain"] or "")
            part.lines.append(_line(row, trends[key], segments[key], names, measures))
        if rows:
            reports.append(Report(report_id, _text(rows[0], "report_name"), list(parts.values())))
    return reports


def _by_kpi(rows: Sequence[dict[str, Any]]) -> defaultdict[tuple[str, str], list[dict[str, Any]]]:
    found: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["kpi_id"], row["grain"]].append(row)
    return found


def _line(
    row: dict[str, Any],
    trend: list[dict[str, Any]],
    segments: list[dict[str, Any]],
    names: Names,
    measures: dict[str, Remedy],
) -> Line:
    unit, direction = row["unit"] or "count", row["direction"] or "none"
    lower, upper, target = row["lower"], row["upper"], row["target"]
    bounds = (lower, upper) if lower is not None and upper is not None else (target,)
    known = tuple(float(bound) for bound in bounds if bound is not None)
    status = status_of(row["status"], row["value"], known)
    is_missed = row["status"] == "missed"
    return Line(
        kpi_id=row["kpi_id"],
        name=_text(row, "name"),
        variant=row["variant"],
        variant_name={lang: row[f"variant_name_{lang}"] or "" for lang in ("zh", "en")},
        unit=unit,
        direction=direction,
        kind=row["kind"] or "",
        grain=row["grain"] or "day",
        period_start=row["period_start"],
        maturity_days=row["maturity_days"] or 0,
        value=row["value"],
        n=row["n"],
        status=status,
        reason="" if row["status"] in ("met", "missed") else row["status"],
        target={
            "zh": format_target(unit, row["operator"], target, lower, upper, "zh"),
            "en": format_target(unit, row["operator"], target, lower, upper, "en"),
        },
        bounds=known,
        change_before=change_of(unit, direction, row["value"], row["value_before"]),
        change_week=change_of(unit, direction, row["value"], row["value_week_before"]),
        is_mature=row["is_mature"],
        is_small=row["is_small_sample"],
        is_behind=row["is_behind"],
        interval=interval_of(unit, row["numerator"], row["denominator"], row["n"]),
        missing_feeds=row["missing_feeds"],
        stale_feeds=row["stale_feeds"],
        quarantined_rate=row["quarantined_rate"],
        data_until=row["data_until"],
        data_age_s=row["data_age_s"],
        trend=_filled([(found["period_start"], found["value"]) for found in trend], row["grain"]),
        segments=[_segment(found, names) for found in segments] if is_missed else [],
        remedy=measures.get(row["kpi_id"]) if is_missed else None,
    )


def _segment(row: dict[str, Any], names: Names) -> Segment:
    members = zip(row["dim_set"].split("+"), row["member_path"].split(ARROW), strict=True)
    return Segment(
        path=tuple(name_of(names, dimension, member) for dimension, member in members),
        value=row["value"],
        n=row["n"],
        value_of_first=row["value_of_first_member"],
        volume_share=row["volume_share"],
        shortfall_share=row["shortfall_share"],
    )


def _filled(points: list[tuple[datetime, float | None]], grain: str | None) -> list[tuple[datetime, float | None]]:
    """The points of a daily line with the dates between them that have no row, so that a gap is seen."""
    if grain != "day" or not points:
        return points
    values = dict(points)
    last = points[-1][0]
    first = max(points[0][0], last - 29 * _DAY)
    return [(first + step * _DAY, values.get(first + step * _DAY)) for step in range((last - first).days + 1)]


def _text(row: dict[str, Any], name: str) -> Text:
    return {"zh": row[f"{name}_zh"], "en": row[f"{name}_en"]}
