"""How long answered customers of each tier waited (M024), counted from simulated calls.

Belongs here: access by what is known of the customer. Does not belong here: access as the telephone alone knows it
(`telephone`), satisfaction by tier (`surveys`), repeats by tier (`resolution`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.events import Contact
from simulator.truth.sums import Tally
from simulator.truth.telephone import counted_at, wait_s
from simulator.truth.telephone_kpis import WAITING
from simulator.truth.values import Value


class SegmentRecount:
    """Takes contacts; whoever an agent answered is a known customer or nobody. `tier_of`: the tier of a customer at an
    instant; that of the contact's start counts."""

    def __init__(self, tier_of: Callable[[str, int], str | None]) -> None:
        self._tier_of = tier_of
        self._waits = Tally(formula for formula in WAITING if formula.variant == "answered")

    def add_contact(self, contact: Contact) -> None:
        """Take a contact of any medium; answered calls from outside count."""
        is_answered_call = contact.medium == "voice" and contact.direction == "inbound" and contact.legs
        if is_answered_call and contact.customer_id is not None:
            amounts = {"wait_answered_s": wait_s(contact), "answered": 1}
            tier = self._tier_of(contact.customer_id, contact.started_at)
            self._waits.add(counted_at(contact), amounts, tier=tier)

    def values(self) -> Iterator[Value]:
        """The values by tier; those of all customers are told of the telephone."""
        return (value for value in self._waits.values() if value.dim_set == "tier")
