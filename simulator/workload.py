"""How much the agents of the telephone have to do in a day, where a scenario says so.

Belongs here: who is with the centre, how many contacts an agent can handle, manual work, breaks, and time not ready.
Does not belong here: shifts and pauses as such (`staff`), who takes which call (`queueing`), look-ups (`aftermath`).

Without scenarios nothing here changes anything, and no chance is drawn here.

An agent who can handle so many contacts a day keeps a pace: who is ahead of it goes on with after-call work before the
next call, who is behind it is offered calls first if a scenario names them (a lower penalty in the queue). Who can
handle more than most talks shorter in proportion. Where all have one goal, each day's is corrected by what yesterday
brought. So the figures come out in a centre of 20 agents or more; in a smaller one too few people call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.errors import SettingError
from simulator.scenarios.effects import Effects
from simulator.setting import ActivityKind, Agent

Activity = tuple[float, ActivityKind, int]
"""When (share of the shift), what, and for how many seconds."""

# an ordinary agent-day: seconds logged in less breaks, contacts, and seconds of look-ups and tickets for each contact
WORK_S, USUAL_CONTACTS, USUAL_MANUAL_S = 28_400, 75, 42.0
# from so many contacts a day on an agent talks shorter
UNHURRIED_CONTACTS = 90
# what agents by day must handle for a mean of 1, as the night has few calls; until the first days tell it better
FIRST_STRETCH, LEAST_STRETCH, MOST_STRETCH = 1.05, 0.8, 1.8
# contacts by which an agent may be ahead of the pace or behind it
_AHEAD, _BEHIND = 2, 1
_LONGEST_DELAY_S = 1500
_BREAK_S, _BUSY_S, _OUTBOUND_S = 900, 800, 140
# parts of a shift in which breaks can be planned; what falls into the lunch of one who logs off is lost
_MORNING, _AFTERNOON = (0.03, 0.46), (0.60, 0.82)


def manual_factor(effects: Effects, at: int) -> float:
    """How many times the usual seconds of manual work a contact takes."""
    share = effects.fixed("manual_share", at)
    if share is None:
        return 1.0
    contacts = effects.level("contacts_per_agent_day", USUAL_CONTACTS, at, agent=None)
    return share * WORK_S / contacts / USUAL_MANUAL_S


def is_with_the_centre(number: int, effects: Effects, at: int) -> bool:
    """Whether the agent of this number, from 0 in the order of ids, works for the centre; who leaves is spread evenly.

    The first three stay, among whom is the night shift of a small centre.
    """
    factor = effects.factor("headcount", at)
    return factor >= 1 or int((number + 2) * factor) > int((number + 1) * factor)


@dataclass(slots=True)
class Pace:
    """One agent's shift: so many `contacts` in `work_s` seconds that are no breaks."""

    contacts: float
    begins: int
    work_s: float
    is_named: bool
    away_s: int = 0
    handled: int = 0

    def delay_s(self, at: int) -> int:
        """Seconds until the agent may take the next call. More are handled in the first half of a shift, as shifts
        begin when most people call: after a share s of the work 1.5 s - 0.5 s² of the contacts."""
        done = min(1.0, max(0, self.handled - _AHEAD) / self.contacts)
        due_s = (1.5 - math.sqrt(2.25 - 2 * done)) * self.work_s
        return max(0, min(int(due_s - self._worked_s(at)), _LONGEST_DELAY_S))

    def is_behind(self, at: int) -> bool:
        """Whether fewer contacts are handled than should be by now."""
        share = min(1.0, max(0.0, self._worked_s(at) / self.work_s))
        return self.handled < self.contacts * (1.5 * share - 0.5 * share * share) - _BEHIND

    def _worked_s(self, at: int) -> int:
        return at - self.begins - self.away_s


class Workload:
    """The paces of all agents who are at work, and what a scenario makes of their days."""

    def __init__(self, effects: Effects, agents: Iterable[Agent]) -> None:
        """Raises SettingError for a scenario about an agent who does not work by day in this centre."""
        self._effects = effects
        self._named = effects.names("contacts_per_agent_day", "agent")
        by_day = {agent.agent_id for agent in agents if agent.shift is not None}
        for word in ("contacts_per_agent_day", "break_s", "busy_share", "solved", "transferred"):
            for agent_id in sorted(effects.names(word, "agent") - by_day):
                raise SettingError(
                    f"a scenario changes {word} of agent {agent_id}, who does not work by day in this centre: take "
                    "8 to 97 agents."
                )
        self._of_day: float | None = None
        self._stretch, self._contacts, self._agent_days = FIRST_STRETCH, 0, 0
        self._paces: dict[str, Pace] = {}

    # --- what a day will be -----------------------------------------------------------------------------------------

    def begin_day(self, at: int, agent_days: int) -> None:
        """Set what each agent who works by day should handle. `agent_days`: how many agents work on the date."""
        level = self._effects.fixed("contacts_per_agent_day", at, agent=None)
        if level is None:
            self._of_day = None
        else:
            if self._of_day is not None and self._contacts:
                missed = level * self._agent_days / self._contacts
                self._stretch = min(MOST_STRETCH, max(LEAST_STRETCH, self._stretch * missed))
            self._of_day = level * self._stretch
        self._contacts, self._agent_days = 0, agent_days

    def begin_shift(self, at: int, agent: Agent, length_s: int, plan: list[Activity]) -> list[Activity]:
        """Begin the agent's pace, and give what the agent does besides calls."""
        plan = self._with_breaks(at, agent.agent_id, length_s, plan)
        self._paces.pop(agent.agent_id, None)
        contacts, is_named = self._of_day, agent.agent_id in self._named
        if is_named:
            contacts = self._effects.fixed("contacts_per_agent_day", at, agent=agent.agent_id)
        if contacts is not None and agent.shift is not None:
            away_s = sum(_OUTBOUND_S if kind == "outbound" else seconds for _, kind, seconds in plan if kind != "acw")
            self._paces[agent.agent_id] = Pace(contacts, at, max(1, length_s - away_s), is_named)
        return plan

    def _with_breaks(self, at: int, agent_id: str, length_s: int, plan: list[Activity]) -> list[Activity]:
        """Breaks and time not ready in pieces over the day. Who rests so much logs off for lunch, as others do: then
        breaks are breaks, whoever counts them."""
        break_s = self._effects.fixed("break_s", at, agent=agent_id)
        if break_s is not None:
            plan = [(share, "logoff" if kind == "lunch" else kind, s) for share, kind, s in plan if kind != "break"]
            plan += _pieces("break", break_s, _BREAK_S)
        busy = self._effects.fixed("busy_share", at, agent=agent_id)
        if busy is not None:
            logged_in_s = length_s - sum(seconds for _, kind, seconds in plan if kind == "logoff")
            known_s = sum(seconds for _, kind, seconds in plan if kind in ("ticket", "meeting", "training"))
            known_s += sum(_OUTBOUND_S for _, kind, _ in plan if kind == "outbound")
            plan += _pieces("busy", busy * logged_in_s - known_s, _BUSY_S)
        return plan

    # --- while it lasts ---------------------------------------------------------------------------------------------

    def was_away(self, agent: Agent, seconds: int) -> None:
        """The agent had a break, or did something else than calls."""
        pace = self._paces.get(agent.agent_id)
        if pace is not None:
            pace.away_s += seconds

    def handled(self, at: int, agent: Agent) -> int:
        """A conversation is over; gives the seconds until the agent's next one may begin."""
        self._contacts += 1
        pace = self._paces.get(agent.agent_id)
        if pace is None:
            return 0
        pace.handled += 1
        return pace.delay_s(at)

    def talked(self) -> None:
        """An agent talked to somebody past the queues."""
        self._contacts += 1

    def goes_first(self, at: int, agent: Agent) -> bool:
        """Whether calls are offered to this agent before others."""
        pace = self._paces.get(agent.agent_id)
        return pace is not None and pace.is_named and pace.is_behind(at)

    def talk_factor(self, agent: Agent) -> float:
        """Of the usual talk."""
        pace = self._paces.get(agent.agent_id)
        return 1.0 if pace is None else min(1.0, UNHURRIED_CONTACTS / pace.contacts)

    def after_call_factor(self, at: int) -> float:
        """Of the usual after-call work, which is manual."""
        return manual_factor(self._effects, at)


def _pieces(kind: ActivityKind, seconds: float, usual_s: int) -> Iterable[Activity]:
    """So many seconds of an activity, spread over a shift, but for its begin, its lunch and its end."""
    number = max(0, round(seconds / usual_s))
    for i in range(number):
        share = _MORNING[0] + (i + 0.5) / number * (_MORNING[1] - _MORNING[0] + _AFTERNOON[1] - _AFTERNOON[0])
        share += _AFTERNOON[0] - _MORNING[1] if share > _MORNING[1] else 0
        yield share, kind, round(seconds / number)
