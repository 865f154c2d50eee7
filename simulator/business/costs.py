"""The monthly ledger of what the centre costs.

Belongs here: the entries of a month by type, with what each is shared out by. Does not belong here: cost per contact
(`truth.costs`).

A month is booked in the evening of its last day. Labour is more than 60 % of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.local_time import HOUR_S, date_of, midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

_BOOKED_AT_HOUR = 18
_SPREAD = 0.03
_SALE_MONTHS, _OVERTIME = (6, 11), 0.07
_CORRECTED = 0.15


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the ledger: yuan a month per head, or per contact where `is_per_contact`."""

    key: str
    cost_type: str
    driver: str
    yuan: float
    is_per_contact: bool = False


_ITEMS = (
    Item("pay", "labour", "handle_time", 6400.0),
    Item("benefits", "labour", "handle_time", 2150.0),
    Item("licences", "technology", "calls", 620.0),
    Item("hardware", "technology", "calls", 210.0),
    Item("lines", "telecom", "calls", 0.32, is_per_contact=True),
    Item("rent", "facility", "seats", 980.0),
    Item("energy", "facility", "seats", 160.0),
    Item("allocation", "management", "headcount", 930.0),
    Item("training", "other", "headcount", 180.0),
)


def of_day(
    seed: int, day: int, site_id: str, headcount: int, contacts_per_month: float, effects: Effects
) -> Iterator[Record]:
    """The ledger of the month whose last day this is; nothing on other days. Amounts in yuan."""
    if date_of(day + 1).day != 1:
        return
    month = date_of(day).replace(day=1)
    at = midnight(day) + _BOOKED_AT_HOUR * HOUR_S
    r = chance(seed, "ledger", month)
    heads = headcount * effects.factor("headcount", at)
    for item in _ITEMS:
        amount = (
            item.yuan * (contacts_per_month if item.is_per_contact else heads) * r.uniform(1 - _SPREAD, 1 + _SPREAD)
        )
        if item.cost_type == "labour":
            amount *= effects.factor("labour_cost", at)
        if item.key == "pay" and month.month in _SALE_MONTHS:
            amount *= 1 + _OVERTIME
        row = {
            "cost_id": f"{month:%Y-%m}/{site_id}/{item.cost_type}/{item.key}",
            "month": str(month),
            "booked_at": at,
            "site_id": site_id,
            "cost_type": item.cost_type,
            "amount": round(amount, 2),
            "currency": "CNY",
            "driver": item.driver,
            "channel_id": None,
            "queue_id": None,
            "record_updated_at": at,
        }
        yield Record("canonical.cost", at, row)
        if item.key == "lines" and r.random() < _CORRECTED:
            # the carrier's bill was too high; the credit note belongs to the same month
            credit = {**row, "cost_id": f"{row['cost_id']}/credit", "amount": -round(amount * 0.04, 2)}
            yield Record(
                "canonical.cost", at + HOUR_S, {**credit, "booked_at": at + HOUR_S, "record_updated_at": at + HOUR_S}
            )
