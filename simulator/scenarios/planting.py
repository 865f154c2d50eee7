"""Which cases a simulation plants, as text in and as figures out.

Belongs here: how a user names a case with its switch, and what truth.json says of it. Does not belong here: the cases,
what the simulation makes of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from simulator.errors import SettingError
from simulator.local_time import DAY_S, EPOCH, UTC_OFFSET_S
from simulator.scenarios.cases import scenario
from simulator.scenarios.effects import Change, Planting
from simulator.scenarios.measures import Measure
from simulator.scenarios.scenario import Expected


def planting(text: str) -> Planting:
    """The planting of `S4-1=before`, `S4-1=after` or `S4-1=2026-03-16`: both, around that local date.

    Raises SettingError where the case is not known or the switch is none of these.
    """
    scenario_id, _, switch = text.partition("=")
    case = scenario(scenario_id)
    if switch == "before":
        return case.planted("before")
    if switch == "after":
        return case.planted("after")
    try:
        day = date.fromisoformat(switch).toordinal() - EPOCH
    except ValueError:
        raise SettingError(
            f"scenario {text}: write {scenario_id}=before, {scenario_id}=after, or {scenario_id}=YYYY-MM-DD for the "
            "date on which its measure begins to work."
        ) from None
    return case.planted("both", day * DAY_S - UTC_OFFSET_S)


def figures(plantings: Iterable[Planting]) -> list[dict[str, Any]]:
    """What truth.json says of each planted case: its switch, changes, measures and what must be found."""
    return [_figures(planted) for planted in plantings]


def _figures(planted: Planting) -> dict[str, Any]:
    case = scenario(planted.scenario_id)
    return {
        "scenario": case.scenario_id,
        "name": {"zh": case.name_zh, "en": case.name_en},
        "figures": {"zh": case.figures_zh, "en": case.figures_en},
        "switch": planted.switch,
        "date": None if planted.at is None else str(_local_date(planted.at)),
        "changes": [_change(change) for change in case.changes],
        "expected": [_expected(expected) for expected in case.expected if _is_visible(expected, planted)],
        "measures": [_measure(measure, planted) for measure in case.measures],
    }


def _is_visible(expected: Expected, planted: Planting) -> bool:
    """One phase alone shows neither the other one nor a difference."""
    return planted.switch in ("both", expected.phase)


def _change(change: Change) -> dict[str, Any]:
    return {
        "effect": change.effect,
        "phase": change.phase,
        "level": change.level,
        "factor": change.factor,
        "where": dict(change.where),
        "hours": change.hours,
        "occasion": change.occasion,
        "after_days": change.after_days,
    }


def _expected(expected: Expected) -> dict[str, Any]:
    return {
        "metric_id": expected.metric_id,
        "phase": expected.phase,
        "kind": expected.kind,
        "value": expected.value,
        "tolerance": expected.tolerance,
        "where": dict(expected.where),
    }


def _measure(measure: Measure, planted: Planting) -> dict[str, Any]:
    done = None if planted.at is None else _local_date(planted.at) + timedelta(days=measure.after_days)
    return {
        "key": measure.key,
        "metric_id": measure.metric_id,
        "baseline": measure.baseline,
        "target": measure.target,
        "reached": measure.reached,
        "is_reached": measure.is_reached,
        "done_on": None if done is None else str(done),
        "follows": measure.follows,
    }


def _local_date(at: int) -> date:
    return date.fromordinal(EPOCH + (at + UTC_OFFSET_S) // DAY_S)
