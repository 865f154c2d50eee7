"""The register of measures: decided, begun, done, reviewed.

Belongs here: when each state of a measure is written down. Does not belong here: the measures themselves
(`scenarios.measures`, and with each case) and what they change (`scenarios.effects`).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.local_time import DAY_S, HOUR_S, date_of, day_of, midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects
from simulator.scenarios.measures import ORDINARY, Measure

_DECIDED_DAYS_BEFORE, _BEGUN_DAYS_BEFORE = 21, 14
_REVIEWED_DAYS_AFTER = 28
_ORDINARY_EVERY_DAYS = 24
_LATE, _LATE_DAYS = 0.2, 6


def of_day(seed: int, day: int, owners: tuple[str, ...], effects: Effects) -> Iterator[Record]:
    """The records of all measures that are decided on a local day; those of their later states lie ahead."""
    for planting in effects.plantings:
        if planting.at is None:
            continue
        for measure in planting.measures:
            done_at = planting.at + measure.after_days * DAY_S
            if day_of(done_at) - _DECIDED_DAYS_BEFORE == day:
                name = f"{planting.scenario_id}-{measure.key}"
                parent = None if measure.follows is None else f"{planting.scenario_id}-{measure.follows}"
                yield from _life(measure, name, parent, _owner(seed, name, owners), done_at, due_at=done_at)
    if day % _ORDINARY_EVERY_DAYS == 0:
        measure = ORDINARY[day // _ORDINARY_EVERY_DAYS % len(ORDINARY)]
        name = f"A{date_of(day):%y%m%d}-{measure.key}"
        due_at = midnight(day + _DECIDED_DAYS_BEFORE) + 18 * HOUR_S
        is_late = chance(seed, "late", name).random() < _LATE
        done_at = due_at + (_LATE_DAYS * DAY_S if is_late else -5 * HOUR_S)
        yield from _life(measure, name, None, _owner(seed, name, owners), done_at, due_at)


def _owner(seed: int, name: str, owners: tuple[str, ...]) -> str | None:
    return chance(seed, "owner", name).choice(owners) if owners else None


def _life(
    measure: Measure, name: str, parent: str | None, owner: str | None, done_at: int, due_at: int
) -> Iterator[Record]:
    decided_at = midnight(day_of(due_at) - _DECIDED_DAYS_BEFORE) + 10 * HOUR_S
    begun_at = midnight(day_of(due_at) - _BEGUN_DAYS_BEFORE) + 10 * HOUR_S
    reviewed_at = midnight(day_of(done_at) + _REVIEWED_DAYS_AFTER) + 15 * HOUR_S
    verdict = "verified" if measure.is_reached else "missed"
    row = {
        "action_id": name,
        "problem": measure.problem_zh,
        "measure": measure.measure_zh,
        "department_id": measure.department_id,
        "owner_agent_id": owner,
        "metric_id": measure.metric_id,
        "impact_level": measure.impact,
        "difficulty_level": measure.difficulty,
        "created_at": decided_at,
        "due_at": due_at,
        "baseline_value": measure.baseline,
        "target_value": measure.target,
        "parent_action_id": parent,
    }
    for at, status in ((decided_at, "open"), (begun_at, "doing"), (done_at, "done"), (reviewed_at, verdict)):
        yield Record(
            "canonical.action",
            at,
            {
                **row,
                "status": status,
                "done_at": done_at if at >= done_at else None,
                "reviewed_at": reviewed_at if at >= reviewed_at else None,
                "reviewed_value": measure.reached if at >= reviewed_at else None,
                "record_updated_at": at,
            },
        )
