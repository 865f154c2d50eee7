"""What a finished contact brings: an offer, a lead, an order, a number that must not be called again.

Belongs here: service that turns into sales, and outbound marketing. Does not belong here: leads from outside (`leads`),
purchases without a contact (`orders`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from simulator.business.leads import SOURCES, Lead, follow_up
from simulator.business.orders import Order, life
from simulator.catalogue import ISSUE_BY_ID, PRODUCT_BY_ID, Product
from simulator.customers import Customer, Tier
from simulator.events import Contact
from simulator.local_time import day_of
from simulator.occasions import Calendar
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

# topic -> how often an agent offers something, and what
_OFFERS = {
    "purchase": (0.55, ("robot_vacuum", "air_conditioner", "children_course", "adult_course")),
    "membership": (0.32, ("gold_membership",)),
    "logistics": (0.15, ("gold_membership", "filter_set")),
    "activation": (0.18, ("gold_membership", "instalment_12")),
    "repair": (0.17, ("filter_set", "water_heater")),
    "billing": (0.12, ("instalment_12", "gold_membership")),
    "complaint": (0.0, ("filter_set",)),
}
_OF_ISSUE = {"course_advice": ("children_course", "adult_course"), "appliance_advice": _OFFERS["purchase"][1][:2]}
_MARKETED = ("filter_set", "gold_membership", "robot_vacuum")
_AFTER_FAILURE = 0.2
# how often an offer of a product is accepted in a service contact
_ACCEPTED = {
    "air_conditioner": 0.22,
    "water_heater": 0.20,
    "robot_vacuum": 0.26,
    "filter_set": 0.40,
    "gold_membership": 0.34,
    "instalment_12": 0.36,
    "children_course": 0.27,
    "adult_course": 0.21,
}
_OF_TIER: dict[Tier, float] = {"new": 0.9, "regular": 1.0, "vip": 1.3}
_THINKS_IT_OVER, _BECOMES_LEAD = 0.12, 0.5
_OPTS_OUT = 0.012


class Sales:
    """What contacts bring. Each is decided by the contact alone."""

    def __init__(self, seed: int, calendar: Calendar, effects: Effects) -> None:
        self._seed, self._calendar, self._effects = seed, calendar, effects

    def of_contact(self, contact: Contact, customer: Customer | None) -> Iterator[Record]:
        """The records that a finished contact brings; their instants may lie ahead of its end.

        A contact without a conversation brings none.
        """
        agent_id = contact.last_agent_id
        if agent_id is None:
            return
        r = chance(self._seed, "sale", contact.contact_id)
        if contact.direction == "outbound":
            yield from self._marketing(r, contact, customer, agent_id)
            return
        issue = ISSUE_BY_ID.get(contact.issue_id or "")
        if issue is None:
            return
        often, products = _OFFERS[issue.parent_id]
        if not contact.is_solved:
            often *= _AFTER_FAILURE
        if r.random() >= often:
            return
        product = PRODUCT_BY_ID[r.choice(_OF_ISSUE.get(issue.issue_id, products))]
        yield from self._offer(r, contact, customer, agent_id, product)

    def _offer(
        self, r: random.Random, contact: Contact, customer: Customer | None, agent_id: str, product: Product
    ) -> Iterator[Record]:
        """An offer in a service contact: taken at once, thought over, or refused."""
        at = contact.ended_at
        likely = self._effects.level(
            "invite_accepted", _ACCEPTED[product.product_id], at, product_id=product.product_id, lead_source=None
        )
        if customer is not None:
            likely *= _OF_TIER[customer.tier(at)]
        is_accepted: bool | None = r.random() < likely
        if not is_accepted and r.random() < _THINKS_IT_OVER:
            is_accepted = None
        yield _invite(contact, agent_id, product, None, is_accepted)
        if is_accepted:
            yield from life(
                r,
                Order(
                    order_id=f"D-{contact.contact_id}",
                    created_at=at + r.randint(30, 900),
                    product=product,
                    customer_id=contact.customer_id,
                    contact_id=contact.contact_id,
                    agent_id=agent_id,
                    is_reduced=self._calendar.has(day_of(at), "promotion"),
                ),
                self._effects,
            )
        elif is_accepted is None and r.random() < _BECOMES_LEAD:
            lead = self._lead(contact, agent_id, product, "enquiry", None)
            yield from follow_up(r, lead, self._effects)

    def _marketing(
        self, r: random.Random, contact: Contact, customer: Customer | None, agent_id: str
    ) -> Iterator[Record]:
        """An outbound conversation: an offer and a lead; now and then a wish never to be called again."""
        source = "cold_list" if customer is None else "old_customer"
        campaign_id = contact.campaign_id
        product = PRODUCT_BY_ID[r.choice(_MARKETED)]
        is_angry = r.random() < _OPTS_OUT
        lead = self._lead(contact, agent_id, product, source, campaign_id)
        records = list(follow_up(r, lead, self._effects)) if not is_angry else []
        is_sold = any(record.feed == "canonical.order" for record in records)
        yield _invite(contact, agent_id, product, campaign_id, is_sold)
        yield from records
        if is_angry:
            yield Record(
                "canonical.do_not_call",
                contact.ended_at,
                {
                    "callee_number": contact.caller,
                    "kind": "customer_optout",
                    "scope": "marketing",
                    "added_at": contact.ended_at,
                    "removed_at": None,
                    "record_updated_at": contact.ended_at,
                },
            )

    def _lead(self, contact: Contact, agent_id: str, product: Product, source: str, campaign_id: str | None) -> Lead:
        return Lead(
            lead_id=f"L-{contact.contact_id}",
            source=SOURCES[source],
            created_at=contact.ended_at,
            product=product,
            owner_agent_id=agent_id,
            customer_id=contact.customer_id,
            contact_id=contact.contact_id,
            campaign_id=campaign_id,
        )


def _invite(
    contact: Contact, agent_id: str, product: Product, campaign_id: str | None, is_accepted: bool | None
) -> Record:
    """The offer is made before the contact ends, and written down at its end."""
    return Record(
        "canonical.invite",
        contact.ended_at,
        {
            "invite_id": f"I-{contact.contact_id}",
            "contact_id": contact.contact_id,
            "agent_id": agent_id,
            "campaign_id": campaign_id,
            "product_id": product.product_id,
            "offered_at": max(contact.started_at, contact.ended_at - 20),
            "is_accepted": is_accepted,
        },
    )
