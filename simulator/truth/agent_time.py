"""What agents do with their time: conversations with their after-call work, rings, and states.

Belongs here: the cells by agent and local date. Does not belong here: contacts and queues (`telephone`), KPIs
(`telephone_kpis`).

What overlaps is settled together, at a local midnight by which all is known that began before it: of a conversation
nothing is kept when no pause can belong to it any more, of states nothing that lies before that midnight.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from simulator.events import CentreRules, Leg, Presence, Ring
from simulator.truth.daycells import DayCells
from simulator.truth.values import Cell

AgentDay = tuple[int, str]  # local day, agent
Span = tuple[int, int, int]  # begin, end, state


def add_talk(cell: Cell, leg: Leg, acw_s: int) -> None:
    """Count one conversation and the after-call work that belongs to it."""
    talk = leg.talk_s
    cell["legs"] += 1
    cell["legs_inbound"] += leg.kind != "outbound"
    cell["talk_s"] += talk
    cell["handle_s"] += talk + acw_s
    cell["max_talk_s"] = max(cell.get("max_talk_s", talk), talk)
    cell["min_talk_s"] = min(cell.get("min_talk_s", talk), talk)


def add_ring(cell: Cell, ring: Ring) -> None:
    """Count one ring attempt."""
    seconds = ring.ended_at - ring.started_at
    cell["rings"] += 1
    cell["ring_s"] += seconds
    if ring.answered:
        cell["rings_answered"] += 1
        cell["ring_answered_s"] += seconds
    else:
        cell["rings_unanswered"] += 1


def acw_of_legs(legs: list[Leg], presences: Iterable[Presence], rules: CentreRules) -> dict[int, int]:
    """After-call work in seconds of each leg of one agent, keyed by `id(leg)`.

    A pause with an ACW reason belongs to the agent's last queue or outbound leg if it starts at most `acw_grace_s`
    after that leg ended.
    """
    ended = sorted((leg for leg in legs if leg.kind != "direct"), key=lambda leg: leg.ended_at)
    ends = [leg.ended_at for leg in ended]
    result: dict[int, int] = defaultdict(int)
    for pause in presences:
        if pause.reason is None or pause.reason.lower() not in rules.acw_reasons:
            continue
        last = bisect.bisect_right(ends, pause.started_at) - 1
        if last >= 0 and pause.started_at - ends[last] <= rules.acw_grace_s:
            result[id(ended[last])] += pause.ended_at - pause.started_at
    return result


# in order of precedence
STATES = ("talk", "acw", "ringing", "busy", "break", "ready")


def _pause_state(reason: str, rules: CentreRules) -> int:
    lowered = reason.lower()
    if lowered in rules.acw_reasons:
        return 1
    return 3 if lowered.startswith(rules.busy_prefixes) else 4


def agent_states(
    spans: Iterable[tuple[int, int, int]],
) -> Iterator[tuple[int, int, int]]:
    """Segments (start, end, state) without overlap: of overlapping spans the one with the lowest state number shows."""
    edges: list[tuple[int, int, int]] = []
    for start, end, state in spans:
        if end > start:
            edges.append((start, state, 1))
            edges.append((end, state, -1))
    edges.sort()
    open_spans = [0] * len(STATES)
    before = 0
    for at, state, change in edges:
        if at > before:
            for number, count in enumerate(open_spans):
                if count:
                    yield before, at, number
                    break
            before = at
        open_spans[state] += change


def _by_day(start: int, end: int, rules: CentreRules) -> Iterator[tuple[int, int, int]]:
    """Split an interval at local midnights: (day number, start, end) in local seconds."""
    start, end = start + rules.utc_offset_s, end + rules.utc_offset_s
    while start < end:
        day = start // 86400
        cut = min(end, (day + 1) * 86400)
        yield day, start, cut
        start = cut


class Ended(NamedTuple):
    """Where the handling of a contact counts: its last local day, the issue that its agent noted, and its region."""

    day: int
    channel: str
    issue_id: str | None
    region: str | None


class AgentTime:
    """Cells of agents' days. `on_leg` is told of each conversation of a call, with what was noted of it and the seconds
    of its after-call work, as soon as these are known."""

    def __init__(self, rules: CentreRules, on_leg: Callable[[Leg, Ended, int], None]) -> None:
        self.cells: DayCells[str] = DayCells()
        self._rules, self._on_leg = rules, on_leg
        self._legs: dict[str, list[tuple[Leg, Ended]]] = defaultdict(list)
        self._acw_s: dict[int, int] = defaultdict(int)  # by id of a kept leg
        self._pauses: dict[str, list[Presence]] = defaultdict(list)
        self._spans: dict[str, list[Span]] = defaultdict(list)
        self._stays: dict[AgentDay, tuple[int, int]] = {}  # first log-in and last log-out of a date, local seconds

    def add_leg(self, leg: Leg, note: Ended) -> None:
        """Take a conversation."""
        self._spans[leg.agent_id].append((leg.started_at, leg.ended_at, 0))
        self._legs[leg.agent_id].append((leg, note))

    def add_ring(self, ring: Ring) -> None:
        """Take a ring attempt."""
        self._spans[ring.agent_id].append((ring.started_at, ring.ended_at, 2))
        add_ring(self.cells.of((ring.ended_at + self._rules.utc_offset_s) // 86400)[ring.agent_id], ring)

    def add_presence(self, presence: Presence) -> None:
        """Take a stay of an agent."""
        agent_id, reason = presence.agent_id, presence.reason
        state = 5 if reason is None else _pause_state(reason, self._rules)
        self._spans[agent_id].append((presence.started_at, presence.ended_at, state))
        if reason is not None and reason.lower() in self._rules.acw_reasons:
            self._pauses[agent_id].append(presence)
        if reason is None:
            for day, begin, cut in _by_day(presence.started_at, presence.ended_at, self._rules):
                first, last = self._stays.get((day, agent_id), (begin, cut))
                self._stays[day, agent_id] = min(first, begin), max(last, cut)

    def settle(self, until: int) -> None:
        """Count what is final when all is known that began before an instant."""
        for agent_id in list(self._legs):
            self._settle_legs(agent_id, until)
        for agent_id, spans in list(self._spans.items()):
            self._count_states(agent_id, [(begin, min(end, until), state) for begin, end, state in spans])
            left = [(max(begin, until), end, state) for begin, end, state in spans if end > until]
            if left:
                self._spans[agent_id] = left
            else:
                del self._spans[agent_id]

    def close(self) -> None:
        """After the last `settle`: what is known of whole days alone."""
        for (day, agent_id), (first, last) in sorted(self._stays.items()):
            cell = self.cells.of(day)[agent_id]
            cell["offline_s"] = last - first - cell["logged_in_s"]
            cell["agent_days"] = int(cell["logged_in_s"] >= self._rules.agent_day_s)

    @property
    def held(self) -> int:
        """How many conversations, pauses and spans are kept."""
        return sum(len(kept) for of in (self._legs, self._pauses, self._spans) for kept in of.values())

    def _settle_legs(self, agent_id: str, until: int) -> None:
        legs, pauses = self._legs.pop(agent_id), self._pauses.pop(agent_id, [])
        known = [pause for pause in pauses if pause.started_at < until]
        for leg_id, seconds in acw_of_legs([leg for leg, _ in legs], known, self._rules).items():
            self._acw_s[leg_id] += seconds
        if len(known) < len(pauses):
            self._pauses[agent_id] = [pause for pause in pauses if pause.started_at >= until]
        for leg, note in legs:
            if leg.ended_at + self._rules.acw_grace_s < until:
                acw_s = self._acw_s.pop(id(leg), 0)
                add_talk(self.cells.of((leg.ended_at + self._rules.utc_offset_s) // 86400)[agent_id], leg, acw_s)
                self._on_leg(leg, note, acw_s)
            else:
                self._legs[agent_id].append((leg, note))

    def _count_states(self, agent_id: str, spans: Iterable[Span]) -> None:
        for start, end, number in agent_states(spans):
            for day, begin, cut in _by_day(start, end, self._rules):
                cell = self.cells.of(day)[agent_id]
                cell[f"state_{STATES[number]}"] += cut - begin
                cell["logged_in_s"] += cut - begin
