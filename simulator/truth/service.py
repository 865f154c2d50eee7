"""Service without an agent and service in writing (M023, M052, M058), counted from simulated contacts.

Belongs here: the rulings on the telephone menu and on answers in chats; the example is section 21 of DECISIONS.md.
Does not belong here: calls, queues and agents (`telephone`), anything shared with the warehouse.

A contact counts on the local date of its first queue entry, or of its start where it has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from simulator.events import Contact
from simulator.truth.sorting import in_order_of
from simulator.truth.values import Cell, Formula, Value

MENU = (
    Formula("M052", "centre", ("menu_to_queue",), ("menu",)),
    Formula("M058", "all", ("self_served",), ("menu",)),
)
CHAT = (
    Formula("M023", "turns", ("turn_s",), ("turns",)),
    Formula("M023", "first_response", ("first_response_s",), ("first_responses",)),
)


def turns_s(contact: Contact) -> list[int]:
    """Seconds from the first message of the customer to the next of an agent, turn by turn.

    What the customer adds meanwhile, and what a bot says, begins no turn and ends none.
    """
    found: list[int] = []
    asked_at: int | None = None
    for message in contact.messages:
        if message.sender == "customer" and asked_at is None:
            asked_at = message.at
        elif message.sender == "agent" and asked_at is not None:
            found.append(message.at - asked_at)
            asked_at = None
    return found


def _add(cell: Cell, contact: Contact) -> None:
    if contact.steps:
        cell["menu"] += 1
        cell["menu_to_queue"] += bool(contact.visits)
        cell["self_served"] += contact.is_self_served
    if contact.medium == "im":
        turns = turns_s(contact)
        cell["turns"] += len(turns)
        cell["turn_s"] += sum(turns)
        if turns:
            cell["first_responses"] += 1
            cell["first_response_s"] += turns[0]


class ServiceRecount:
    """Takes contacts of any medium and adds them up by day and channel."""

    def __init__(self, utc_offset_s: int = 8 * 3600) -> None:
        self._utc_offset_s = utc_offset_s
        self._cells: dict[tuple[int, str | None], Cell] = defaultdict(lambda: defaultdict(int))

    def add_contact(self, contact: Contact) -> None:
        """Take a contact."""
        counted_at = contact.visits[0].entered_at if contact.visits else contact.started_at
        day = (counted_at + self._utc_offset_s) // 86_400
        for channel in (None, contact.channel):
            _add(self._cells[day, channel], contact)

    def values(self) -> Iterator[Value]:
        """Values by day at the centre and by day and channel, ordered."""
        return in_order_of(_rows(self._cells), lambda value: tuple("" if part is None else str(part) for part in value))


def recount_service(contacts: Iterable[Contact]) -> list[Value]:
    """The values of contacts that are all at hand."""
    recount = ServiceRecount()
    for contact in contacts:
        recount.add_contact(contact)
    return list(recount.values())


def _rows(cells: dict[tuple[int, str | None], Cell]) -> Iterator[Value]:
    for (day, channel), cell in cells.items():
        for formula in (*MENU, *CHAT):
            applied = formula.apply(cell)
            if applied is not None:
                period = str(date(1970, 1, 1) + timedelta(days=day))
                dim_set = "all" if channel is None else "channel"
                yield Value(
                    formula.kpi_id, formula.variant, "day", period, dim_set, None, channel, None, None, None, *applied
                )
