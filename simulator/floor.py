"""The floor: where a scenario plants a mean wait, as many agents take calls as callers wait so long.

Belongs here: which of the agents at work do tickets instead of taking calls, and when they are called back. Does not
belong here: who is at work (`staff`, `reinforcements`), which call an agent takes (`queueing`).

An agent who becomes free does tickets until a caller has waited too long in one of the agent's queues, and is called to
the telephone then. How long is too long differs from call to call, as a team leader looks at the wall board only now
and then. So waits are as long as planted whatever the size of the centre and the calls of the day, as long as the
roster could answer sooner; a real centre reaches the same with a roster that is shorter by those who do tickets.
"""

from __future__ import annotations

from simulator.clock import Clock
from simulator.local_time import DAY_S, HOUR_S
from simulator.queueing import Caller
from simulator.records import chance
from simulator.scenarios.effects import Effects
from simulator.setting import Agent, Setting
from simulator.staff import Staff

# the shape of the wait after which an agent is called; its mean moves by a part of what each answered wait is off
SHAPE, LEARNS = 3.0, 0.03
SHORTEST_S, LONGEST_FACTOR = 5.0, 2.0


class Floor:
    """Holds agents back and calls them; without a planted wait it does nothing."""

    def __init__(self, setting: Setting, clock: Clock, staff: Staff, effects: Effects) -> None:
        self._setting = setting
        self._clock = clock
        self._staff = staff
        self._effects = effects
        self._is_planted = effects.has("wait_limit_s")
        self._away: dict[str, Agent] = {}
        self._overdue: dict[str, list[tuple[Caller, int]]] = {}
        # mean wait after which an agent is called, by the mean wait that is planted
        self._too_long_s: dict[float, float] = {}
        if self._is_planted:
            staff.is_held_back = self.holds_back

    def begin_day(self, at: int, day: int) -> None:
        """Plan to call everybody at the hours from which no wait is planted."""
        if not self._is_planted:
            return
        for hour in range(24):
            self._clock.at(at + hour * HOUR_S, self._call_all)
        if day + 1 < self._setting.days:
            self._clock.at(at + DAY_S, self.begin_day, day + 1)

    def _limit_s(self, at: int) -> float | None:
        return self._effects.fixed("wait_limit_s", at)

    def holds_back(self, at: int, agent: Agent) -> bool:
        """Whether an agent who is free does tickets and takes no call: nobody has waited too long."""
        if self._limit_s(at) is None or any(self._is_anybody_overdue(queue_id) for queue_id in agent.skills):
            self._away.pop(agent.agent_id, None)
            return False
        self._away[agent.agent_id] = agent
        return True

    def _is_anybody_overdue(self, queue_id: str) -> bool:
        callers = self._overdue.get(queue_id, [])
        callers[:] = [(caller, stay) for caller, stay in callers if _waits(caller, stay)]
        return bool(callers)

    def entered(self, at: int, caller: Caller) -> None:
        """A caller is in a queue."""
        limit_s = self._limit_s(at) if self._is_planted else None
        if limit_s is not None:
            own = chance(self._setting.seed, "floor", caller.call_id, caller.stay)
            too_long_s = own.gammavariate(SHAPE, self._too_long_s.get(limit_s, limit_s) / SHAPE)
            self._clock.at(at + round(too_long_s), self._call_one, caller, caller.stay)

    def answered(self, at: int, caller: Caller) -> None:
        """A caller is answered: after long waits an agent is called sooner the next time, after short ones later."""
        limit_s = self._limit_s(caller.entered_at) if self._is_planted else None
        if limit_s is not None:
            moved = self._too_long_s.get(limit_s, limit_s) + LEARNS * (limit_s - (at - caller.entered_at))
            self._too_long_s[limit_s] = min(max(moved, SHORTEST_S), LONGEST_FACTOR * limit_s)

    def _call_one(self, at: int, caller: Caller, stay: int) -> None:
        if not _waits(caller, stay):
            return
        self._overdue.setdefault(caller.queue_id, []).append((caller, stay))
        able = next((agent for agent in self._away.values() if agent.is_held and caller.queue_id in agent.skills), None)
        if able is not None:
            self._staff.call_back(at, able)

    def _call_all(self, at: int) -> None:
        if self._limit_s(at) is None:
            for agent in list(self._away.values()):
                if agent.is_held:
                    self._staff.call_back(at, agent)
            self._away.clear()


def _waits(caller: Caller, stay: int) -> bool:
    return caller.is_waiting and caller.stay == stay and caller.ringing is None
