"""The recount of improvement actions gives the values worked in DECISIONS.md, 34."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.records import Record
from simulator.truth.actions import ActionRecount
from simulator.truth.values import Value


def at(text: str) -> int:
    """Epoch seconds of a time of 2026 in Shanghai, `03-02 10:00:00`."""
    local = datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int((local - timedelta(hours=8)).timestamp())


AS_OF = at("04-10 00:00:00")
_REVIEWED = at("04-07 15:00:00")


def action(action_id: str, department: str, metric: str, levels: tuple[int | None, int], **said: Any) -> Record:
    row: dict[str, Any] = dict.fromkeys(
        ("due_at", "done_at", "reviewed_at", "baseline_value", "target_value", "reviewed_value", "parent_action_id")
    )
    row |= {
        "action_id": action_id, "department_id": department, "metric_id": metric, "impact_level": levels[0],
        "difficulty_level": levels[1], "status": "open", "record_updated_at": AS_OF, **said,
    }  # fmt: skip
    return Record("canonical.action", row["record_updated_at"], row)


def example() -> list[Record]:
    second, third, due = at("03-02 10:00:00"), at("03-03 10:00:00"), at("03-10 18:00:00")
    return [
        action("A1", "service", "M098", (4, 2), created_at=second, due_at=due, done_at=due, reviewed_at=_REVIEWED,
               status="verified", baseline_value=0.2, target_value=0.15, reviewed_value=0.12),
        action("A2", "service", "M112", (3, 5), created_at=second, due_at=due, done_at=due + 1, reviewed_at=_REVIEWED,
               status="missed", baseline_value=80.0, target_value=90.0, reviewed_value=85.0),
        action("A3", "logistics", "M093", (5, 1), created_at=third, due_at=at("03-11 00:00:00"), status="doing",
               baseline_value=0.7, target_value=0.8),
        action("A4", "service", "M098", (None, 3), created_at=third, due_at=at("04-20 18:00:00"), baseline_value=0.2,
               target_value=0.15),
        action("A5", "service", "M112", (1, 1), created_at=third, done_at=at("03-05 00:00:00"), reviewed_at=_REVIEWED,
               status="done", target_value=90.0, reviewed_value=92.0),
    ]  # fmt: skip


def values(records: list[Record]) -> dict[tuple[Any, ...], Value]:
    recount = ActionRecount()
    for record in records:
        recount.add(record)
    return {
        (v.kpi_id, v.variant, v.period_start[5:], v.department or v.metric or v.action): v
        for v in recount.values(AS_OF)
        if v.grain == "day"
    }


@pytest.mark.parametrize(
    ("kpi_id", "variant", "date", "member", "value"),
    [
        ("M166", "ease", "03-02", None, 9.5),
        ("M166", "literal", "03-02", None, 11.5),
        ("M166", "ease", "03-03", "A3", 25),
        ("M166", "ease", "03-03", None, 15),
        ("M167", "due", "03-10", None, 0.5),
        ("M167", "due", "03-11", "logistics", 0),
        ("M168", "verdict", "04-07", None, 0.5),
        ("M168", "stated", "04-07", None, 0.5),  # A5 is judged by the KPI's direction, which no record tells
        ("M169", "difference", "04-07", "M098", -0.08),
        ("M169", "relative", "04-07", "M098", -0.4),
        ("M169", "difference", "04-07", "M112", 5),
        ("M169", "relative", "04-07", "M112", 0.0625),
    ],
)
def test_the_register_of_decision_34_gives_its_table(
    kpi_id: str, variant: str, date: str, member: str | None, value: float
) -> None:
    assert values(example())[kpi_id, variant, date, member].value == pytest.approx(value, abs=1e-12)


def test_nothing_is_due_before_it_is_due_and_metrics_are_never_added_up() -> None:
    found = values(example())
    assert not [key for key in found if key[0] == "M167" and key[2] not in ("03-10", "03-11")]
    assert not [key for key in found if key[0] == "M169" and key[3] is None]


def test_the_latest_version_counts_whatever_comes_last() -> None:
    older = action("A1", "finance", "M098", (1, 1), created_at=at("03-02 10:00:00"), record_updated_at=AS_OF - 1)
    assert values([*example(), older])["M166", "ease", "03-02", None].value == 9.5
