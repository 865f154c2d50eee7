"""KPIs of offers, leads and orders (M136, M138 to M149), counted from contacts and the records of the shop and CRM.

Belongs here: the rulings of DECISIONS.md 22 on sales, once more and independently of the warehouse. Does not belong
here: retention (`retention`), cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from simulator.catalogue import ISSUE_BY_ID
from simulator.events import Contact
from simulator.records import Record
from simulator.truth.sums import DAY_S
from simulator.truth.tally import ALL, Slice, Tally, latest
from simulator.truth.values import Value

LEAD_WINDOW_DAYS = 30
_MONTHS = ("month",)
Row = dict[str, Any]


def recount_sales(contacts: Sequence[Contact], records: Iterable[Record], known_until: int) -> list[Value]:
    """Every value of the family, ordered. `known_until`: the instant up to which records are known (epoch seconds).

    Values by day, week and month for the centre, by day and month for an agent, channel, product, lead source or
    campaign; M140, M142, M147 and M149 by month alone, as they count people.
    """
    kept = list(records)
    orders = list(latest(kept, "canonical.order", "order_id", known_until).values())
    invites = list(latest(kept, "canonical.invite", "invite_id", known_until).values())
    leads = list(latest(kept, "canonical.lead", "lead_id", known_until).values())
    handled = [contact for contact in contacts if contact.last_agent_id is not None]
    tally = Tally()
    _service_to_sales(tally, handled, orders, invites)
    _offers(tally, invites)
    _orders_won(tally, orders)
    _close_rates(tally, handled, orders, invites)
    _revenue(tally, orders)
    _leads(tally, leads, orders, known_until)
    return tally.values()


def _service_to_sales(tally: Tally, handled: list[Contact], orders: list[Row], invites: list[Row]) -> None:
    """M136 and M148: by the end of the contact that won the order."""
    won: dict[str, int] = defaultdict(int)
    for order in orders:
        if _is_won(order) and order["contact_id"] is not None:
            won[order["contact_id"]] += 1
    offered = {invite["contact_id"] for invite in invites}
    for contact in handled:
        slices: list[Slice] = [ALL, ("agent", contact.last_agent_id), ("channel", contact.channel)]
        orders_won = won.get(contact.contact_id, 0)
        if is_service(contact):
            is_sale = 1 if orders_won else 0
            tally.add("M136", "service_contacts", contact.ended_at, slices, is_sale, 1)
            if contact.contact_id in offered:
                tally.add("M136", "offered", contact.ended_at, slices, is_sale, 1)
        if contact.medium == "voice":
            tally.add("M148", "calls", contact.ended_at, slices[:2], orders_won, 1)


def _offers(tally: Tally, invites: list[Row]) -> None:
    """M138: offers without an answer yet are not accepted."""
    for invite in invites:
        slices = [ALL, *_known(invite, agent="agent_id", campaign="campaign_id", product="product_id")]
        tally.add("M138", "offers", invite["offered_at"], slices, 1 if invite["is_accepted"] else 0, 1)


def _orders_won(tally: Tally, orders: list[Row]) -> None:
    """M139: by payment."""
    for order in filter(_is_won, orders):
        slices = [ALL, *_known(order, agent="agent_id", product="product_id")]
        tally.add("M139", "won", order["paid_at"], slices, 1)


def _close_rates(tally: Tally, handled: list[Contact], orders: list[Row], invites: list[Row]) -> None:
    """M140 of customers contacted or offered, M149 of customers offered a product."""
    person = {contact.contact_id: contact.customer_id or contact.contact_id for contact in handled}
    for contact in handled:
        slices = [ALL, ("agent", contact.last_agent_id)]
        tally.see("M140", "contacted", contact.ended_at, slices, person[contact.contact_id], grains=_MONTHS)
    offers = set()
    for invite in invites:
        who = person.get(invite["contact_id"], invite["contact_id"])
        offers.add((invite["contact_id"], invite["product_id"]))
        slices = [ALL, *_known(invite, agent="agent_id")]
        tally.see("M140", "offered", invite["offered_at"], slices, who, grains=_MONTHS)
        product = list(_known(invite, product="product_id"))
        tally.see("M149", "offered", invite["offered_at"], product, who, grains=_MONTHS)
    for order in filter(_is_won, orders):
        slices = [ALL, *_known(order, agent="agent_id")]
        for variant in ("contacted", "offered"):
            tally.add("M140", variant, order["paid_at"], slices, 1, 0, grains=_MONTHS)
        if (order["contact_id"], order["product_id"]) in offers:
            who = person.get(order["contact_id"], order["contact_id"])
            product = list(_known(order, product="product_id"))
            tally.add("M149", "offered", order["paid_at"], product, 0, 0, grains=_MONTHS)
            tally.see("M149", "offered", order["paid_at"], product, who, is_numerator=True, grains=_MONTHS)


def _revenue(tally: Tally, orders: list[Row]) -> None:
    """M142 of orders that an agent won, M147 of all that were paid; by payment."""
    for order in orders:
        paid_at = order["paid_at"]
        if paid_at is None:
            continue
        amount = Fraction(str(order["amount"]))
        net = Fraction() if order["refunded_at"] is not None else amount
        if _is_won(order):
            slices = [ALL, *_known(order, agent="agent_id")]
            for variant, money in (("net", net), ("gross", amount)):
                tally.add("M142", variant, paid_at, slices, money, 0, grains=_MONTHS)
                tally.see("M142", variant, paid_at, slices, order["agent_id"], grains=_MONTHS)
        if net:
            slices = [ALL, *_known(order, product="product_id")]
            buyer = order["customer_id"] or order["order_id"]
            for variant, of in (("per_buyer", buyer), ("per_order", order["order_id"])):
                tally.add("M147", variant, paid_at, slices, net, 0, grains=_MONTHS)
                tally.see("M147", variant, paid_at, slices, of, grains=_MONTHS)


def _leads(tally: Tally, leads: list[Row], orders: list[Row], known_until: int) -> None:
    """M141 by payment, M143 and M144 by their own instants, M145 and M146 by the lead once its window is closed."""
    paid_at = {order["lead_id"]: order["paid_at"] for order in orders if order["paid_at"] and order["lead_id"]}
    for lead in leads:
        created_at = lead["created_at"]
        sources = list(_known(lead, lead_source="lead_source"))
        tally.add("M143", "all", created_at, [ALL, *sources], 1)
        if lead["intent"] == "clear" and lead["qualified_at"] is not None:
            tally.add("M144", "all", lead["qualified_at"], [ALL, *sources], 1)
        paid = paid_at.get(lead["lead_id"])
        if paid is not None:
            owner = list(_known(lead, agent="owner_agent_id"))
            tally.add("M141", "paid", paid, [ALL, *owner], paid - created_at, 1)
        window_s = LEAD_WINDOW_DAYS * DAY_S
        if created_at + window_s <= known_until:
            is_sale = 1 if paid is not None and paid < created_at + window_s else 0
            tally.add("M145", "window_30d", created_at, [ALL], is_sale, 1)
            tally.add("M146", "window_30d", created_at, sources, is_sale, 1)


def is_service(contact: Contact) -> bool:
    """A handled inbound contact of a customer who did not come to buy."""
    issue = ISSUE_BY_ID.get(contact.issue_id or "")
    return contact.direction == "inbound" and (issue is None or issue.parent_id != "purchase")


def _is_won(order: Row) -> bool:
    return order["paid_at"] is not None and order["agent_id"] is not None


def _known(row: Row, **dimensions: str) -> Iterator[Slice]:
    """The slices that a row belongs to: one for each dimension that it tells."""
    for dim_set, name in dimensions.items():
        if row[name] is not None:
            yield dim_set, row[name]
