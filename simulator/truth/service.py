"""Service without an agent and service in writing (M023, M051–M055, M058), counted from simulated contacts.

Belongs here: the rulings on the telephone menu and on answers in chats; the examples are in DECISIONS.md, 21 and 33.
Does not belong here: calls, queues and agents (`telephone`), anything shared with the warehouse.

A contact counts on the local date of its first queue entry, or of its start where it has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain

from simulator.events import Contact, Step
from simulator.truth.sorting import in_order_of
from simulator.truth.values import Cell, Formula, Value

MENU = (
    Formula("M052", "centre", ("menu_to_queue",), ("menu",)),
    Formula("M058", "all", ("self_served",), ("menu",)),
    Formula("M051", "contact", ("menu_s",), ("menu",)),
    Formula("M055", "contact", ("hops",), ("menu",)),
)
VISITS = (
    Formula("M053", "visits", ("hangups",), ("visits",)),
    Formula("M054", "selections", ("jumps",), ("selections",)),
)
AT_NODE = (Formula("M052", "node", ("to_agent",), ("visits",)), *VISITS)
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
        cell["menu_s"] += sum(step.left_at - step.entered_at for step in contact.steps)
        cell["hops"] += sum(step.ended == "next_node" for step in contact.steps)
        for step in contact.steps:
            _add_visit(cell, step)
    if contact.medium == "im":
        turns = turns_s(contact)
        cell["turns"] += len(turns)
        cell["turn_s"] += sum(turns)
        if turns:
            cell["first_responses"] += 1
            cell["first_response_s"] += turns[0]


def _add_visit(cell: Cell, step: Step) -> None:
    """Count one stay at a node; a key that leads nowhere is a selection without a jump."""
    cell["visits"] += 1
    cell["hangups"] += step.ended == "hangup"
    cell["to_agent"] += step.ended == "agent"
    cell["selections"] += step.key is not None
    cell["jumps"] += step.key is not None and step.ended != "invalid_key"


class ServiceRecount:
    """Takes contacts of any medium and adds them up by day and channel, and stays in the menu by day and node."""

    def __init__(self, utc_offset_s: int = 8 * 3600) -> None:
        self._utc_offset_s = utc_offset_s
        self._cells: dict[tuple[int, str | None], Cell] = defaultdict(lambda: defaultdict(int))
        self._nodes: dict[tuple[int, str], Cell] = defaultdict(lambda: defaultdict(int))

    def add_contact(self, contact: Contact) -> None:
        """Take a contact."""
        counted_at = contact.visits[0].entered_at if contact.visits else contact.started_at
        day = (counted_at + self._utc_offset_s) // 86_400
        for channel in (None, contact.channel):
            _add(self._cells[day, channel], contact)
        for step in contact.steps:
            _add_visit(self._nodes[day, step.node_id], step)

    def values(self) -> Iterator[Value]:
        """Values by day at the centre, by day and channel and by day and node, ordered."""
        found = chain(_rows(self._cells), _rows_of_nodes(self._nodes))
        return in_order_of(found, lambda value: tuple("" if part is None else str(part) for part in value))


def recount_service(contacts: Iterable[Contact]) -> list[Value]:
    """The values of contacts that are all at hand."""
    recount = ServiceRecount()
    for contact in contacts:
        recount.add_contact(contact)
    return list(recount.values())


def _rows(cells: dict[tuple[int, str | None], Cell]) -> Iterator[Value]:
    for (day, channel), cell in cells.items():
        for formula in (*MENU, *VISITS, *CHAT):
            applied = formula.apply(cell)
            if applied is not None:
                period = str(date(1970, 1, 1) + timedelta(days=day))
                dim_set = "all" if channel is None else "channel"
                yield Value(
                    formula.kpi_id, formula.variant, "day", period, dim_set, None, channel, None, None, None, *applied
                )


def _rows_of_nodes(cells: dict[tuple[int, str], Cell]) -> Iterator[Value]:
    for (day, node), cell in cells.items():
        for formula in AT_NODE:
            applied = formula.apply(cell)
            if applied is not None:
                period = str(date(1970, 1, 1) + timedelta(days=day))
                yield Value(
                    formula.kpi_id, formula.variant, "day", period, "node",
                    None, None, None, None, None, *applied, node=node,
                )  # fmt: skip
