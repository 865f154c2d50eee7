"""The years that retention looks at: customers who were served, and what they bought in the twelve months after.

Belongs here: how these years' files come about. Does not belong here: what is measured of them (`metrics.retention`).

Two years of a whole centre would take an hour. So the centre works for ten days before each anchor and is closed after
it, while its customers go on buying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from simulator.run import simulate

SERVED_DAYS, YEAR_DAYS, AGENTS = 10, 365, 8
_NAME = "year-"


@dataclass(frozen=True, slots=True)
class Year:
    """The twelve months after an anchor, with the files of a centre that was open before it."""

    anchor: date
    folder: Path

    @property
    def crm(self) -> Path:
        """The CRM of the days before the anchor and of the year after it."""
        return self.folder / "crm.sqlite"


def found_years(folder: Path) -> tuple[Year, ...]:
    """The years whose files stand in a folder, the oldest first."""
    paths = sorted(folder.glob(f"{_NAME}*"))
    return tuple(Year(date.fromisoformat(path.name.removeprefix(_NAME)), path) for path in paths)


def write_years(folder: Path, scenario: str, switch: date, seed: int) -> None:
    """Write the files of the year that ends with the date of a measure, and of the one that begins with it."""
    for anchor in (switch - timedelta(days=YEAR_DAYS), switch):
        first = anchor - timedelta(days=SERVED_DAYS)
        out = folder / f"{_NAME}{anchor}"
        simulate(out, SERVED_DAYS, AGENTS, seed, first, scenarios=[scenario], shop_days=YEAR_DAYS)
