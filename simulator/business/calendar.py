"""The business calendar, as its owner enters it: plans weeks ahead, a recall on its first morning.

Belongs here: the feed. Does not belong here: when the occasions are and what they do (`simulator.occasions`).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.local_time import HOUR_S, date_of, midnight
from simulator.occasions import Calendar, Occasion
from simulator.records import Record

_KNOWN_DAYS_BEFORE = 30


def of_day(calendar: Calendar, day: int) -> Iterator[Record]:
    """The events that are entered on a local day."""
    for year in (date_of(day).year, date_of(day).year + 1):
        for occasion in calendar.of_year(year):
            if _entered_on(occasion) == day:
                yield _record(occasion)


def _entered_on(occasion: Occasion) -> int:
    return occasion.first_day - (_KNOWN_DAYS_BEFORE if occasion.is_planned else 0)


def _record(occasion: Occasion) -> Record:
    at = midnight(_entered_on(occasion)) + 9 * HOUR_S
    # a recall is known an hour before the first customers call
    begins = midnight(occasion.first_day) + (0 if occasion.is_planned else 10 * HOUR_S)
    row = {
        "event_id": occasion.occasion_id,
        "kind": occasion.kind,
        "event_name": occasion.name_zh,
        "created_at": at,
        "planned_start_at": begins,
        "planned_end_at": midnight(occasion.end_day),
        "queue_id": None,
        "line_of_business": None,
        "region_code": None,
        "record_updated_at": at,
    }
    return Record("canonical.calendar_event", at, row)
