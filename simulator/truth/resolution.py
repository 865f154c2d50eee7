"""First-contact resolution and repeats (M093–M099, M183), counted from simulated contacts and the events of tickets.

Belongs here: the rulings Q1 and Q2 once more, over records of `events`; the example is section 20 of DECISIONS.md.
Does not belong here: what was really solved (`Contact.is_solved`, which no system sees), anything shared with the
warehouse.

A contact counts on the local date of its end: only then it can have solved anything. A later inbound contact of any
medium *repeats* an earlier one if customer and issue are the same and it starts after that one's end and no more than
the window later. A contact is *reopened* if a ticket that names it was opened again within the same time. A contact is
mature when the whole window has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from simulator.events import Contact
from simulator.records import Record
from simulator.truth.regions import RegionOf, by_number
from simulator.truth.sorting import SortedValues
from simulator.truth.values import Cell, Formula, Value
from simulator.truth.versions import NEVER, settled_days

K = TypeVar("K", bound=Hashable)
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class ResolutionRules:
    """What the recount must know. `as_of`: until when the contacts are known (epoch seconds).

    `not_resolvable`: issues that no first contact can solve, left out of net rates. `tier_of`: the tier of a customer
    at an instant; None where it is not known. `region_of`: where a contact comes from.
    """

    as_of: int
    window_s: int = 7 * DAY_S
    utc_offset_s: int = 8 * 3600
    not_resolvable: frozenset[str] = frozenset()
    tier_of: Callable[[str, int], str | None] = lambda customer_id, at: None
    region_of: RegionOf = by_number


FIRST_CONTACT = (
    ("fcr_7d_issue", ("resolved_net",), ("mature_first_net",)),
    ("fcr_7d_issue_gross", ("resolved",), ("mature_first",)),
    ("fcr_declared", ("declared_first_net",), ("first_net",)),
    ("fcr_declared_gross", ("declared_first",), ("first",)),
    ("mature_share", ("mature_first_net",), ("first_net",)),
)
BY_CALLER = (("fcr_caller_id", ("calls_resolved",), ("mature_first_calls",)),)
REPEATS = (
    Formula("M098", "forward", ("followed",), ("mature",)),
    Formula("M098", "backward", ("repeats",), ("handled",)),
    Formula("M183", "mature_first", ("declared_mature_net", "-resolved_net"), ("mature_first_net",)),
)
REPEAT_COUNT = Formula("M099", "all", ("repeats",))
UNKNOWN = Formula("M094", "unknown_customer", ("unknown_customer",))
COMPLETION = (
    Formula("M093", "contact_and_ticket", ("resolved",), ("mature_first",)),
    Formula("M093", "contact", ("not_followed",), ("mature_first",)),
)
SINGLE = (
    Formula("M096", "declared", ("declared_solved",), ("declared",)),
    Formula("M096", "observed_7d", ("resolved",), ("mature",)),
)
_FCR, _FCR_BY_CALLER = (tuple(Formula("M094", *variant) for variant in some) for some in (FIRST_CONTACT, BY_CALLER))
_BY_SET: dict[tuple[str, ...], tuple[Formula, ...]] = {
    (): (*_FCR, *_FCR_BY_CALLER, *REPEATS, *COMPLETION, *SINGLE, REPEAT_COUNT, UNKNOWN),
    ("issue",): (*_FCR, *REPEATS, *COMPLETION, *SINGLE, REPEAT_COUNT),
    ("queue",): (*_FCR, *_FCR_BY_CALLER, *REPEATS, REPEAT_COUNT),
    ("channel",): (*_FCR, *_FCR_BY_CALLER, *REPEATS, *COMPLETION, *SINGLE, REPEAT_COUNT, UNKNOWN),
    ("channel", "issue"): COMPLETION,
    ("tier",): (*_FCR, *REPEATS, REPEAT_COUNT),
    ("region",): (*_FCR, *_FCR_BY_CALLER, *REPEATS, REPEAT_COUNT),
    ("agent",): (
        *(Formula("M095", *variant) for variant in (*FIRST_CONTACT, *BY_CALLER)),
        *(Formula("M097", "forward", ("followed",), ("mature",)), *REPEATS, *SINGLE, REPEAT_COUNT),
    ),
}
"""What is told by which dimensions."""


class Key(NamedTuple):
    """The finest grain."""

    day: int
    issue: str | None
    queue: str | None
    channel: str
    agent: str | None
    tier: str | None
    region: str | None


@dataclass(slots=True, eq=False)
class _Kept:
    """A contact until its window has passed: whether it repeats an earlier one, whether another one repeats it, and
    whether one of its `tickets` was opened again.

    Of the same customer and issue, and of the same number. `caller` and `customer` are None where there is no such
    group.
    """

    contact_id: str
    key: Key
    started_at: int
    ended_at: int
    is_handled: bool
    has_legs: bool
    is_declared: bool | None
    customer: str | None
    caller: str | None
    tickets: list[str] = field(default_factory=list)
    is_reopened: bool = False
    is_repeat: bool = False
    is_followed: bool = False
    is_repeated_call: bool = False
    is_followed_call: bool = False


def _repeats(later: _Kept, earlier: _Kept, window_s: int) -> bool:
    return earlier.ended_at < later.started_at <= earlier.ended_at + window_s


def is_handled(contact: Contact) -> bool:
    """An inbound contact that an agent dealt with and coded."""
    return contact.direction == "inbound" and contact.issue_id is not None


def _caller(contact: Contact) -> str | None:
    """The number of an inbound call, whatever became of it; a hidden number is nobody's."""
    is_call = contact.direction == "inbound" and contact.medium == "voice"
    return contact.caller if is_call and contact.caller != "anonymous" else None


def _queue(contact: Contact) -> str | None:
    """The queue of its last answer."""
    return next((visit.queue_id for visit in reversed(contact.visits) if visit.exit_kind == "answered"), None)


class ResolutionRecount:
    """Takes contacts of any medium, and tickets and their events, and keeps each contact until the window after its end
    has passed."""

    feeds = ("canonical.ticket", "canonical.ticket_event")

    def __init__(self, rules: ResolutionRules) -> None:
        self._rules = rules
        self._cells: dict[Key, Cell] = defaultdict(lambda: defaultdict(int))  # of a day that is being settled
        self._values = SortedValues(lambda value: tuple("" if part is None else str(part) for part in value))
        self._by_end: dict[int, list[_Kept]] = defaultdict(list)
        self._by_issue: dict[tuple[str, str | None], list[_Kept]] = defaultdict(list)
        self._by_caller: dict[str, list[_Kept]] = defaultdict(list)
        self._by_id: dict[str, _Kept] = {}
        self._by_ticket: dict[str, _Kept] = {}
        self._settled_until = 0

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled counts as a call of its number alone."""
        handled, caller = is_handled(contact), _caller(contact)
        if not handled and caller is None:
            return
        assert contact.started_at >= self._settled_until, f"{contact.contact_id} was told of too late"
        day = (contact.ended_at + self._rules.utc_offset_s) // DAY_S
        customer = contact.customer_id if handled else None
        tier = self._rules.tier_of(customer, contact.started_at) if customer is not None else None
        region = self._rules.region_of(contact)
        key = Key(day, contact.issue_id, _queue(contact), contact.channel, contact.last_agent_id, tier, region)
        kept = _Kept(
            contact.contact_id, key, contact.started_at, contact.ended_at, handled, bool(contact.legs),
            contact.is_declared_solved, customer, caller,
        )  # fmt: skip
        self._by_end[day].append(kept)
        self._by_id[contact.contact_id] = kept
        if customer is not None:
            self._by_issue[customer, contact.issue_id].append(kept)
        if caller is not None:
            self._by_caller[caller].append(kept)

    def add(self, record: Record) -> None:
        """Take a record; it counts if it says that a ticket of a contact was opened again in its window."""
        row = record.row
        if record.feed == "canonical.ticket" and row["ticket_id"] not in self._by_ticket:
            kept = self._by_id.get(row["contact_id"])
            if kept is not None:
                kept.tickets.append(row["ticket_id"])
                self._by_ticket[row["ticket_id"]] = kept
        elif record.feed == "canonical.ticket_event" and row["kind"] == "reopened":
            kept = self._by_ticket.get(row["ticket_id"])
            if kept is not None and kept.ended_at < row["happened_at"] <= kept.ended_at + self._rules.window_s:
                kept.is_reopened = True

    def settle(self, until: int) -> None:
        """Count the contacts whose window has passed when all is known that began before an instant."""
        for day in settled_days(self._by_end, until, self._rules.window_s):
            for one in sorted(self._by_end.pop(day), key=lambda kept: kept.ended_at):
                self._decide(one)
                if one.is_handled:
                    self._count(one)
                del self._by_id[one.contact_id]
                for ticket_id in one.tickets:
                    del self._by_ticket[ticket_id]
            self._values.extend(self._of_day())
            self._cells.clear()
        self._settled_until = max(self._settled_until, until)

    def _decide(self, one: _Kept) -> None:
        """Of two contacts the earlier one says what both are to each other; then it is not needed any more."""
        window_s = self._rules.window_s
        if one.customer is not None:
            group = self._by_issue[one.customer, one.key.issue]
            for other in group:
                if _repeats(other, one, window_s):
                    other.is_repeat = one.is_followed = True
            _leave(self._by_issue, (one.customer, one.key.issue), group, one)
        if one.caller is not None:
            calls = self._by_caller[one.caller]
            for other in calls:
                if _repeats(other, one, window_s):
                    one.is_followed_call = True
                    # a call that nobody answered may repeat another, but makes no other call a repeat
                    other.is_repeated_call = other.is_repeated_call or one.has_legs
            _leave(self._by_caller, one.caller, calls, one)

    def _count(self, one: _Kept) -> None:
        """Count a handled contact; most sums are of known customers."""
        rules, cell = self._rules, self._cells[one.key]
        is_mature = one.ended_at + rules.window_s <= rules.as_of
        cell["unknown_customer"] += one.customer is None
        cell["declared"] += one.is_declared is not None
        cell["declared_solved"] += one.is_declared is True
        if one.customer is not None:
            is_resolved = not one.is_followed and not one.is_reopened
            cell["handled"] += 1
            cell["repeats"] += one.is_repeat
            cell["mature"] += is_mature
            cell["followed"] += is_mature and one.is_followed
            if not one.is_repeat:
                cell["first"] += 1
                cell["declared_first"] += one.is_declared is True
                cell["mature_first"] += is_mature
                cell["resolved"] += is_mature and is_resolved
                cell["not_followed"] += is_mature and not one.is_followed
            if not one.is_repeat and one.key.issue not in rules.not_resolvable:
                cell["first_net"] += 1
                cell["declared_first_net"] += one.is_declared is True
                cell["mature_first_net"] += is_mature
                cell["resolved_net"] += is_mature and is_resolved
                cell["declared_mature_net"] += is_mature and one.is_declared is True
        if one.caller is not None and is_mature and not one.is_repeated_call:
            cell["mature_first_calls"] += 1
            cell["calls_resolved"] += not one.is_followed_call

    def values(self) -> Iterator[Value]:
        """Every value by day, for the centre and for each set of dimensions of `_BY_SET`; ordered.

        A ratio has a row where its numerator or denominator is above 0, the repeats where a contact of a known customer
        is, the unknown customers where any handled contact is.
        """
        self.settle(NEVER)
        return iter(self._values)

    def _of_day(self) -> Iterator[Value]:
        for names, formulas in _BY_SET.items():
            yield from _rows(self._cells, names, formulas)

    @property
    def held(self) -> int:
        """How many contacts are kept."""
        return sum(map(len, self._by_end.values()))


def _leave(groups: dict[K, list[_Kept]], name: K, group: list[_Kept], one: _Kept) -> None:
    group.remove(one)
    if not group:
        del groups[name]


def recount_resolution(
    contacts: Iterable[Contact], rules: ResolutionRules, records: Iterable[Record] = ()
) -> list[Value]:
    """The values of contacts, and of records of tickets, that are all at hand."""
    recount = ResolutionRecount(rules)
    for contact in contacts:
        recount.add_contact(contact)
    for record in records:
        recount.add(record)
    return list(recount.values())


def _rows(cells: dict[Key, Cell], names: tuple[str, ...], formulas: Iterable[Formula]) -> Iterator[Value]:
    rolled: dict[tuple[int, tuple[str, ...]], Cell] = defaultdict(lambda: defaultdict(int))
    for key, cell in cells.items():
        members = tuple(getattr(key, name) for name in names)
        if None not in members:
            for name, amount in cell.items():
                rolled[key.day, members][name] += amount
    for (day, members), cell in rolled.items():
        of = dict(zip(names, members, strict=True))
        for formula in formulas:
            applied = formula.apply(cell)
            if applied is None or (formula is REPEAT_COUNT and not cell["handled"]):
                continue
            yield Value(
                formula.kpi_id,
                formula.variant,
                "day",
                str(date(1970, 1, 1) + timedelta(days=day)),
                "+".join(names) or "all",
                of.get("queue"),
                of.get("channel"),
                of.get("agent"),
                None,
                None,
                *applied,
                issue=of.get("issue"),
                tier=of.get("tier"),
                region=of.get("region"),
            )
