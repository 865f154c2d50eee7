"""Annual retention (M137), counted from contacts and orders.

Belongs here: the ruling Q12 and DECISIONS.md 22. Does not belong here: what a tier is (the customers' own module).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from simulator.catalogue import ISSUE_BY_ID
from simulator.events import Contact
from simulator.records import Record
from simulator.truth.sums import DAY_S, UTC_OFFSET_S
from simulator.truth.tally import ALL, Slice, Tally, latest, local_date
from simulator.truth.values import Value

_MONTHS = ("month",)


def recount_retention(
    contacts: Sequence[Contact],
    records: Iterable[Record],
    known_until: int,
    tier_of: Callable[[str, int], str],
) -> list[Value]:
    """M137 by anchor month, of each month that began a year or more before `known_until`, in all and by tier.

    Customers served in the twelve months before the anchor, and how many of them came back in the twelve after it.
    `tier_of`: the tier of a customer at an instant; the one at the anchor counts.
    """
    served: dict[str, list[int]] = defaultdict(list)
    active: dict[str, list[int]] = defaultdict(list)
    bought: dict[str, list[int]] = defaultdict(list)
    for contact in contacts:
        if contact.customer_id is not None and contact.last_agent_id is not None:
            served[contact.customer_id].append(contact.ended_at)
            if contact.direction == "inbound" and not _is_complaint(contact):
                active[contact.customer_id].append(contact.ended_at)
    for order in latest(records, "canonical.order", "order_id", known_until).values():
        customer_id, paid_at = order["customer_id"], order["paid_at"]
        if isinstance(customer_id, str) and isinstance(paid_at, int):
            bought[customer_id].append(paid_at)
            active[customer_id].append(paid_at)

    tally = Tally()
    first = min((at for times in (*served.values(), *bought.values()) for at in times), default=known_until)
    for before, anchor, after in _anchors(first, known_until):
        variants = (("repurchase", served, bought), ("any_activity", served, active), ("buyers", bought, bought))
        for variant, cohort, returns in variants:
            for customer_id, times in cohort.items():
                if any(before <= at < anchor for at in times):
                    slices: list[Slice] = [ALL, ("tier", tier_of(customer_id, anchor))]
                    is_back = any(anchor <= at < after for at in returns.get(customer_id, ()))
                    tally.add("M137", variant, anchor, slices, 1 if is_back else 0, 1, grains=_MONTHS)
    return tally.values()


def _is_complaint(contact: Contact) -> bool:
    issue = ISSUE_BY_ID.get(contact.issue_id or "")
    return issue is not None and issue.parent_id == "complaint"


def _anchors(first: int, known_until: int) -> Iterable[tuple[int, int, int]]:
    """A year before, the anchor and a year after it, for each month after `first` whose year is over."""
    month = _shifted(local_date(first).replace(day=1), 1)
    while _instant(_shifted(month, 12)) <= known_until:
        yield _instant(_shifted(month, -12)), _instant(month), _instant(_shifted(month, 12))
        month = _shifted(month, 1)


def _shifted(month: date, by: int) -> date:
    years, index = divmod(month.month - 1 + by, 12)
    return date(month.year + years, index + 1, 1)


def _instant(month: date) -> int:
    return (month.toordinal() - date(1970, 1, 1).toordinal()) * DAY_S - UTC_OFFSET_S
