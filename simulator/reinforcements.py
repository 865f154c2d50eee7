"""Agents who are brought in beside the roster, for days on which a scenario has more agents at work.

Belongs here: who they are and when they work. Does not belong here: what agents do at work (`staff`), how many of them
take calls (`floor`).

Each works the shifts of a colleague of the roster, with the same skills: so a multiple of the roster is one in each
hour and each queue.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from simulator.local_time import DAY_S
from simulator.records import chance
from simulator.scenarios.effects import Effects
from simulator.setting import HOUR, Agent, PlannedShift, Setting


class Reinforcements:
    """`agents` are all who are ever brought in. `begins`: the first midnight of the simulation."""

    def __init__(self, setting: Setting, roster: list[Agent], effects: Effects, begins: int) -> None:
        self._per_day = [math.ceil((_staffing(effects, begins, day) - 1) * len(roster)) for day in range(setting.days)]
        self._colleagues: list[str] = []
        self.agents: list[Agent] = []
        order = list(roster)
        chance(setting.seed, "reinforcements").shuffle(order)
        for number in range(max(0, *self._per_day, 0)):
            colleague = order[number % len(order)]
            extension = str(int(roster[-1].agent_id) + 1 + number)
            r = chance(setting.seed, "agent", extension)
            self._colleagues.append(colleague.agent_id)
            self.agents.append(
                replace(
                    colleague,
                    agent_id=extension,
                    log_name=f"PJSIP/{extension}",
                    peer=f"PJSIP/{extension}",
                    logs_in_by_agent_login=False,
                    ability=r.gauss(0, 1),
                    optimism=r.gauss(0, 1),
                    random=r,
                    wants=deque(),
                )
            )

    def planned(self, day: int, roster: Iterable[PlannedShift]) -> Iterator[PlannedShift]:
        """Their shifts on a day of the simulation, beside those of the roster."""
        by_colleague = {shift.agent_id: shift for shift in roster}
        brought_in = max(0, self._per_day[day])
        for agent, colleague in zip(self.agents[:brought_in], self._colleagues, strict=False):
            if colleague in by_colleague:
                yield by_colleague[colleague]._replace(agent_id=agent.agent_id)


def _staffing(effects: Effects, begins: int, day: int) -> float:
    """Agents at work at noon, as a multiple of the roster."""
    return effects.level("staffing", 1.0, begins + day * DAY_S + 12 * HOUR)
