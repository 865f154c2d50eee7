"""KPIs of offers, leads and orders (M136, M138 to M149), counted from contacts and the records of the shop and CRM.

Belongs here: the rulings of DECISIONS.md 22 on sales, once more and independently of the warehouse. Does not belong
here: retention (`retention`), cost.

An order is final a month after its creation and a lead two months after: nothing of them is written later. A contact
counts when it ends; what it won is added when all that it may have won is final, and of contacts that bring neither
offer, lead nor order within a day nothing is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from simulator.catalogue import ISSUE_BY_ID
from simulator.events import Contact
from simulator.local_time import DAY_S, day_of
from simulator.records import Record
from simulator.truth.tally import ALL, Slice, Tally, local_date
from simulator.truth.values import Value
from simulator.truth.versions import NEVER, Row, Versions, settled_days

LEAD_WINDOW_DAYS = 30
INVITE_DAYS, ORDER_DAYS, LEAD_DAYS, CASE_DAYS = 2, 30, 60, 60
_PLAIN_CONTACT_S = DAY_S
_MONTHS = ("month",)


class _Handled(NamedTuple):
    """What sales must know of a handled contact; `person`: the customer, or the contact itself."""

    ended_at: int
    slices: tuple[Slice, ...]
    is_service: bool
    is_call: bool
    person: str


@dataclass(slots=True)
class _Case:
    """A contact in which something was offered or won; `handled` is None for one that nobody has told of."""

    handled: _Handled | None
    offered: set[str] = field(default_factory=set)
    orders_won: int = 0


class SalesRecount:
    """Takes contacts and records of invites, leads and orders, and gives every value of the family.

    `known_until`: the instant up to which records are known (epoch seconds). Values by day, week and month for the
    centre, by day and month for an agent, channel, product, lead source or campaign; M140, M142, M147 and M149 by month
    alone, as they count people.
    """

    feeds = ("canonical.order", "canonical.invite", "canonical.lead")

    def __init__(self, known_until: int) -> None:
        self._known_until = known_until
        self._tally = Tally()
        self._orders = Versions(("order_id",), "created_at", ORDER_DAYS)
        self._invites = Versions(("invite_id",), "offered_at", INVITE_DAYS)
        self._leads = Versions(("lead_id",), "created_at", LEAD_DAYS)
        self._versions = dict(zip(self.feeds, (self._orders, self._invites, self._leads), strict=True))
        self._recent: dict[int, dict[str, _Handled]] = defaultdict(dict)
        self._cases: dict[str, _Case] = {}
        self._cases_of_day: dict[int, list[str]] = defaultdict(list)
        self._paid_at: dict[str, int] = {}

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone."""
        agent_id = contact.last_agent_id
        if agent_id is None:
            return
        slices: tuple[Slice, ...] = (ALL, ("agent", agent_id), ("channel", contact.channel))
        handled = _Handled(
            contact.ended_at,
            slices,
            is_service(contact),
            contact.medium == "voice",
            contact.customer_id or contact.contact_id,
        )
        self._recent[day_of(contact.ended_at)][contact.contact_id] = handled
        if handled.is_service:
            self._tally.add("M136", "service_contacts", handled.ended_at, slices, 0, 1)
        if handled.is_call:
            self._tally.add("M148", "calls", handled.ended_at, slices[:2], 0, 1)
        self._tally.see("M140", "contacted", handled.ended_at, slices[:2], handled.person, grains=_MONTHS)

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        versions = self._versions.get(record.feed)
        if versions is not None and record.at < self._known_until:
            versions.put(record.row)
            contact_id = record.row.get("contact_id")
            if contact_id is not None:
                self._open_case(contact_id, record.at)

    def settle(self, until: int) -> None:
        """Count what is final when all is known that began, or was written, before an instant."""
        for invite in self._invites.settled(until):
            self._count_offer(invite)
        for order in self._orders.settled(until):
            self._count_order(order)
        for lead in self._leads.settled(until):
            self._count_lead(lead)
        for day in settled_days(self._recent, until, _PLAIN_CONTACT_S):
            del self._recent[day]
        for day in settled_days(self._cases_of_day, until, CASE_DAYS * DAY_S):
            for contact_id in self._cases_of_day.pop(day):
                self._count_case(self._cases.pop(contact_id))
        if until < NEVER:
            self._tally.close(local_date(until - 2 * ORDER_DAYS * DAY_S).replace(day=1))

    def values(self) -> Iterator[Value]:
        """All values, ordered; nothing may be added afterwards."""
        self.settle(NEVER)
        return self._tally.values()

    @property
    def held(self) -> int:
        """How many contacts, records and distinct things are kept."""
        kept: list[Sized] = [*self._versions.values(), *self._recent.values(), self._cases, self._paid_at]
        return sum(map(len, kept)) + self._tally.held

    def _open_case(self, contact_id: str, at: int) -> None:
        if contact_id not in self._cases:
            told = (of_day[contact_id] for of_day in self._recent.values() if contact_id in of_day)
            self._cases[contact_id] = _Case(next(told, None))
            self._cases_of_day[day_of(at)].append(contact_id)

    def _person(self, contact_id: str) -> str:
        case = self._cases.get(contact_id)
        return contact_id if case is None or case.handled is None else case.handled.person

    def _count_case(self, case: _Case) -> None:
        """M136 and M148: by the end of the contact that won the order."""
        if case.handled is None:
            return
        _, slices, is_service_contact, is_call, _ = case.handled
        at, is_sale = case.handled.ended_at, 1 if case.orders_won else 0
        if is_service_contact:
            self._tally.add("M136", "service_contacts", at, slices, is_sale)
            if case.offered:
                self._tally.add("M136", "offered", at, slices, is_sale, 1)
        if is_call:
            self._tally.add("M148", "calls", at, slices[:2], case.orders_won)

    def _count_offer(self, invite: Row) -> None:
        """M138, where offers without an answer yet are not accepted; people offered something in M140 and M149."""
        at, contact_id = invite["offered_at"], invite["contact_id"]
        slices = [ALL, *_known(invite, agent="agent_id", campaign="campaign_id", product="product_id")]
        self._tally.add("M138", "offers", at, slices, 1 if invite["is_accepted"] else 0, 1)
        self._cases[contact_id].offered.add(invite["product_id"])
        who = self._person(contact_id)
        self._tally.see("M140", "offered", at, [ALL, *_known(invite, agent="agent_id")], who, grains=_MONTHS)
        self._tally.see("M149", "offered", at, list(_known(invite, product="product_id")), who, grains=_MONTHS)

    def _count_order(self, order: Row) -> None:
        if order["paid_at"] is None:
            return
        if order["lead_id"]:
            self._paid_at[order["lead_id"]] = order["paid_at"]
        self._count_revenue(order)
        if order["agent_id"] is not None:
            self._count_won(order)

    def _count_won(self, order: Row) -> None:
        """M139 by payment, M140 of customers contacted or offered, M149 of customers offered a product."""
        paid_at, contact_id = order["paid_at"], order["contact_id"]
        slices = [ALL, *_known(order, agent="agent_id", product="product_id")]
        self._tally.add("M139", "won", paid_at, slices, 1)
        slices = [ALL, *_known(order, agent="agent_id")]
        for variant in ("contacted", "offered"):
            self._tally.add("M140", variant, paid_at, slices, 1, 0, grains=_MONTHS)
        case = self._cases.get(contact_id)
        if case is None:
            return
        case.orders_won += 1
        if order["product_id"] in case.offered:
            product = list(_known(order, product="product_id"))
            self._tally.add("M149", "offered", paid_at, product, 0, 0, grains=_MONTHS)
            self._tally.see(
                "M149", "offered", paid_at, product, self._person(contact_id), is_numerator=True, grains=_MONTHS
            )

    def _count_revenue(self, order: Row) -> None:
        """M142 of orders that an agent won, M147 of all that were paid; by payment."""
        paid_at, amount = order["paid_at"], Fraction(str(order["amount"]))
        net = Fraction() if order["refunded_at"] is not None else amount
        if order["agent_id"] is not None:
            slices = [ALL, *_known(order, agent="agent_id")]
            for variant, money in (("net", net), ("gross", amount)):
                self._tally.add("M142", variant, paid_at, slices, money, 0, grains=_MONTHS)
                self._tally.see("M142", variant, paid_at, slices, order["agent_id"], grains=_MONTHS)
        if net:
            slices = [ALL, *_known(order, product="product_id")]
            buyer = order["customer_id"] or order["order_id"]
            for variant, of in (("per_buyer", buyer), ("per_order", order["order_id"])):
                self._tally.add("M147", variant, paid_at, slices, net, 0, grains=_MONTHS)
                self._tally.see("M147", variant, paid_at, slices, of, grains=_MONTHS)

    def _count_lead(self, lead: Row) -> None:
        """M141 by payment, M143 and M144 by their own instants, M145 and M146 by the lead once its window is closed."""
        created_at = lead["created_at"]
        sources = list(_known(lead, lead_source="lead_source"))
        self._tally.add("M143", "all", created_at, [ALL, *sources], 1)
        if lead["intent"] == "clear" and lead["qualified_at"] is not None:
            self._tally.add("M144", "all", lead["qualified_at"], [ALL, *sources], 1)
        paid = self._paid_at.pop(lead["lead_id"], None)
        if paid is not None:
            owner = list(_known(lead, agent="owner_agent_id"))
            self._tally.add("M141", "paid", paid, [ALL, *owner], paid - created_at, 1)
        window_s = LEAD_WINDOW_DAYS * DAY_S
        if created_at + window_s <= self._known_until:
            is_sale = 1 if paid is not None and paid < created_at + window_s else 0
            self._tally.add("M145", "window_30d", created_at, [ALL], is_sale, 1)
            self._tally.add("M146", "window_30d", created_at, sources, is_sale, 1)


def recount_sales(contacts: Sequence[Contact], records: Iterable[Record], known_until: int) -> list[Value]:
    """The values of contacts and records that are all at hand."""
    recount = SalesRecount(known_until)
    for contact in contacts:
        recount.add_contact(contact)
    for record in records:
        recount.add(record)
    return list(recount.values())


def is_service(contact: Contact) -> bool:
    """A handled inbound contact of a customer who did not come to buy."""
    issue = ISSUE_BY_ID.get(contact.issue_id or "")
    return contact.direction == "inbound" and (issue is None or issue.parent_id != "purchase")


def _known(row: Row, **dimensions: str) -> Iterator[Slice]:
    """The slices that a row belongs to: one for each dimension that it tells."""
    for dim_set, name in dimensions.items():
        if row[name] is not None:
            yield dim_set, row[name]
