"""Success of the interfaces (M048), counted from the minutes of monitoring.

Belongs here: the sum of calls and failures. Does not belong here: single calls, latency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.records import Record
from simulator.truth.tally import ALL, Tally
from simulator.truth.values import Value


class IntegrationRecount:
    """Takes minutes of interfaces; a minute belongs to the date it begins."""

    feeds = ("canonical.api_call_minute",)

    def __init__(self, known_until: int) -> None:
        self._known_until = known_until
        self._tally = Tally()

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        if record.feed == "canonical.api_call_minute" and record.at < self._known_until:
            row = record.row
            slices = [ALL, ("endpoint", row["endpoint_id"]), ("tool", row["tool_name"])]
            calls, failures = row["call_count"], row["failure_count"]
            self._tally.add("M048", "calls", row["minute_at"], slices, calls - failures, calls)

    def values(self) -> Iterator[Value]:
        """M048 by day and month, in all, by endpoint and by tool; week for all. Ordered."""
        return self._tally.values()


def recount_integrations(records: Iterable[Record], known_until: int) -> list[Value]:
    """The values of records that are all at hand."""
    recount = IntegrationRecount(known_until)
    for record in records:
        recount.add(record)
    return list(recount.values())
