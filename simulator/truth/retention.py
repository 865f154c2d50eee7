"""Annual retention (M137), counted from contacts and orders.

Belongs here: the ruling Q12 and DECISIONS.md 22. Does not belong here: what a tier is (the customers' own module).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from simulator.catalogue import ISSUE_BY_ID
from simulator.events import Contact
from simulator.local_time import midnight, number_of
from simulator.records import Record
from simulator.truth.tally import ALL, Slice, Tally, local_date
from simulator.truth.values import Value
from simulator.truth.versions import NEVER, Versions

ORDER_DAYS = 30  # nothing of an order is written later
_MONTHS = ("month",)
_FIRST_YEAR = 2000
_YEAR = (1 << 12) - 1
Months = dict[str, int]


class RetentionRecount:
    """Takes contacts and orders; of a customer it keeps the months in which something happened.

    `known_until`: the instant up to which records are known. `tier_of`: the tier of a customer at an instant; the one
    at the anchor counts.
    """

    feeds = ("canonical.order",)

    def __init__(self, known_until: int, tier_of: Callable[[str, int], str]) -> None:
        self._known_until, self._tier_of = known_until, tier_of
        self._orders = Versions(("order_id",), "created_at", ORDER_DAYS)
        # by customer a bit for each month since 2000
        self._served: Months = defaultdict(int)
        self._active: Months = defaultdict(int)
        self._bought: Months = defaultdict(int)

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one of somebody unknown, or that no agent handled, is left alone."""
        if contact.customer_id is not None and contact.last_agent_id is not None:
            month = _bit(contact.ended_at)
            self._served[contact.customer_id] |= month
            if contact.direction == "inbound" and not _is_complaint(contact):
                self._active[contact.customer_id] |= month

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        if record.feed == "canonical.order" and record.at < self._known_until:
            self._orders.put(record.row)

    def settle(self, until: int) -> None:
        """Count what is final when all is known that was written before an instant."""
        for order in self._orders.settled(until):
            customer_id, paid_at = order["customer_id"], order["paid_at"]
            if customer_id is not None and paid_at is not None:
                self._bought[customer_id] |= _bit(paid_at)
                self._active[customer_id] |= _bit(paid_at)

    def values(self) -> Iterator[Value]:
        """M137 by anchor month, of each month that began a year or more before `known_until`, in all and by tier.

        Customers served in the twelve months before the anchor, and how many of them came back in the twelve after it.
        """
        self.settle(NEVER)
        tally = Tally()
        months = 0
        for found in (*self._served.values(), *self._bought.values()):
            months |= found
        variants = (
            ("repurchase", self._served, self._bought),
            ("any_activity", self._served, self._active),
            ("buyers", self._bought, self._bought),
        )
        for anchor in _anchors(months, self._known_until):
            before, after = _YEAR << (anchor - 12), _YEAR << anchor
            at = _instant(anchor)
            for variant, cohort, returns in variants:
                for customer_id, found in cohort.items():
                    if found & before:
                        slices: list[Slice] = [ALL, ("tier", self._tier_of(customer_id, at))]
                        is_back = bool(returns.get(customer_id, 0) & after)
                        tally.add("M137", variant, at, slices, int(is_back), 1, grains=_MONTHS)
        return tally.values()

    @property
    def held(self) -> int:
        """How many orders are kept; customers are not counted."""
        return len(self._orders)


def recount_retention(
    contacts: Sequence[Contact],
    records: Iterable[Record],
    known_until: int,
    tier_of: Callable[[str, int], str],
) -> list[Value]:
    """The values of contacts and records that are all at hand."""
    recount = RetentionRecount(known_until, tier_of)
    for contact in contacts:
        recount.add_contact(contact)
    for record in records:
        recount.add(record)
    return list(recount.values())


def _is_complaint(contact: Contact) -> bool:
    issue = ISSUE_BY_ID.get(contact.issue_id or "")
    return issue is not None and issue.parent_id == "complaint"


def _bit(at: int) -> int:
    """The month of an instant."""
    day = local_date(at)
    return 1 << ((day.year - _FIRST_YEAR) * 12 + day.month - 1)


def _anchors(months: int, known_until: int) -> Iterator[int]:
    """The numbers of all months after the first in which something happened whose year is over."""
    if months:
        month = (months & -months).bit_length()
        while _instant(month + 12) <= known_until:
            yield month
            month += 1


def _instant(month: int) -> int:
    years, index = divmod(month, 12)
    return midnight(number_of(date(_FIRST_YEAR + years, index + 1, 1)))
