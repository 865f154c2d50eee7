"""Health of the devices that capture data (M049), counted from their checks.

Belongs here: the rulings of DECISIONS.md, section 19, once more. Does not belong here: what a check finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.records import Record
from simulator.truth.tally import ALL, Tally
from simulator.truth.values import Value

FEED = "canonical.feed_heartbeat"


class CaptureRecount:
    """Takes the checks of devices."""

    feeds = (FEED,)

    def __init__(self, known_until: int) -> None:
        self._known_until = known_until
        self._tally = Tally()

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        row = record.row
        if record.feed != FEED or record.at >= self._known_until:
            return
        self._tally.add("M049", "checks", row["checked_at"], [ALL], 1 if row["status"] == "up" else 0, 1)
        expected, received = row["expected_count"], row["received_count"]
        if expected and received is not None:
            self._tally.add("M049", "records", row["checked_at"], [ALL], min(received, expected), expected)

    def values(self) -> Iterator[Value]:
        """M049 by day, week and month, ordered: checks that found a device up, and records that came of those due."""
        return self._tally.values()


def recount_capture(records: Iterable[Record], known_until: int) -> list[Value]:
    """The values of records that are all at hand."""
    recount = CaptureRecount(known_until)
    for record in records:
        recount.add(record)
    return list(recount.values())
