"""The list of numbers that must not be called.

Belongs here: customers who opt out in the app or by message, the regulator's monthly list, and numbers that are taken
off again. Does not belong here: a wish that is told in a call (`sales`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.customers import Population
from simulator.local_time import DAY_S, HOUR_S, date_of, midnight
from simulator.records import Record, chance

_OPT_OUTS_A_YEAR = 0.004  # of all customers
_REGULATOR_A_MONTH = 0.0004
_REMOVED, _REMOVED_AFTER_DAYS = 0.06, (90, 180)
_REGULATOR_DAY = 5


def of_day(seed: int, population: Population, day: int) -> Iterator[Record]:
    """The entries of a local day, and the entries of earlier days that are taken off on it."""
    entries = [(row, None) for row, _ in _entries(seed, population, day)]
    removals = [
        (row, row["added_at"] + after * DAY_S)
        for after in _REMOVED_AFTER_DAYS
        for row, removed_after in _entries(seed, population, day - after)
        if removed_after == after
    ]
    for row, removed_at in [*entries, *removals]:
        at = row["added_at"] if removed_at is None else removed_at
        yield Record("canonical.do_not_call", at, {**row, "removed_at": removed_at, "record_updated_at": at})


def _entries(seed: int, population: Population, day: int) -> Iterator[tuple[dict[str, Any], int | None]]:
    """What is entered on a day, and after how many days it is taken off (None: never)."""
    r = chance(seed, "opt_outs", day)
    mean = population.size * _OPT_OUTS_A_YEAR / 365
    for _ in range(int(mean + r.random())):
        customer = population.customer(r.randrange(population.size))
        added_at = midnight(day) + int(r.triangular(8, 23, 19) * HOUR_S)
        removed_after = r.choice(_REMOVED_AFTER_DAYS) if r.random() < _REMOVED else None
        if customer.joined_at < added_at:
            yield _entry(customer.number, "customer_optout", "marketing", added_at), removed_after
    if date_of(day).day == _REGULATOR_DAY:
        for number in range(max(1, int(population.size * _REGULATOR_A_MONTH))):
            stranger = f"1{r.choice('35789')}{r.randrange(10**9):09d}"
            yield _entry(stranger, "regulator", None, midnight(day) + 9 * HOUR_S + number), None


def _entry(number: str, kind: str, scope: str | None, added_at: int) -> dict[str, Any]:
    return {"callee_number": number, "kind": kind, "scope": scope, "added_at": added_at}
