"""What the simulated systems with an API answer, from the files that a simulation wrote.

Belongs here: the helpdesk's export of changes, and range queries of Prometheus. Does not belong here: the wire
(`serve`), writing (`forms`).

A change has its place in the order of all changes. A token names a place and what stands before it, so that it goes on
holding when a longer simulation of the same centre takes the folder, and is refused when another one does.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.forms import monitoring
from simulator.forms.writer import API_FOLDER, METRICS
from simulator.local_time import UTC_OFFSET_S

MOST_RECORDS = 5000
MINUTE_S = 60
_SERIES = (
    ("tool_request_duration_seconds_bucket", monitoring.P95),
    ('tool_requests_total{outcome!="ok"}', monitoring.FAILURES),
    ("tool_requests_total", monitoring.CALLS),
)


class RefusedError(Exception):
    """A request that can't be answered; `status` is HTTP's."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


@lru_cache(maxsize=4)
def _lines(path: Path, _: int) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def lines_of(path: Path) -> list[bytes]:
    """The lines of a file, kept while the file stays as it is."""
    return _lines(path, path.stat().st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Day:
    date: str
    path: Path
    begins: int  # number of changes before it


@lru_cache(maxsize=16)
def _days(_: str, files: tuple[tuple[Path, int], ...]) -> tuple[_Day, ...]:
    days, count = [], 0
    for path, _changed_at in files:
        days.append(_Day(path.name.removeprefix("changes-")[:10], path, count))
        count += len(lines_of(path))
    return (*days, _Day("9999-12-31", Path(), count))


class ChangeLog:
    """The changes of one resource of the helpdesk, oldest first."""

    def __init__(self, folder: Path, resource: str) -> None:
        self._resource = resource
        files = sorted((folder / API_FOLDER / resource).glob("changes-*.jsonl.gz"))
        if not (folder / API_FOLDER / resource).is_dir():
            raise RefusedError(404, f"there is no resource {resource}")
        self._days = _days(resource, tuple((path, path.stat().st_mtime_ns) for path in files))

    def page(self, since: str, after: str | None, limit: int) -> bytes:
        """The next `limit` changes: behind the token `after`, or, without one, from the date of `since` (ISO) on.

        Raises RefusedError for a token that this log did not give.
        """
        end = self._days[-1].begins
        place = self._begin(since[:10]) if after is None else self._behind(after)
        found = self._between(place, min(place + limit, end))
        place += len(found)
        last = found[-1] if found else None
        token = after if last is None else f"{place}-{_digest(last)}"
        head = f'{{"data":{{"next":{json.dumps(token)},"has_more":{json.dumps(place < end)},"{self._resource}":['
        return head.encode() + b",".join(found) + b"]}}"

    def _begin(self, date: str) -> int:
        return next(day.begins for day in self._days if day.date >= date)

    def _behind(self, token: str) -> int:
        number, _, digest = token.partition("-")
        place = int(number) if number.isdigit() else 0
        before = self._between(place - 1, place) if 0 < place <= self._days[-1].begins else []
        if not before or _digest(before[0]) != digest:
            raise RefusedError(410, "the token is none of this log; begin again with `since`")
        return place

    def _between(self, begin: int, end: int) -> list[bytes]:
        found: list[bytes] = []
        for day, following in zip(self._days, self._days[1:], strict=False):
            if day.begins < end and following.begins > begin:
                lines = lines_of(day.path)
                found += lines[max(0, begin - day.begins) : end - day.begins]
        return found


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:12]


def query_range(folder: Path, query: str, start: int, end: int, step: int) -> dict[str, Any]:
    """Prometheus's answer to a range query by the minute; the value at an instant tells of the minute before it.

    Raises RefusedError for another step, or a query that names no series of ours.
    """
    what = next((name for series, name in _SERIES if series in query), None)
    if what is None or step != MINUTE_S:
        raise RefusedError(400, "the query names no series of this server, or the step is not a minute")
    found: dict[tuple[str, str], list[list[Any]]] = defaultdict(list)
    for path in sorted((folder / API_FOLDER / METRICS).glob("minutes-*.jsonl.gz")):
        if not _local_date(start - MINUTE_S) <= path.name.removeprefix("minutes-")[:10] <= _local_date(end):
            continue
        for line in lines_of(path):
            record = json.loads(line)
            at = record["minute_at"] + MINUTE_S
            value = _value(record, what)
            if start <= at <= end and value is not None:
                found[record["endpoint_id"], record["tool_name"] or ""].append([at, value])
    result = [
        {"metric": {"endpoint": endpoint, "tool": tool}, "values": sorted(values)}
        for (endpoint, tool), values in sorted(found.items())
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def _value(record: dict[str, Any], what: str) -> str | None:
    if what == monitoring.P95:
        latency = record["latency_p95_ms"]
        return None if latency is None else repr(latency / 1000)
    return str(record["call_count" if what == monitoring.CALLS else "failure_count"])


def _local_date(at: int) -> str:
    return f"{datetime.fromtimestamp(at + UTC_OFFSET_S, UTC):%Y-%m-%d}"
