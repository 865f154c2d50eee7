"""Cost per contact (M150) and labour's share of cost (M151), counted from the ledger and the contacts.

Belongs here: how a month's ledger is shared out over channels and queues (DECISIONS.md 22). Does not belong here: the
ledger itself, savings.

Sums are fractions until a value is made, so that the parts add up to the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from simulator.events import Contact
from simulator.records import Record
from simulator.truth.tally import latest, local_date, with_dimension
from simulator.truth.values import Value

Shares = dict[str, Fraction]
Seconds = dict[tuple[str, str], int]  # agent (and day), then what the time was for -> seconds
_NONE = ""  # bears its part of the cost, and has no row
_DRIVERS = {"labour": "handling", "technology": "contacts", "telecom": "contacts", "facility": "seats"}


def recount_costs(contacts: Sequence[Contact], records: Iterable[Record], known_until: int) -> list[Value]:
    """M150 and M151 of each booked month, ordered; M150 also by channel and by queue.

    A contact counts in the month in which it ends, with its first conversation's queue. Values in yuan.
    """
    ledger: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for entry in latest(records, "canonical.cost", "cost_id", known_until).values():
        ledger[str(entry["month"])[:7]][str(entry["cost_type"])] += Fraction(str(entry["amount"]))
    handled: dict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.last_agent_id is not None and contact.ended_at < known_until:
            handled[str(local_date(contact.ended_at))[:7]].append(contact)

    values: list[Value] = []
    for month, costs in sorted(ledger.items()):
        period = f"{month}-01"
        total = sum(costs.values(), Fraction())
        here = handled.get(month, [])
        values.append(_value("M150", "handled", period, "all", None, total, len(here)))
        values.append(_value("M151", "all", period, "all", None, costs["labour"], total))
        for dim_set, of in (("channel", lambda contact: contact.channel), ("queue", queue_of)):
            values.extend(_shared_out(here, costs, period, dim_set, of))
    return sorted(values, key=lambda value: (value.kpi_id, value.dim_set, value.period_start, value[5:8]))


def _shared_out(
    handled: list[Contact],
    costs: dict[str, Fraction],
    period: str,
    dim_set: str,
    of: Callable[[Contact], str | None],
) -> Iterable[Value]:
    contacts: dict[str, int] = defaultdict(int)
    seconds: Seconds = defaultdict(int)
    seconds_of_day: Seconds = defaultdict(int)
    for contact in handled:
        name = of(contact) or _NONE
        contacts[name] += 1
        for agent_id, spent_s in handling_s(contact).items():
            seconds[agent_id, name] += spent_s
            seconds_of_day[f"{agent_id}/{local_date(contact.ended_at)}", name] += spent_s
    drivers = {
        "handling": _proportions(_summed(seconds)),
        "contacts": _proportions({name: Fraction(number) for name, number in contacts.items()}),
        "seats": _proportions(_heads(seconds_of_day)),
        "heads": _proportions(_heads(seconds)),
    }
    for name in contacts.keys() - {_NONE}:
        cost = sum(
            (amount * drivers[_DRIVERS.get(cost_type, "heads")].get(name, 0) for cost_type, amount in costs.items()),
            Fraction(),
        )
        yield _value("M150", "handled", period, dim_set, name, cost, contacts[name])


def handling_s(contact: Contact) -> dict[str, int]:
    """Seconds of handling by agent: conversations, or a chat from its agent's first message to its end."""
    spent: dict[str, int] = defaultdict(int)
    for leg in contact.legs:
        spent[leg.agent_id] += leg.talk_s
    if contact.legs:
        return spent
    begun = {message.agent_id: message.at for message in reversed(contact.messages) if message.agent_id}
    return {agent_id: contact.ended_at - at for agent_id, at in begun.items()}


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
