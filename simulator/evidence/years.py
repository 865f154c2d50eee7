"""The years that retention looks at: customers who were served, and what they bought in the twelve months after.

Belongs here: how these years' files come about. Does not belong here: what is measured of them (`metrics.retention`).

Two years of a whole centre would take an hour. So the centre works for ten days before each anchor, and after it the
shop goes on alone, customer by customer as in a longer simulation: in the CRM stand orders that customers make of
themselves, and none that agents win.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from simulator.business.orders import Shop
from simulator.customers import Population
from simulator.forms.writer import Forms
from simulator.local_time import midnight, number_of
from simulator.occasions import Calendar
from simulator.records import Outbox
from simulator.run import simulate, usual_calls_per_day
from simulator.scenarios.effects import Effects
from simulator.scenarios.planting import planting
from simulator.setting import Setting

SERVED_DAYS, YEAR_DAYS, AGENTS = 10, 365, 8
SERVICE, SHOP = "service", "shop"
_NAME = "year-"


@dataclass(frozen=True, slots=True)
class Year:
    """The twelve months after an anchor: the files of the centre before it, and of the shop after it."""

    anchor: date
    folder: Path

    @property
    def service(self) -> Path:
        """The CRM of the days before the anchor."""
        return self.folder / SERVICE / "crm.sqlite"

    @property
    def shop(self) -> Path:
        """The CRM of the year after it."""
        return self.folder / SHOP / "crm.sqlite"


def found_years(folder: Path) -> tuple[Year, ...]:
    """The years whose files stand in a folder, the oldest first."""
    paths = sorted(folder.glob(f"{_NAME}*"))
    return tuple(Year(date.fromisoformat(path.name.removeprefix(_NAME)), path) for path in paths)


def write_years(folder: Path, scenario: str, switch: date, seed: int) -> None:
    """Write the files of the year that ends with the date of a measure, and of the one that begins with it."""
    for anchor in (switch - timedelta(days=YEAR_DAYS), switch):
        year = Year(anchor, folder / f"{_NAME}{anchor}")
        first = year.anchor - timedelta(days=SERVED_DAYS)
        simulate(year.folder / SERVICE, SERVED_DAYS, AGENTS, seed, first, scenarios=[scenario])
        _write_shop(year, scenario, first, seed)


def _write_shop(year: Year, scenario: str, first: date, seed: int) -> None:
    setting = Setting(number_of(first), SERVED_DAYS, AGENTS, seed, usual_calls_per_day(AGENTS))
    begins, anchor = midnight(setting.first_day), number_of(year.anchor)
    population = Population(seed, setting.customers, begins, midnight(anchor))
    calendar = Calendar(seed)
    shop = Shop(seed, population, calendar, Effects([planting(scenario)], calendar))
    forms, outbox = Forms(year.folder / SHOP, year.anchor, YEAR_DAYS), Outbox()
    for day in range(anchor, anchor + YEAR_DAYS):
        for record in shop.of_day(day, bytearray(population.size)):
            outbox.put(record)
        for record in outbox.until(midnight(day + 1)):
            forms.put(record)
    forms.close()
