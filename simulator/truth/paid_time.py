"""KPIs of paid time (M065 `paid`, M066 `utilisation_paid`), counted from shifts and what agents did on their dates.

Belongs here: the rulings of DECISIONS.md, section 41, once more. Does not belong here: states of agents (`agent_time`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from simulator.local_time import DAY_S, day_of, midnight
from simulator.records import Record
from simulator.truth.daycells import DayCells
from simulator.truth.sums import Tally
from simulator.truth.values import Cell, Formula, Value
from simulator.truth.versions import NEVER, Row, Versions

FEED = "canonical.shift"
OF_TELEPHONE_DAYS = 5
CHANGES_DAYS = 31  # after its publication
_READY = ("state_talk", "state_acw", "state_ready", "state_ringing")
_FORMULAS = (
    Formula("M065", "paid", ("talk_s",), ("paid_s",)),
    Formula("M066", "utilisation_paid", ("handle_or_ready_s",), ("paid_s",)),
)


class PaidTime:
    """Takes versions of shifts in any order, of which the latest counts; one may change for a month after it was
    published. What lies after `known_until` (epoch seconds) is not there yet."""

    def __init__(self, known_until: int = NEVER) -> None:
        self._known_until = known_until
        self._shifts = Versions(("agent_id", "shift_id"), "published_at", CHANGES_DAYS)
        self._paid: DayCells[str] = DayCells()

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        if record.feed == FEED:
            self._shifts.put(record.row)

    def settle(self, until: int) -> None:
        """Count the shifts that are final when all is known that was written before an instant."""
        for shift in self._shifts.settled(until):
            self._count(shift)

    def values(self, worked: DayCells[str], teams: Mapping[str, str]) -> Iterator[Value]:
        """All values, not ordered, after the last `settle`. `worked`: the seconds of agents' states by date."""
        tally = Tally(_FORMULAS)
        last_login: dict[str, int] = {}
        work: Mapping[str, Cell] = {}
        found = heapq.merge(
            ((day, 0, cells) for day, cells in worked.days()), ((day, 1, cells) for day, cells in self._paid.days())
        )
        at_work_on = None
        for day, is_paid, cells in found:
            if not is_paid:
                at_work_on, work = day, cells
                last_login |= {agent_id: day for agent_id, cell in cells.items() if cell["logged_in_s"]}
                continue
            for agent_id, paid in cells.items():
                if paid["unknown"] or not paid["paid_s"]:
                    continue
                if day - last_login.get(agent_id, -NEVER) > OF_TELEPHONE_DAYS:
                    continue
                done: Mapping[str, int] = work.get(agent_id, {}) if at_work_on == day else {}
                amounts = {
                    "paid_s": paid["paid_s"],
                    "talk_s": done.get("state_talk", 0),
                    "handle_or_ready_s": sum(done.get(state, 0) for state in _READY),
                }
                tally.add(midnight(day), amounts, agent=agent_id, team=teams.get(agent_id))
        yield from tally.values()

    @property
    def held(self) -> int:
        """How many shifts may still change."""
        return len(self._shifts)

    def _count(self, shift: Row) -> None:
        begins, ends, paid_s = shift["planned_start_at"], shift["planned_end_at"], shift["paid_s"]
        is_known = paid_s is not None and 0 <= paid_s <= DAY_S and 0 < ends - begins <= DAY_S
        for day in {day_of(begins), day_of(ends)}:
            first = max(begins, midnight(day))
            if first >= self._known_until:
                continue
            cell: dict[str, Any] = self._paid.of(day)[shift["agent_id"]]
            if not is_known:
                cell["unknown"] += 1
            else:
                seconds = max(0, min(ends, midnight(day + 1), self._known_until) - first)
                cell["paid_s"] += Fraction(paid_s) * seconds / (ends - begins)
