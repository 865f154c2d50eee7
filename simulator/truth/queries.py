"""How much of what people look up and export can be traced (M164), counted from the logs of their tools.

Belongs here: the rulings of DECISIONS.md, section 39, once more. Does not belong here: what a log is of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from simulator.records import Record
from simulator.truth.tally import ALL, Tally
from simulator.truth.values import Value

FEED = "canonical.query_log"


class QueryRecount:
    """Takes the rows of logs, those of a tool in the order of time.

    Of a chain no more is kept than the rows which nothing has followed yet: a row either follows one of them, or what
    it names is missing or was followed before.
    """

    feeds = (FEED,)

    def __init__(self, known_until: int) -> None:
        self._known_until = known_until
        self._tally = Tally()
        self._ends: dict[str, set[str]] = defaultdict(set)

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds and those not known yet are left alone."""
        if record.feed != FEED or record.at >= self._known_until:
            return
        row, at = record.row, record.row["executed_at"]
        is_linked = self._is_linked(row["tool_name"], row["previous_chain_hash"], row["chain_hash"])
        if row["run_by"] == "system" and not row["is_exported"]:
            return
        names_query = any(row[name] is not None for name in ("query_hash", "saved_query_id", "table_names"))
        traced = int(row["user_id"] is not None and names_query)
        slices = [ALL, ("user", row["user_id"] or "unknown"), ("tool", row["tool_name"])]
        self._tally.add("M164", "operations", at, slices, traced, 1)
        self._tally.add("M164", "chained", at, slices, traced if is_linked else 0, 1)
        if row["is_exported"]:
            self._tally.add("M164", "exports", at, slices, traced, 1)

    def values(self) -> Iterator[Value]:
        """M164 by day and month, in all, by user and by tool; week for all. Ordered."""
        return self._tally.values()

    def _is_linked(self, tool: str, before: str | None, own: str | None) -> bool:
        if own is None:
            return False
        is_first = tool not in self._ends
        ends = self._ends[tool]
        follows = before in ends
        if before is not None:
            ends.discard(before)
        ends.add(own)
        return is_first or follows


def recount_queries(records: Iterable[Record], known_until: int) -> list[Value]:
    """The values of records that are all at hand."""
    recount = QueryRecount(known_until)
    for record in records:
        recount.add(record)
    return list(recount.values())
