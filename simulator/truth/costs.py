"""Cost per contact (M150) and labour's share of cost (M151), counted from the ledger and the contacts.

Belongs here: how a month's ledger is shared out over channels and queues (DECISIONS.md 22). Does not belong here: the
ledger itself, savings.

Sums are fractions until a value is made, so that the parts add up to the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from simulator.events import Contact
from simulator.local_time import DAY_S
from simulator.records import Record
from simulator.truth.sorting import in_order_of
from simulator.truth.tally import local_date, with_dimension
from simulator.truth.values import Value
from simulator.truth.versions import Row

Shares = dict[str, Fraction]
Seconds = dict[tuple[str, str], int]  # agent (and day), then what the time was for -> seconds
BOOKED_WITHIN_DAYS = 5
_NEVER = "9999-12"
_NONE = ""  # bears its part of the cost, and has no row
_DRIVERS = {"labour": "handling", "technology": "contacts", "telecom": "contacts", "facility": "seats"}


@dataclass(slots=True)
class _Driven:
    """What a month's ledger is shared out by, over the names of one dimension."""

    contacts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: Seconds = field(default_factory=lambda: defaultdict(int))
    seconds_of_day: Seconds = field(default_factory=lambda: defaultdict(int))


class _Month:
    """The contacts that ended in a month."""

    def __init__(self) -> None:
        self.contacts = 0
        self.by_dimension = {"channel": _Driven(), "queue": _Driven()}

    def add(self, contact: Contact) -> None:
        self.contacts += 1
        spent, date = handling_s(contact), local_date(contact.ended_at)
        for dim_set, name in (("channel", contact.channel), ("queue", queue_of(contact) or _NONE)):
            driven = self.by_dimension[dim_set]
            driven.contacts[name] += 1
            for agent_id, spent_s in spent.items():
                driven.seconds[agent_id, name] += spent_s
                driven.seconds_of_day[f"{agent_id}/{date}", name] += spent_s


class CostRecount:
    """Takes contacts and the ledger. A month is booked, and over, some days after its last date.

    A contact counts in the month in which it ends, with its first conversation's queue. Values in yuan.
    """

    feeds = ("canonical.cost",)

    def __init__(self, known_until: int) -> None:
        self._known_until = known_until
        self._ledger: dict[str, dict[str, Row]] = {}
        self._months: dict[str, _Month] = defaultdict(_Month)
        self._closed_before = ""
        self._values: list[Value] = []

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone."""
        if contact.last_agent_id is not None and contact.ended_at < self._known_until:
            month = _month_of(contact.ended_at)
            assert month >= self._closed_before, f"a contact of {month}, which was closed"
            self._months[month].add(contact)

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        if record.feed == "canonical.cost" and record.at < self._known_until:
            month = str(record.row["month"])[:7]
            assert month >= self._closed_before, f"{record.row['cost_id']} is of {month}, which was closed"
            ledger = self._ledger.setdefault(month, {})
            known = ledger.get(record.row["cost_id"])
            if known is None or known["record_updated_at"] <= record.row["record_updated_at"]:
                ledger[record.row["cost_id"]] = record.row

    def settle(self, until: int) -> None:
        """Close the months that were over some days before an instant."""
        self._closed_before = max(self._closed_before, _month_of(until - BOOKED_WITHIN_DAYS * DAY_S))
        for month in sorted({*self._ledger, *self._months}):
            if month < self._closed_before:
                self._values.extend(_of_month(month, self._ledger.pop(month, {}), self._months.pop(month, _Month())))

    def values(self) -> Iterator[Value]:
        """M150 and M151 of each booked month, ordered; M150 also by channel and by queue."""
        self._closed_before = _NEVER
        for month in sorted({*self._ledger, *self._months}):
            self._values.extend(_of_month(month, self._ledger.pop(month, {}), self._months.pop(month, _Month())))
        return in_order_of(
            self._values, key=lambda value: (value.kpi_id, value.dim_set, value.period_start, value[5:8])
        )

    @property
    def held(self) -> int:
        """How many months are open."""
        return len({*self._ledger, *self._months})


def recount_costs(contacts: Sequence[Contact], records: Iterable[Record], known_until: int) -> list[Value]:
    """The values of contacts and records that are all at hand."""
    recount = CostRecount(known_until)
    for contact in contacts:
        recount.add_contact(contact)
    for record in records:
        recount.add(record)
    return list(recount.values())


def _month_of(at: int) -> str:
    return str(local_date(at))[:7]


def _of_month(month: str, ledger: dict[str, Row], handled: _Month) -> Iterator[Value]:
    """Nothing of a month that was not booked."""
    if not ledger:
        return
    costs: dict[str, Fraction] = defaultdict(Fraction)
    for entry in ledger.values():
        costs[str(entry["cost_type"])] += Fraction(str(entry["amount"]))
    period = f"{month}-01"
    total = sum(costs.values(), Fraction())
    yield _value("M150", "handled", period, "all", None, total, handled.contacts)
    yield _value("M151", "all", period, "all", None, costs["labour"], total)
    for dim_set, driven in handled.by_dimension.items():
        yield from _shared_out(driven, costs, period, dim_set)


def _shared_out(driven: _Driven, costs: dict[str, Fraction], period: str, dim_set: str) -> Iterator[Value]:
    drivers = {
        "handling": _proportions(_summed(driven.seconds)),
        "contacts": _proportions({name: Fraction(number) for name, number in driven.contacts.items()}),
        "seats": _proportions(_heads(driven.seconds_of_day)),
        "heads": _proportions(_heads(driven.seconds)),
    }
    for name in driven.contacts.keys() - {_NONE}:
        cost = sum(
            (amount * drivers[_DRIVERS.get(cost_type, "heads")].get(name, 0) for cost_type, amount in costs.items()),
            Fraction(),
        )
        yield _value("M150", "handled", period, dim_set, name, cost, driven.contacts[name])


def handling_s(contact: Contact) -> dict[str, int]:
    """Seconds of handling by agent: conversations; of a text contact, which its last agent has, from the moment a chat
    was taken or a mail thread first answered to its end."""
    spent: dict[str, int] = defaultdict(int)
    for leg in contact.legs:
        spent[leg.agent_id] += leg.talk_s
    if contact.legs or contact.last_agent_id is None:
        return spent
    first = next(message.at for message in contact.messages if message.agent_id)
    taken = next((visit.left_at for visit in contact.visits if visit.agent_id), first)
    return {contact.last_agent_id: contact.ended_at - taken}


def queue_of(contact: Contact) -> str | None:
    """The queue whose agent answered first; None of a contact that was never queued."""
    return next((visit.queue_id for visit in contact.visits if visit.exit_kind == "answered"), None)


def _summed(seconds: Seconds) -> Shares:
    total: Shares = defaultdict(Fraction)
    for (_, name), spent_s in seconds.items():
        total[name] += spent_s
    return total


def _heads(seconds: Seconds) -> Shares:
    """Each agent (or agent of a day) is one, shared out by the seconds of handling."""
    whole: dict[str, int] = defaultdict(int)
    for (agent, _), spent_s in seconds.items():
        whole[agent] += spent_s
    heads: Shares = defaultdict(Fraction)
    for (agent, name), spent_s in seconds.items():
        if whole[agent]:
            heads[name] += Fraction(spent_s, whole[agent])
    return heads


def _proportions(amounts: Shares) -> Shares:
    total = sum(amounts.values(), Fraction())
    return {name: amount / total for name, amount in amounts.items()} if total else {}


def _value(
    kpi_id: str, variant: str, period: str, dim_set: str, name: str | None, cost: Fraction, of: Fraction | int
) -> Value:
    value = float(cost / of) if of else None
    row = Value(kpi_id, variant, "month", period, dim_set, *(None,) * 5, float(cost), float(of), value)
    return row if name is None else with_dimension(row, dim_set, name)
