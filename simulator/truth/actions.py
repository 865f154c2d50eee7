"""KPIs of the register of improvement actions (M166–M169), counted from its records.

Belongs here: the rulings of DECISIONS.md, section 34. Does not belong here: what the register says of a KPI is not
checked against the KPI itself; the warehouse does that, action by action, in its review.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from simulator.records import Record
from simulator.truth.sums import NO_DIMENSION, Tally, in_order
from simulator.truth.values import Formula, Value
from simulator.truth.versions import Row

EASIEST = 6  # ease = 6 - difficulty, so that what is easy scores high
_VERDICTS = {"verified": 1, "missed": 0, "reopened": 0}  # only what was missed is reopened


class ActionRecount:
    """Takes versions of actions in any order: the latest counts. A centre has few, so all of them are kept."""

    feeds = ("canonical.action",)

    def __init__(self) -> None:
        self._latest: dict[str, Row] = {}

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        if record.feed not in self.feeds:
            return
        known = self._latest.get(record.row["action_id"])
        if known is None or known["record_updated_at"] <= record.row["record_updated_at"]:
            self._latest[record.row["action_id"]] = record.row

    def values(self, as_of: int) -> Iterator[Value]:
        """All values that are known at `as_of` (epoch seconds)."""
        decided = Tally(
            (
                Formula("M166", "ease", ("ease_score",), ("scored",)),
                Formula("M166", "literal", ("literal_score",), ("scored",)),
            )
        )
        due = Tally((Formula("M167", "due", ("in_time",), ("due",)),))
        reviewed = Tally(
            (
                Formula("M168", "verdict", ("verified",), ("judged",)),
                Formula("M168", "stated", ("reached",), ("stated",)),
            )
        )
        compared = Tally(
            (
                Formula("M169", "difference", ("difference",), ("compared",)),
                Formula("M169", "relative", ("difference",), ("baseline",)),
            )
        )
        for row in self._latest.values():
            of_whom = {"department": row["department_id"], "action": row["action_id"]}
            if (scores := _scores(row)) is not None:
                decided.add(row["created_at"], scores, **of_whom)
            if row["due_at"] is not None and row["due_at"] <= as_of:
                in_time = row["done_at"] is not None and row["created_at"] <= row["done_at"] <= row["due_at"]
                # whether a single action came in time is no rate
                due.add(row["due_at"], {"due": 1, "in_time": in_time}, department=row["department_id"])
            if row["reviewed_at"] is None or row["reviewed_at"] < row["created_at"]:
                continue
            reviewed.add(row["reviewed_at"], _verdict(row), **of_whom)
            if (changed := _change(row)) is not None:
                compared.add(row["reviewed_at"], changed, metric=row["metric_id"], action=row["action_id"])
        # values of different metrics have no common unit
        of_metrics = (value for value in compared.values() if value.dim_set != NO_DIMENSION)
        return in_order([*decided.values(), *due.values(), *reviewed.values(), *of_metrics])

    @property
    def held(self) -> int:
        """How many actions are kept."""
        return len(self._latest)


def _scores(row: Row) -> dict[str, int] | None:
    impact, difficulty = row["impact_level"], row["difficulty_level"]
    if impact is None or difficulty is None:
        return None
    return {"scored": 1, "ease_score": impact * (EASIEST - difficulty), "literal_score": impact * difficulty}


def _verdict(row: Row) -> dict[str, int]:
    """What the register says of the target, and what its values say: below or above, as the target lies to the value
    before."""
    amounts: dict[str, int] = {}
    if row["status"] in _VERDICTS:
        amounts |= {"judged": 1, "verified": _VERDICTS[row["status"]]}
    before, target, found = row["baseline_value"], row["target_value"], row["reviewed_value"]
    if None not in (before, target, found) and before != target:
        amounts |= {"stated": 1, "reached": int(found >= target if target > before else found <= target)}
    return amounts


def _change(row: Row) -> dict[str, int | Fraction] | None:
    if row["baseline_value"] is None or row["reviewed_value"] is None:
        return None
    before, found = Fraction(str(row["baseline_value"])), Fraction(str(row["reviewed_value"]))
    return {"compared": 1, "difference": found - before, "baseline": abs(before)}
