"""What the centre remembers of contacts that may come back.

Belongs here: the earlier contacts that a later one can repeat or complain about, as long as that is likely. Does not
belong here: anything that is written down.
"""

from __future__ import annotations

from collections import OrderedDict

from simulator.aftermath.case import Earlier
from simulator.events import Contact

REMEMBERED_S = 30 * 86_400


class Memory:
    """Earlier contacts by id and by customer, for `REMEMBERED_S` after they ended, so that memory has a bound."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, Earlier] = OrderedDict()
        self._of_customer: dict[str, str] = {}
        self._customer_of: dict[str, str] = {}

    def earlier(self, contact: Contact) -> Earlier | None:
        """The contact that this one repeats, or else the last one remembered of its customer."""
        named = self._by_id.get(contact.repeat_of) if contact.repeat_of else None
        return named or self._by_id.get(self._of_customer.get(contact.customer_id or "", ""))

    def keep(self, earlier: Earlier, customer_id: str | None) -> None:
        """Remember a contact, and forget those that are too old."""
        self._by_id[earlier.contact_id] = earlier
        if customer_id is not None:
            self._of_customer[customer_id] = earlier.contact_id
            self._customer_of[earlier.contact_id] = customer_id
        while next(iter(self._by_id.values())).ended_at < earlier.ended_at - REMEMBERED_S:
            forgotten, _ = self._by_id.popitem(last=False)
            customer = self._customer_of.pop(forgotten, None)
            if customer is not None and self._of_customer.get(customer) == forgotten:
                del self._of_customer[customer]
