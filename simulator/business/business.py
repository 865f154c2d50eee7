"""Everything around the contacts that other systems write, behind one door.

Belongs here: which feed brings what before the first day, on a day and with a contact. Does not belong here: how it
comes about (the other modules of this package), files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from simulator.business import actions, calendar, capture, costs, do_not_call, interfaces, queries
from simulator.business.leads import LATEST_SALE_DAYS, leads_of_day
from simulator.business.orders import Shop
from simulator.business.sales import Sales
from simulator.customers import Customer, Population
from simulator.events import Contact
from simulator.local_time import DAY_S, HOUR_S, UTC_OFFSET_S, date_of, day_of, midnight
from simulator.occasions import Calendar
from simulator.records import Outbox, Record, chance
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import BY_HOUR, BY_WEEKDAY

HISTORY_DAYS = 426  # 14 months before the last day
SHORTEST_HISTORY_DAYS = 92
_SOURED, _WON_BACK = 0.35, 0.5


class Business:
    """The company around a centre, from `begins` to `ends` (epoch seconds at local midnights).

    `sellers`: agents who follow leads; `headcount`: agents that are paid; `contacts_per_day`: mean of all contacts,
    from which traffic and bills follow unless `contacts_in_minute` says more exactly what a minute expects.

    Records may lie ahead of the day or contact that brings them, so they go through an `Outbox`, and what lies after
    `ends` never is written. All of it is a function of the seed and of what is asked for, with one exception: a
    customer whose issue was left unsolved buys less from then on, for which one byte of each customer is kept.
    """

    def __init__(
        self,
        seed: int,
        population: Population,
        begins: int,
        ends: int,
        *,
        sellers: Sequence[str],
        headcount: int,
        contacts_per_day: float,
        effects: Effects = NO_EFFECTS,
        contacts_in_minute: Callable[[int], float] | None = None,
        site_id: str = "demo",
    ) -> None:
        self.calendar = Calendar(seed)
        self._seed, self._population, self._effects = seed, population, effects
        self._first_day, self._end_day = day_of(begins), day_of(ends)
        self._sellers, self._headcount, self._site_id = tuple(sellers), headcount, site_id
        self._contacts_per_day = contacts_per_day
        self._contacts_in_minute = contacts_in_minute or self._usual_minute
        self._shop = Shop(seed, population, self.calendar, effects)
        self._sales = Sales(seed, self.calendar, effects)
        self._failed = bytearray(population.size)

    def before(self) -> Iterator[Record]:
        """What was written before the first day, in order of time; the last records may lie after it has begun.

        Orders, ledger, calendar, register and do-not-call list go back 14 months from the last day, and three months
        from the first at least; leads as far as they may still be sold. Interfaces and checks have no history.
        """
        outbox, nobody = Outbox(), bytearray(self._population.size)
        begins = self._first_day
        for day in range(min(self._end_day - HISTORY_DAYS, begins - SHORTEST_HISTORY_DAYS), begins):
            for record in self._entities_of(day, nobody):
                outbox.put(record)
            if day >= begins - LATEST_SALE_DAYS:
                for record in leads_of_day(self._seed, day, self._population, self._sellers, self._effects):
                    outbox.put(record)
            yield from outbox.until(midnight(day + 1))
        yield from outbox.until(midnight(self._end_day) + HISTORY_DAYS * DAY_S)

    def of_day(self, day: int) -> Iterator[Record]:
        """What a local day (a number of days since 1970-01-01) brings of itself, in no order; once the centre has
        closed that is what customers buy."""
        if day >= self._end_day:
            yield from self._shop.of_day(day, self._failed)
            return
        yield from self._entities_of(day, self._failed)
        yield from leads_of_day(self._seed, day, self._population, self._sellers, self._effects)
        yield from interfaces.of_day(self._seed, day, self._contacts_in_minute, self._effects)
        yield from capture.of_day(self._seed, day, self._contacts_in_minute, self._effects)
        yield from queries.of_day(self._seed, day, self._sellers, self._effects)

    def of_contact(self, contact: Contact) -> Iterator[Record]:
        """What a finished contact brings: offers, leads, orders; at its end or later."""
        customer = self._customer_of(contact)
        self._remember(contact)
        return self._sales.of_contact(contact, customer)

    def _entities_of(self, day: int, failed: bytearray) -> Iterator[Record]:
        yield from self._shop.of_day(day, failed)
        yield from do_not_call.of_day(self._seed, self._population, day)
        yield from calendar.of_day(self.calendar, day)
        yield from actions.of_day(self._seed, day, self._sellers, self._effects)
        month = self._contacts_per_day * date_of(day).day  # asked on the last day of a month only
        yield from costs.of_day(self._seed, day, self._site_id, self._headcount, month, self._effects)

    def _customer_of(self, contact: Contact) -> Customer | None:
        if contact.customer_id is None:
            return None
        return self._population.known(contact.customer_id)

    def _remember(self, contact: Contact) -> None:
        if contact.customer_id is None or contact.is_solved is None:
            return
        number = int(contact.customer_id[1:])
        if contact.is_solved != bool(self._failed[number]):
            return
        likely = _WON_BACK if contact.is_solved else _SOURED
        if chance(self._seed, "memory", contact.contact_id).random() < likely:
            self._failed[number] ^= 1

    def _usual_minute(self, at: int) -> float:
        local = at + UTC_OFFSET_S
        weekday = (local // DAY_S + 3) % 7
        share = BY_HOUR[local % DAY_S // HOUR_S] / sum(BY_HOUR) * BY_WEEKDAY[weekday]
        return self._contacts_per_day * share / 60
