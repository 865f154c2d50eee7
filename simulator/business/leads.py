"""Leads that come from outside a contact: advertisements, recommendations, lists; and what becomes of them.

Belongs here: a day's new leads, their qualifying, and the orders that they turn into within two weeks. Does not belong
here: leads that come up in a conversation (`sales`), though their later life is told here too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.business.orders import Order, life, popular
from simulator.catalogue import Product
from simulator.customers import Population
from simulator.local_time import DAY_S, HOUR_S, date_of, midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

PER_SELLER_AND_DAY = 6
LATEST_SALE_DAYS = 14
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where leads come from. `share`: of the leads from outside; `converted`: chance of a paid order; `known`: share
    of them that are customers already."""

    source_id: str
    name_zh: str
    name_en: str
    share: float
    converted: float
    known: float


SOURCES = {
    source.source_id: source
    for source in (
        Source("old_customer", "老客户复购", "Former customers", 0.42, 0.12, 1.0),
        Source("referral", "老客户推荐", "Recommended by customers", 0.20, 0.09, 0.8),
        Source("ad_landing", "广告落地页", "Advertisement", 0.24, 0.045, 0.85),
        Source("cold_list", "陌生名单", "Cold list", 0.14, 0.025, 0.0),
        # come up in a conversation, never from outside
        Source("enquiry", "来电咨询", "Enquiry", 0.0, 0.10, 1.0),
    )
}
_FROM_OUTSIDE = [source for source in SOURCES.values() if source.share]
_SHARES = [source.share for source in _FROM_OUTSIDE]


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead at its creation. `contact_id`: the conversation in which it came up."""

    lead_id: str
    source: Source
    created_at: int
    product: Product
    owner_agent_id: str | None
    customer_id: str | None = None
    contact_id: str | None = None
    campaign_id: str | None = None
    list_id: str | None = None


def leads_of_day(
    seed: int, day: int, population: Population, sellers: Sequence[str], effects: Effects
) -> Iterator[Record]:
    """The records of all leads that come from outside on a local day; those of their later life may lie ahead."""
    month = f"{date_of(day):%Y%m}"
    for number in range(PER_SELLER_AND_DAY * len(sellers)):
        r = chance(seed, "lead", day, number)
        source = r.choices(_FROM_OUTSIDE, _SHARES)[0]
        created_at = midnight(day) + int(r.triangular(8.5, 20.5, 14) * HOUR_S)
        customer_id = _customer_at(r, population, created_at) if r.random() < source.known else None
        lead = Lead(
            lead_id=f"L{date_of(day):%y%m%d}{number:05d}",
            source=source,
            created_at=created_at,
            product=popular(r),
            owner_agent_id=r.choice(sellers),
            customer_id=customer_id,
            campaign_id=f"{source.source_id}-{month}",
            list_id=f"list-{source.source_id}-{month}" if source.source_id in ("old_customer", "cold_list") else None,
        )
        yield from follow_up(r, lead, effects)


def _customer_at(r: random.Random, population: Population, at: int) -> str | None:
    """Somebody who is a customer by then; None where hardly anybody is."""
    for _ in range(_TRIES):
        customer = population.customer(r.randrange(population.size))
        if customer.joined_at <= at:
            return customer.customer_id
    return None


def follow_up(r: random.Random, lead: Lead, effects: Effects) -> Iterator[Record]:
    """A lead's records: created, qualified or found to be none, and converted together with its order."""
    likely = effects.level("lead_converted", lead.source.converted, lead.created_at, lead_source=lead.source.source_id)
    is_sale = r.random() < likely
    # a good lead is clear four times as often as it is sold, within reason
    is_clear = is_sale or r.random() < min(0.6, 3 * likely)
    row = {
        "lead_id": lead.lead_id,
        "customer_id": lead.customer_id,
        "lead_source": lead.source.source_id,
        "list_id": lead.list_id,
        "campaign_id": lead.campaign_id,
        "owner_agent_id": lead.owner_agent_id,
        "created_at": lead.created_at,
        "qualified_at": None,
        "intent": None,
        "converted_at": None,
        "record_updated_at": lead.created_at,
    }
    yield Record("canonical.lead", lead.created_at, row)
    judged_at = lead.created_at + r.randint(600, 2 * DAY_S)
    row = {
        **row,
        "qualified_at": judged_at if is_clear else None,
        "intent": "clear" if is_clear else r.choice(("none", "weak")),
        "record_updated_at": judged_at,
    }
    yield Record("canonical.lead", judged_at, row)
    if not is_sale:
        return
    closing_s = r.randint(600, (LATEST_SALE_DAYS - 3) * DAY_S)
    order = Order(
        order_id=f"D-{lead.lead_id}",
        created_at=judged_at + int(closing_s * effects.factor("lead_closing", judged_at)),
        product=lead.product,
        customer_id=lead.customer_id,
        lead_id=lead.lead_id,
        contact_id=lead.contact_id,
        agent_id=lead.owner_agent_id,
        campaign_id=lead.campaign_id,
        is_surely_paid=True,
    )
    for record in life(r, order, effects):
        yield record
        if record.row["status"] == "paid":
            paid_at = record.row["paid_at"]
            sold = {**row, "converted_at": paid_at, "record_updated_at": paid_at}
            yield Record("canonical.lead", paid_at, sold)
