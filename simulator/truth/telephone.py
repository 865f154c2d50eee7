"""KPIs of calls, queues and agents, counted from a simulated history.

Belongs here: the rulings on these KPIs, once more and independently of the warehouse, over the records of `events`.
Does not belong here: anything read from a file, SQL, or code shared with the warehouse; agents' time (`agent_time`),
what they are paid for (`paid_time`).

Method: each record adds to a cell of named sums (a `Cell`) at the finest grain; cells are rolled up; a KPI is the
quotient of two sums, taken last. Three families of cells exist because the same words count different things:
contacts (centre level, by the hour of first queue entry or of the start), visits (queue level, by the hour of entry)
and agents (by agent and date: conversations and rings by their end, states split at midnight). Handling time per
contact goes by the end of the contact, per conversation by the end of the conversation.

Nothing of a call lasts longer than a day: what began before an instant is known a day later, and can be settled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from simulator.events import CentreRules, Contact, History, Leg, Presence, QueueRules, Ring, Visit
from simulator.records import Record
from simulator.truth.agent_time import AgentTime, Ended, add_ring, add_talk
from simulator.truth.daycells import DayCells
from simulator.truth.paid_time import PaidTime
from simulator.truth.regions import BusinessOf, RegionOf, by_number, no_business
from simulator.truth.sorting import in_order_of
from simulator.truth.telephone_kpis import (
    BUCKETS,
    BY_PLACE,
    HANGUPS,
    WITHIN,
    agent_values,
    contact_values,
    handling_values,
    order_of,
    place_values,
    queue_values,
)
from simulator.truth.values import Cell, Value
from simulator.truth.versions import NEVER, settled_days

Places = tuple[tuple[str, str], ...]  # kind of place (BY_PLACE) and place
LONG_TALK = Fraction(995, 1000)
REASONS = {
    "abandoned_ivr": "caller_hangup",
    "abandoned_queue": "caller_hangup",
    "short_abandon": "caller_hangup",
    "failed": "not_connected",
    "blocked": "not_connected",
    "busy": "not_connected",
    "no_answer": "not_connected",
    "flow_out": "not_connected",
    "answered": "completed",
}


# --- one contact ----------------------------------------------------------------------------------------------------


def wait_s(contact: Contact) -> int:
    """Seconds from the first queue entry to the first answer, or to leaving the last queue; 0 without a queue."""
    if not contact.visits:
        return 0
    answered = (visit for visit in contact.visits if visit.exit_kind == "answered")
    last = next(answered, contact.visits[-1])
    return last.left_at - contact.visits[0].entered_at


def outcome(contact: Contact, rules: CentreRules) -> str:
    """The one outcome of a contact, a key of `REASONS`."""
    if contact.legs:
        return "answered"
    if contact.visits:
        if contact.visits[-1].exit_kind != "abandoned":
            return "flow_out"
        limit = rules.queues[contact.visits[0].queue_id].short_abandon_s
        return "short_abandon" if wait_s(contact) < limit else "abandoned_queue"
    by_disposition = {"CONGESTION": "blocked", "FAILED": "failed", "NO ANSWER": "no_answer", "BUSY": "busy"}
    return by_disposition.get(contact.disposition, "abandoned_ivr")


def counted_at(contact: Contact) -> int:
    """First queue entry, or the start of a contact that never queued."""
    return contact.visits[0].entered_at if contact.visits else contact.started_at


def is_invalid(contact: Contact, rules: CentreRules) -> bool:
    """Connected by the system, and over before it lasted `invalid_call_s`."""
    return contact.answered_at is not None and contact.ended_at - contact.answered_at < rules.invalid_call_s


def talk_s(contact: Contact) -> int:
    """Seconds of conversation, summed over legs."""
    return sum(leg.talk_s for leg in contact.legs)


# --- cells of contacts and visits -----------------------------------------------------------------------------------


def _add_access(cell: Cell, how: str, wait: int, target_s: int, *, is_queued: bool) -> None:
    """Count one offered contact or visit; `how` is answered, abandoned, short or flow_out."""
    in_time = wait <= target_s
    cell["offered"] += 1
    cell[how] += 1
    cell["wait_offered_s"] += wait
    if how == "answered":
        cell["wait_answered_s"] += wait
        cell["in_sl" if in_time else "late"] += 1
        if in_time and is_queued:
            cell["in_sl_queued"] += 1
    elif how == "abandoned":
        cell["aband_in_sl" if in_time else "aband_late"] += 1
    elif how == "flow_out" and not in_time:
        cell["flow_out_late"] += 1
    if not is_queued:
        return
    cell["queued"] += 1
    cell["wait_queued_s"] += wait
    cell["max_wait_s"] = max(cell.get("max_wait_s", 0), wait)
    bucket = next(name for name, upper in BUCKETS if upper is None or wait <= upper)
    cell[f"left_{bucket}"] += 1
    if how in HANGUPS:
        cell[f"hangup_{bucket}"] += 1
        cell["hangups_in_sl"] += in_time
        for limit in WITHIN:
            cell[f"hangup_within_{limit}"] += wait <= limit


def _add_response(cell: Cell, contact: Contact) -> None:
    """Count how long an answered call took from its start, and from its first queue, to the first agent."""
    answered_at = min(leg.started_at for leg in contact.legs)
    cell["responses"] += 1
    cell["response_s"] += answered_at - contact.started_at
    if contact.visits:
        cell["queue_responses"] += 1
        cell["queue_response_s"] += answered_at - contact.visits[0].entered_at


_HOW = {"abandoned_queue": "abandoned", "short_abandon": "short"}


def _add_contact(cell: Cell, contact: Contact, rules: CentreRules) -> None:
    """Count one contact by what became of it."""
    result = outcome(contact, rules)
    cell["contacts"] += 1
    cell[contact.direction] += 1
    cell[f"reason_{REASONS[result]}"] += 1
    if is_invalid(contact, rules):
        cell["invalid"] += 1
        cell[f"invalid_{contact.direction}"] += 1
    if contact.legs and talk_s(contact) < rules.invalid_call_s:
        cell["invalid_talk"] += 1
    if contact.direction == "outbound":
        cell["out_answered"] += result == "answered"
        return
    cell["unanswered"] += result != "answered"
    if contact.legs:
        _add_response(cell, contact)
    cell["not_through"] += result in ("blocked", "failed")
    if contact.visits or contact.legs:
        target = rules.queues[contact.visits[0].queue_id].sl_target_s if contact.visits else rules.sl_target_s
        _add_access(cell, _HOW.get(result, result), wait_s(contact), target, is_queued=bool(contact.visits))


def _add_visit(cell: Cell, visit: Visit, queue: QueueRules) -> None:
    """Count one visit to a queue by its own wait and exit."""
    how = "flow_out"
    if visit.exit_kind == "answered":
        how = "answered"
    elif visit.exit_kind == "abandoned":
        how = "short" if visit.wait_s < queue.short_abandon_s else "abandoned"
    _add_access(cell, how, visit.wait_s, queue.sl_target_s, is_queued=True)


def odd_talks(talks: Iterable[int], own_limit_s: int | None, rules: CentreRules) -> Callable[[int], bool]:
    """Whether a talk is very short or very long among the talks of its group.

    Long is above the 99.5th percentile (linear interpolation) of the answered contacts of the same local date (of
    `counted_at`), direction and last answering queue, or above the queue's own limit where it sets one.
    """
    long_s = percentile(list(talks), LONG_TALK) if own_limit_s is None else Fraction(own_limit_s)
    return lambda seconds: seconds < rules.anomalous_short_s or seconds > long_s


def percentile(values: list[int], share: Fraction) -> Fraction:
    """Percentile by linear interpolation between the two nearest ranks, exact."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


class _Group(NamedTuple):
    """Whose talks are compared with each other; the queue is that of the last answer."""

    direction: str
    queue_id: str | None


class TelephoneRecount:
    """Takes calls, rings and stays of agents as they end, and shifts as they are written. `has_issues`: whether agents
    note issues in a CRM; `region_of`: where a call comes from; `business_of`: its line of business; no paid time is
    counted after `known_until`."""

    def __init__(
        self,
        rules: CentreRules,
        has_issues: bool = False,
        region_of: RegionOf = by_number,
        business_of: BusinessOf = no_business,
        known_until: int = NEVER,
    ) -> None:
        self._rules, self._has_issues, self._region_of, self._business_of = rules, has_issues, region_of, business_of
        self._contacts: DayCells[tuple[int, str]] = DayCells()
        self._places: dict[str, DayCells[str]] = {kind: DayCells() for kind in BY_PLACE}
        self._handling: DayCells[tuple[str, str | None, str | None]] = DayCells()
        self._queue_talk: DayCells[str] = DayCells()
        self._visits: DayCells[tuple[str, int]] = DayCells()
        self._queue_rings: DayCells[str] = DayCells()
        # by local day and group, how many contacts of an hour, channel and places talked so many seconds
        self._talks: dict[int, dict[_Group, Counter[tuple[int, int, str, Places]]]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self._agents = AgentTime(rules, self._add_leg)
        self._paid = PaidTime(known_until)
        self._settled_until = 0

    def add_contact(self, contact: Contact) -> None:
        """Take a call that ended."""
        rules = self._rules
        self._check(contact.started_at)
        counted = counted_at(contact) + rules.utc_offset_s
        day, hour = counted // 86400, counted % 86400 // 3600
        _add_contact(self._contacts.of(day)[hour, contact.channel], contact, rules)
        region = self._region_of(contact)
        places = self._places_of(contact, region)
        for kind, place in places:
            _add_contact(self._places[kind].of(day)[place], contact, rules)
        for visit in contact.visits:
            entered = visit.entered_at + rules.utc_offset_s
            cell = self._visits.of(entered // 86400)[visit.queue_id, entered % 86400 // 3600]
            _add_visit(cell, visit, rules.queues[visit.queue_id])
        if contact.legs:
            queue_id = next((leg.queue_id for leg in reversed(contact.legs) if leg.queue_id), None)
            group = _Group(contact.direction, queue_id)
            self._talks[day][group][talk_s(contact), hour, contact.channel, places] += 1
            issue_id = contact.issue_id if self._has_issues else None
            ended = Ended((contact.ended_at + rules.utc_offset_s) // 86400, contact.channel, issue_id, region)
            self._handling.of(ended.day)[ended[1:]]["handled"] += 1
            for leg in contact.legs:
                self._agents.add_leg(leg, ended)

    def add_ring(self, ring: Ring) -> None:
        """Take a ring attempt that ended."""
        self._check(ring.started_at)
        self._agents.add_ring(ring)
        add_ring(self._queue_rings.of((ring.ended_at + self._rules.utc_offset_s) // 86400)[ring.queue_id], ring)

    def add_presence(self, presence: Presence) -> None:
        """Take a stay of an agent that ended."""
        self._check(presence.started_at)
        self._agents.add_presence(presence)

    def add_record(self, record: Record) -> None:
        """Take a record; those of other feeds than the roster's are left alone."""
        self._paid.add(record)

    def settle(self, until: int) -> None:
        """Count what is final when all is known that began before a local midnight."""
        for day in settled_days(self._talks, until):
            for group, talks in self._talks.pop(day).items():
                own_limit_s = self._rules.queues[group.queue_id].anomalous_long_s if group.queue_id else None
                is_odd = odd_talks((seconds for seconds, *_ in talks.elements()), own_limit_s, self._rules)
                for (seconds, hour, channel, places), contacts in talks.items():
                    odd = contacts * is_odd(seconds)
                    self._contacts.of(day)[hour, channel]["anomalous"] += odd
                    for kind, place in places:
                        self._places[kind].of(day)[place]["anomalous"] += odd
        self._agents.settle(until)
        self._paid.settle(until)
        self._settled_until = max(self._settled_until, until)

    def values(self, teams: Mapping[str, str] | None = None) -> Iterator[Value]:
        """Every value that the rulings define, ordered; nothing may be added afterwards. `teams`: the team of an
        agent who has one.

        Counts have a row in each cell of their family that holds any record (so a row of 0 is possible); a ratio where
        its numerator or denominator is above 0, with value None where the denominator is 0; an extreme where a record
        exists.
        """
        self.settle(NEVER)
        self._agents.close()
        return in_order_of(self._found(teams or {}), order_of)

    def _found(self, teams: Mapping[str, str]) -> Iterator[Value]:
        yield from contact_values(self._contacts)
        yield from place_values(self._places)
        yield from handling_values(self._handling, self._queue_talk)
        yield from agent_values(self._agents.cells, teams)
        yield from self._paid.values(self._agents.cells, teams)
        yield from queue_values(self._visits, self._queue_rings)

    @property
    def held(self) -> int:
        """How many conversations, pauses, spans, shifts and lengths of talks are kept."""
        talks = sum(len(talks) for groups in self._talks.values() for talks in groups.values())
        return self._agents.held + self._paid.held + talks

    def _places_of(self, contact: Contact, region: str | None) -> Places:
        told = {
            "line": contact.line_id,
            "campaign": contact.campaign_id,
            "region": region,
            "line_of_business": self._business_of(contact),
        }
        return tuple((kind, place) for kind, place in told.items() if place is not None)

    def _check(self, started_at: int) -> None:
        assert started_at >= self._settled_until, f"what began at {started_at} was told of more than a day later"

    def _add_leg(self, leg: Leg, ended: Ended, acw_s: int) -> None:
        cell = self._handling.of(ended.day)[ended[1:]]
        cell["talk_s"] += leg.talk_s
        cell["handle_s"] += leg.talk_s + acw_s
        if leg.queue_id is not None:
            day = (leg.ended_at + self._rules.utc_offset_s) // 86400
            add_talk(self._queue_talk.of(day)[leg.queue_id], leg, acw_s)


def recount(history: History, rules: CentreRules, teams: Mapping[str, str] | None = None) -> list[Value]:
    """The values of a history that is all at hand; `teams` as of `TelephoneRecount.values`."""
    found = TelephoneRecount(rules)
    for contact in history.contacts:
        found.add_contact(contact)
    for ring in history.rings:
        found.add_ring(ring)
    for presence in history.presences:
        found.add_presence(presence)
    return list(found.values(teams))
