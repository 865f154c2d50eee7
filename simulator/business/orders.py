"""What customers buy: the rhythm in which each comes back, and the life of an order.

Belongs here: an order from its creation to payment, cancellation or refund, and the purchases that customers make of
themselves in the shop. Does not belong here: what an agent or a lead wins (`sales`, `leads`), which make their orders
here as well.

The year is cut into rounds of 61 days. In each round a customer has one day on which they may buy, and that day can be
told the other way round, so that the buyers of a day are found without looking at everybody.
"""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from simulator.catalogue import PRODUCTS, Product
from simulator.customers import Customer, Population, Tier
from simulator.local_time import DAY_S, HOUR_S, date_of, midnight
from simulator.occasions import Calendar
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

ROUND_DAYS = 61  # a prime, so that every step from customer to day can be undone
_POPULARITY = (0.07, 0.06, 0.09, 0.34, 0.17, 0.10, 0.09, 0.08)
_LIMITS = tuple(accumulate(_POPULARITY))
_STAYS_WITH_TASTE = 0.75
_PACE: dict[Tier, float] = {"new": 1.1, "regular": 1.0, "vip": 0.6}
_QUICKEST_DAYS = min(product.again_in_days for product in PRODUCTS) * min(_PACE.values())
_IN_SALE, _SALE_PRICE = 1.6, 0.85
_LOST_AFTER_FAILURE = 0.65
_PAID, _REFUNDED, _TWO_PIECES = 0.94, 0.035, 0.06


@dataclass(frozen=True, slots=True)
class Order:
    """An order at its creation: who buys what, and who won it. `pays_in_s`: longest time to payment."""

    order_id: str
    created_at: int
    product: Product
    customer_id: str | None = None
    lead_id: str | None = None
    contact_id: str | None = None
    agent_id: str | None = None
    campaign_id: str | None = None
    is_reduced: bool = False
    pays_in_s: int = 2 * HOUR_S
    is_surely_paid: bool = False


class Shop:
    """Customers who come back of themselves."""

    def __init__(self, seed: int, population: Population, calendar: Calendar, effects: Effects) -> None:
        self._seed, self._population = seed, population
        self._calendar, self._effects = calendar, effects

    def of_day(self, day: int, failed: bytearray) -> Iterator[Record]:
        """The records of all orders that begin on a local day; those of payment and refund may lie ahead.

        `failed`: by number of customer, 1 for those whose last issue the centre left unsolved.
        """
        is_sale = self._calendar.has(day, "promotion")
        hurry = _IN_SALE if is_sale else 1.0
        at = midnight(day)
        ceiling = hurry * self._highest_factor(at) * _chance_to_buy(_QUICKEST_DAYS)
        number_of_round = day // ROUND_DAYS
        for number in range(self.first_number(day), self._population.size, ROUND_DAYS):
            r = chance(self._seed, "purchases", number, number_of_round)
            luck = r.random()
            if luck >= ceiling:
                continue
            customer = self._population.customer(number)
            if customer.joined_at > at:
                continue
            taste = taste_of(self._seed, number)
            tier = customer.tier(at)
            willing = hurry * _chance_to_buy(taste.again_in_days * _PACE[tier])
            willing *= self._effects.factor("buys_again", at, tier=tier)
            if failed[number]:
                willing *= 1 - _LOST_AFTER_FAILURE
            if luck < willing:
                yield from self._bought(r, day, number, customer, taste, is_sale)

    def _bought(
        self, r: random.Random, day: int, number: int, customer: Customer, taste: Product, is_sale: bool
    ) -> Iterator[Record]:
        product = taste if r.random() < _STAYS_WITH_TASTE else popular(r)
        second = min(int(r.triangular(7, 24, 20.5) * HOUR_S), DAY_S - 1)
        order = Order(
            order_id=f"D{date_of(day):%y%m%d}{number:08d}",
            created_at=midnight(day) + second,
            product=product,
            customer_id=customer.customer_id,
            is_reduced=is_sale,
        )
        yield from life(r, order, self._effects)

    def _highest_factor(self, at: int) -> float:
        return max(1.0, *(self._effects.factor("buys_again", at, tier=tier) for tier in _PACE))

    def first_number(self, day: int) -> int:
        """The lowest number of a customer whose day this is; the others follow in steps of `ROUND_DAYS`."""
        number_of_round, place = divmod(day, ROUND_DAYS)
        r = chance(self._seed, "buying_days", number_of_round)
        step, offset = r.randrange(1, ROUND_DAYS), r.randrange(ROUND_DAYS)
        return (place - offset) * pow(step, -1, ROUND_DAYS) % ROUND_DAYS


def taste_of(seed: int, number: int) -> Product:
    """What a customer usually buys, and so how soon they come back."""
    return popular(chance(seed, "taste", number))


def popular(r: random.Random) -> Product:
    """A product, by how often each is bought."""
    return PRODUCTS[min(bisect(_LIMITS, r.random() * _LIMITS[-1]), len(PRODUCTS) - 1)]


def _chance_to_buy(again_in_days: float) -> float:
    return 1 - math.exp(-ROUND_DAYS / again_in_days)


def life(r: random.Random, order: Order, effects: Effects) -> Iterator[Record]:
    """An order's records: created, then paid or cancelled, then perhaps refunded; each when its source writes it."""
    pieces = 2 if r.random() < _TWO_PIECES else 1
    price = order.product.price * (_SALE_PRICE if order.is_reduced else 1.0)
    price *= effects.factor("order_price", order.created_at)
    row = {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "lead_id": order.lead_id,
        "contact_id": order.contact_id,
        "agent_id": order.agent_id,
        "campaign_id": order.campaign_id,
        "product_id": order.product.product_id,
        "created_at": order.created_at,
        "paid_at": None,
        "refunded_at": None,
        "status": "created",
        "amount": round(price * pieces, 2),
        "currency": "CNY",
        "record_updated_at": order.created_at,
    }
    yield Record("canonical.order", order.created_at, row)
    if not order.is_surely_paid and r.random() >= _PAID:
        at = order.created_at + DAY_S
        yield Record("canonical.order", at, {**row, "status": "cancelled", "record_updated_at": at})
        return
    paid_at = order.created_at + r.randint(20, order.pays_in_s)
    row = {**row, "paid_at": paid_at, "status": "paid", "record_updated_at": paid_at}
    yield Record("canonical.order", paid_at, row)
    if r.random() < _REFUNDED:
        at = paid_at + r.randint(DAY_S, 14 * DAY_S)
        yield Record("canonical.order", at, {**row, "refunded_at": at, "status": "refunded", "record_updated_at": at})
