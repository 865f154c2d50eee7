"""Health of the devices that capture data (M049), counted from their checks.

Belongs here: the rulings of DECISIONS.md, section 19, once more. Does not belong here: what a check finds.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.records import Record
from simulator.truth.tally import ALL, Tally
from simulator.truth.values import Value

FEED = "canonical.feed_heartbeat"


def recount_capture(records: Iterable[Record], known_until: int) -> list[Value]:
    """M049 by day, week and month, ordered: checks that found a device up, and records that came of those due."""
    tally = Tally()
    for record in records:
        row = record.row
        if record.feed != FEED or record.at >= known_until:
            continue
        tally.add("M049", "checks", row["checked_at"], [ALL], 1 if row["status"] == "up" else 0, 1)
        expected, received = row["expected_count"], row["received_count"]
        if expected and received is not None:
            tally.add("M049", "records", row["checked_at"], [ALL], min(received, expected), expected)
    return tally.values()
