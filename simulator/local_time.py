"""Local days and instants, as every part of the simulation needs them.

Belongs here: the fixed offset of Asia/Shanghai and what follows from it. Does not belong here: special days
(`simulator.occasions`).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

UTC_OFFSET_S = 8 * 3600  # Asia/Shanghai, which has no daylight saving
HOUR_S, DAY_S = 3600, 86_400
EPOCH = date(1970, 1, 1).toordinal()


def day_of(at: int) -> int:
    """The local day of an instant, as a number of days since 1970-01-01."""
    return (at + UTC_OFFSET_S) // DAY_S


def midnight(day: int) -> int:
    """The instant at which a local day begins."""
    return day * DAY_S - UTC_OFFSET_S


def date_of(day: int) -> date:
    """The calendar date of a local day."""
    return date.fromordinal(EPOCH + day)


def number_of(moment: date) -> int:
    """The local day of a calendar date."""
    return moment.toordinal() - EPOCH


@lru_cache(maxsize=1)
def clock_texts() -> tuple[str, ...]:
    """`HH:MM:SS` of every second of a day: to format an instant is what a simulation does most often."""
    return tuple(f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}" for second in range(DAY_S))
