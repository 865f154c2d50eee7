"""First-contact resolution and repeats (M094, M095, M097–M099, M183), counted from simulated contacts.

Belongs here: the rulings Q1 and Q2 once more, over records of `events`; the example is section 20 of DECISIONS.md.
Does not belong here: what was really solved (`Contact.is_solved`, which no system sees), anything shared with the
warehouse.

A contact counts on the local date of its end: only then it can have solved anything. A later inbound contact of any
medium *repeats* an earlier one if customer and issue are the same and it starts after that one's end and no more than
the window later. A contact is mature when the whole window has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from simulator.events import Contact
from simulator.truth.values import Cell, Formula, Value

K = TypeVar("K", bound=Hashable)
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class ResolutionRules:
    """What the recount must know. `as_of`: until when the contacts are known (epoch seconds).

    `not_resolvable`: issues that no first contact can solve, left out of net rates. `reopened`: contacts whose ticket
    was opened again or followed up, which their first contact therefore did not solve.
    """

    as_of: int
    window_s: int = 7 * DAY_S
    utc_offset_s: int = 8 * 3600
    not_resolvable: frozenset[str] = frozenset()
    reopened: frozenset[str] = frozenset()


FIRST_CONTACT = (
    ("fcr_7d_issue", ("resolved_net",), ("mature_first_net",)),
    ("fcr_7d_issue_gross", ("resolved",), ("mature_first",)),
    ("fcr_declared", ("declared_first_net",), ("first_net",)),
    ("mature_share", ("mature_first_net",), ("first_net",)),
)
BY_CALLER = (("fcr_caller_id", ("calls_resolved",), ("mature_first_calls",)),)
REPEATS = (
    Formula("M098", "forward", ("followed",), ("mature",)),
    Formula("M098", "backward", ("repeats",), ("handled",)),
    Formula("M099", "all", ("repeats",)),
    Formula("M183", "mature_first", ("declared_mature_net", "-resolved_net"), ("mature_first_net",)),
)
OF_CENTRE = (
    *(Formula("M094", *variant) for variant in (*FIRST_CONTACT, *BY_CALLER)),
    *REPEATS,
    Formula("M094", "unknown_customer", ("unknown_customer",)),
)
OF_ISSUE = (*(Formula("M094", *variant) for variant in FIRST_CONTACT), *REPEATS)
OF_AGENT = (
    *(Formula("M095", *variant) for variant in (*FIRST_CONTACT, *BY_CALLER)),
    Formula("M097", "forward", ("followed",), ("mature",)),
    *REPEATS,
)


class Key(NamedTuple):
    """The finest grain."""

    day: int
    issue: str | None
    queue: str | None
    channel: str
    agent: str | None


class Place(NamedTuple):
    """Where a contact stands among those of its group."""

    is_repeat: bool
    is_followed: bool


def places(groups: dict[K, list[Contact]], window_s: int) -> dict[str, Place]:
    """By contact id: whether it repeats an earlier one of its group, and whether another one repeats it."""
    found: dict[str, Place] = {}
    for contacts in groups.values():
        for one in contacts:
            others = [other for other in contacts if other is not one]
            found[one.contact_id] = Place(
                any(_repeats(one, other, window_s) for other in others),
                any(_repeats(other, one, window_s) for other in others),
            )
    return found


def _repeats(later: Contact, earlier: Contact, window_s: int) -> bool:
    return earlier.ended_at < later.started_at <= earlier.ended_at + window_s


def is_handled(contact: Contact) -> bool:
    """An inbound contact that an agent dealt with and coded."""
    return contact.direction == "inbound" and contact.issue_id is not None


def _grouped(contacts: Iterable[Contact]) -> dict[tuple[str | None, str | None], list[Contact]]:
    groups: dict[tuple[str | None, str | None], list[Contact]] = defaultdict(list)
    for contact in contacts:
        groups[contact.customer_id, contact.issue_id].append(contact)
    return groups


def _by_caller(contacts: Iterable[Contact]) -> dict[str, list[Contact]]:
    """Inbound calls by their number, whatever became of them; a hidden number is nobody's."""
    groups: dict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.direction == "inbound" and contact.medium == "voice" and contact.caller != "anonymous":
            groups[contact.caller].append(contact)
    return groups


def _queue(contact: Contact) -> str | None:
    """The queue of its last answer."""
    return next((visit.queue_id for visit in reversed(contact.visits) if visit.exit_kind == "answered"), None)


def _add(cell: Cell, contact: Contact, place: Place, rules: ResolutionRules) -> None:
    """Count one handled contact of a known customer."""
    is_mature = contact.ended_at + rules.window_s <= rules.as_of
    is_net = contact.issue_id not in rules.not_resolvable
    is_resolved = not place.is_followed and contact.contact_id not in rules.reopened
    cell["handled"] += 1
    cell["repeats"] += place.is_repeat
    cell["mature"] += is_mature
    cell["followed"] += is_mature and place.is_followed
    if place.is_repeat:
        return
    cell["mature_first"] += is_mature
    cell["resolved"] += is_mature and is_resolved
    if is_net:
        is_declared = bool(contact.is_declared_solved)
        cell["first_net"] += 1
        cell["declared_first_net"] += is_declared
        cell["mature_first_net"] += is_mature
        cell["resolved_net"] += is_mature and is_resolved
        cell["declared_mature_net"] += is_mature and is_declared


def _cells(contacts: list[Contact], rules: ResolutionRules) -> dict[Key, Cell]:
    cells: dict[Key, Cell] = defaultdict(lambda: defaultdict(int))

    def cell_of(contact: Contact) -> Cell:
        day = (contact.ended_at + rules.utc_offset_s) // DAY_S
        return cells[Key(day, contact.issue_id, _queue(contact), contact.channel, contact.last_agent_id)]

    handled = [contact for contact in contacts if is_handled(contact)]
    known = [contact for contact in handled if contact.customer_id is not None]
    by_issue = places(_grouped(known), rules.window_s)
    for contact in known:
        _add(cell_of(contact), contact, by_issue[contact.contact_id], rules)
    for contact in handled:
        cell_of(contact)["unknown_customer"] += contact.customer_id is None

    calls = _by_caller(contacts)
    # a call that nobody answered may repeat another, but is no first contact and makes no other call a repeat
    repeats = places({number: [c for c in group if c.legs] for number, group in calls.items()}, rules.window_s)
    followed = places(calls, rules.window_s)
    for contact in (contact for group in calls.values() for contact in group):
        is_mature = contact.ended_at + rules.window_s <= rules.as_of
        if is_handled(contact) and is_mature and not repeats[contact.contact_id].is_repeat:
            cell = cell_of(contact)
            cell["mature_first_calls"] += 1
            cell["calls_resolved"] += not followed[contact.contact_id].is_followed
    return cells


def recount_resolution(contacts: list[Contact], rules: ResolutionRules) -> list[Value]:
    """Every value by day at the centre, and by day and issue, queue, channel and agent; ordered.

    A ratio has a row where its numerator or denominator is above 0, a count in each cell that holds a contact.
    """
    cells = _cells(contacts, rules)
    values = list(_rows(cells, "all", OF_CENTRE))
    values += _rows(cells, "issue", OF_ISSUE)
    values += _rows(cells, "queue", (*OF_ISSUE, *(Formula("M094", *variant) for variant in BY_CALLER)))
    values += _rows(cells, "channel", OF_CENTRE)
    values += _rows(cells, "agent", OF_AGENT)
    return sorted(values, key=lambda value: tuple("" if part is None else str(part) for part in value))


def _rows(cells: dict[Key, Cell], dim_set: str, formulas: Iterable[Formula]) -> Iterator[Value]:
    rolled: dict[tuple[int, str | None], Cell] = defaultdict(lambda: defaultdict(int))
    for key, cell in cells.items():
        part = None if dim_set == "all" else getattr(key, dim_set)
        if dim_set == "all" or part is not None:
            for name, amount in cell.items():
                rolled[key.day, part][name] += amount
    for (day, part), cell in rolled.items():
        for formula in formulas:
            applied = formula.apply(cell)
            if applied is not None:
                yield Value(
                    formula.kpi_id,
                    formula.variant,
                    "day",
                    str(date(1970, 1, 1) + timedelta(days=day)),
                    dim_set,
                    part if dim_set == "queue" else None,
                    part if dim_set == "channel" else None,
                    part if dim_set == "agent" else None,
                    None,
                    None,
                    *applied,
                    issue=part if dim_set == "issue" else None,
                )
