"""Success of the interfaces (M048), counted from the minutes of monitoring.

Belongs here: the sum of calls and failures. Does not belong here: single calls, latency.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.records import Record
from simulator.truth.tally import ALL, Tally
from simulator.truth.values import Value


def recount_integrations(records: Iterable[Record], known_until: int) -> list[Value]:
    """M048 by day and month, in all, by endpoint and by tool; week for all. A minute belongs to the date it begins."""
    tally = Tally()
    for record in records:
        if record.feed == "canonical.api_call_minute" and record.at < known_until:
            row = record.row
            slices = [ALL, ("endpoint", row["endpoint_id"]), ("tool", row["tool_name"])]
            calls, failures = row["call_count"], row["failure_count"]
            tally.add("M048", "calls", row["minute_at"], slices, calls - failures, calls)
    return tally.values()
