"""Triggers of the registry that fire in a release, and what to do about each.

Belongs here: reading `rpt_alarm`, with the remedy of `strategy_rule`. Does not belong here: when a trigger fires
(rpt_alarm.sql), whom to tell (automation), how it is shown (board, explain).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.catalogue import rows_of
from orchestration.display import format_bound, format_value


@dataclass(frozen=True)
class Remedy:
    """A row of the strategy table."""

    kpi_id: str
    rule_group: str | None
    trigger_zh: str
    trigger_en: str
    measure_zh: str
    measure_en: str
    expected_target: str | None
    owner_role: str
    source: str

    @property
    def aim(self) -> str:
        """What the KPI should reach, where the table says so, and who answers for it."""
        return f"→ {self.expected_target} · {self.owner_role}" if self.expected_target else self.owner_role


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


def alarms(con: duckdb.DuckDBPyConnection, kpi_id: str | None = None) -> list[Alarm]:
    """Triggers that fire as of the end of the data, ordered by KPI; of one KPI if it is named."""
    rules = {(rule.kpi_id, rule.rule_group): rule for rule in remedies(con)}
    rows = rows_of(
        con,
        """
        select kpi_id, variant, grain, period_start, member, value, n, operator, limit_value as "limit", rule_group
        from rpt_alarm
        where kpi_id = coalesce(?, kpi_id)
        order by kpi_id, grain, period_start, member
        """,
        [kpi_id],
    )
    return [Alarm(remedy=rules.get((row["kpi_id"], row.pop("rule_group"))), **row) for row in rows]
