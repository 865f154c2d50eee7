"""Triggers of the registry that fire in a release, and what to do about each.

Belongs here: judging `kpi_target`'s triggers on released values, with the remedy of `strategy_rule`. Does not belong
here: whom to tell (automation), how it is shown (board, explain).

A trigger is judged on the official variant and the centre's target profile, on mature periods of its own grain: the
last one of a day or longer, every hour of the board's day. It fires for a member when it holds for as many periods in a
row as it asks; triggers of one group fire together or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb

from orchestration.catalogue import DIMENSIONS, rows_of
from orchestration.display import format_bound, format_value

Row = dict[str, Any]
_STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "rolling_12_months": 1}


@dataclass(frozen=True)
class Remedy:
    """A row of the strategy table."""

    kpi_id: str
    rule_group: str | None
    trigger_zh: str
    trigger_en: str
    measure_zh: str
    measure_en: str
    expected_target: str
    owner_role: str
    source: str


@dataclass(frozen=True)
class Alarm:
    """A trigger that fires. `member` is empty for the whole centre; `remedy` is None where the table has none."""

    kpi_id: str
    variant: str
    grain: str
    period_start: datetime
    member: str
    value: float
    n: int | None
    operator: str
    limit: float
    remedy: Remedy | None

    def condition(self, unit: str) -> str:
        """Where it fires, the value and the limit, in the unit of the KPI."""
        sign = {">=": "≥", "<=": "≤"}.get(self.operator, self.operator)
        where = f"{self.member}: " if self.member else ""
        return f"{where}{format_value(self.value, unit)} {sign} {format_bound(self.limit, unit)}"


def remedies(con: duckdb.DuckDBPyConnection, kpi_id: str | None = None) -> list[Remedy]:
    """The strategy table, or what it says of one KPI."""
    rows = rows_of(con, "select * from strategy_rule where kpi_id = coalesce(?, kpi_id) order by all", [kpi_id])
    return [Remedy(**row) for row in rows]


def alarms(con: duckdb.DuckDBPyConnection, day: date, kpi_id: str | None = None) -> list[Alarm]:
    """Triggers that fire on `day`, the last complete one, ordered by KPI; of one KPI if it is named."""
    rules = {(rule.kpi_id, rule.rule_group): rule for rule in remedies(con)}
    triggers = rows_of(
        con,
        """
        select kpi_id, variant, profile, scope, operator, target_value, eval_grain, for_periods, min_n, rule_group
        from kpi_target
        where kind = 'trigger' and valid_from <= cast($1 as date) and coalesce(valid_to, date '9999-12-31') > $1
        order by all
        """,
        [day],
    )
    fired: dict[str | None, list[list[Alarm]]] = defaultdict(list)
    for trigger in triggers:
        remedy = rules.get((trigger["kpi_id"], trigger["rule_group"]))
        fired[trigger["rule_group"]].append(list(_fired(con, trigger, day, remedy)))
    found = [alarm for own in fired.pop(None, []) for alarm in own]
    for together in fired.values():
        if all(together):
            found += [alarm for own in together for alarm in own]
    return sorted(
        (alarm for alarm in found if kpi_id in (None, alarm.kpi_id)),
        key=lambda alarm: (alarm.kpi_id, alarm.grain, alarm.period_start, alarm.member),
    )


def _fired(con: duckdb.DuckDBPyConnection, trigger: Row, day: date, remedy: Remedy | None) -> Iterator[Alarm]:
    dim_set, _, category = trigger["scope"].partition(":")
    members = ", ".join(f"cast({name} as varchar)" for name in (*DIMENSIONS, "member"))
    rows = rows_of(
        con,
        f"""
        select period_start, value, n, concat_ws(' · ', {members}) as member
        from kpi_value
        where kpi_id = ? and variant = ? and target_profile = ? and is_official and is_mature and value is not null
          and grain = ? and dim_set = ? and coalesce(category, '') = ? and period_start < ?
        order by member, period_start
        """,
        [
            *(trigger["kpi_id"], trigger["variant"], trigger["profile"], trigger["eval_grain"], dim_set, category),
            datetime.combine(day + timedelta(days=1), time()),
        ],
    )
    grain, needed = trigger["eval_grain"], trigger["for_periods"] or 1
    last = max((row["period_start"] for row in rows), default=None)
    runs: dict[str, tuple[datetime, int]] = {}
    for row in rows:
        at, member = row["period_start"], row["member"]
        if not _holds(trigger, row):
            continue
        before, run = runs.get(member, (at, 0))
        run = run + 1 if run and _next(grain, before) == at else 1
        runs[member] = (at, run)
        is_judged = at.date() == day if grain == "hour" else at == last
        if is_judged and run >= needed:
            yield Alarm(
                trigger["kpi_id"], trigger["variant"], grain, at, member, row["value"], row["n"],
                trigger["operator"], trigger["target_value"], remedy,
            )  # fmt: skip


def _holds(trigger: Row, row: Row) -> bool:
    value, limit = row["value"], trigger["target_value"]
    if row["n"] is not None and row["n"] < (trigger["min_n"] or 0):
        return False
    verdicts = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}
    return bool(verdicts[trigger["operator"]])


def _next(grain: str, start: datetime) -> datetime:
    """The start of the period after the one that starts then."""
    if grain in _STEP:
        return start + _STEP[grain]
    months = start.year * 12 + start.month - 1 + _MONTHS[grain]
    return start.replace(year=months // 12, month=months % 12 + 1)
