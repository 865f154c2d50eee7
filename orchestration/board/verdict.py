"""What a value means beside its target and its past: met, near or missed; better or worse.

Belongs here: the judgements that tiles and boards share. Does not belong here: queries, markup, any KPI formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestration.display import format_change, format_value

# Below this many records a rate or mean moves by chance alone. Counts are exempt. The same as `small_sample_n` of
# dbt_project.yml, by which the marts of the boards are marked.
SMALL_N = 30
# A target missed by no more than a twentieth of itself is shown as near: it is missed all the same, but not alarming.
NEAR = 0.05
# A change below a hundredth of the former value is no news, good or bad.
NO_NEWS = 0.01

Status = Literal["met", "near", "missed", "none"]
Lang = Literal["zh", "en"]
Sense = Literal["better", "worse", "neutral"]
Text = dict[str, str]  # by language: zh, en


@dataclass(frozen=True)
class Change:
    """The difference to an earlier period, and whether it is good news."""

    text: Text
    sense: Sense


def status_of(text: str | None, value: float | None, bounds: tuple[float, ...]) -> Status:
    """The verdict of kpi_value; a missed target that is near is told apart."""
    if text == "met":
        return "met"
    if text != "missed":
        return "none"
    is_near = value is not None and any(abs(value - bound) <= abs(bound) * NEAR for bound in bounds)
    return "near" if is_near else "missed"


def change_of(unit: str, direction: str, now: float | None, before: float | None) -> Change | None:
    """The change from `before` to `now`; None where one of them is not known."""
    if now is None or before is None:
        return None
    sense: Sense = "neutral"
    if abs(now - before) >= abs(before) * NO_NEWS and now != before and direction in ("up", "down"):
        sense = "better" if (now > before) == (direction == "up") else "worse"
    zh, en = format_change(now, before, unit, "zh"), format_change(now, before, unit, "en")
    if en.startswith("±0"):
        sense = "neutral"  # what is shown as no change has no colour
    return Change({"zh": zh, "en": en}, sense)


def shown_value(value: float | None, unit: str, status: Status, bounds: tuple[float, ...], lang: Lang) -> str:
    """The value as text; a rate that rounding would show as its missed target gets more digits."""
    text = format_value(value, unit, lang)
    is_missed_rate = unit == "rate" and status in ("near", "missed")
    if is_missed_rate and value is not None and text in {format_value(bound, "rate", lang) for bound in bounds}:
        return f"{value * 100:.2f}%"
    return text
