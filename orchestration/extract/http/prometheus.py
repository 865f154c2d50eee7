"""Range queries of Prometheus as records: one for each series and step, the queries side by side.

Here belongs: asking for a range and joining its series. Not here: which range (land.py), and what a label means (the
mapping).

A value at t tells of the step that ends at t, as `increase(…[1m])` does with a step of a minute; the record's `at` is
where that step begins. Counters that begin anew at 0 are the business of `increase`. What has no value (NaN) is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.extract.http.client import Client, Request
from orchestration.extract.http.records import Misplaced, at, line
from orchestration.extract.http.settings import Prometheus


def ranges(client: Client, said: Prometheus, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """Records of the whole steps from `start` up to `end` (UTC, multiples of the step), by time and labels.

    Raises Misplaced for an answer that is no matrix, and what asking raises.
    """
    step = timedelta(seconds=said.step_s)
    found: dict[tuple[float, bytes], dict[str, Any]] = {}
    for name, query in said.queries.items():
        asked = {
            "query": query,
            "start": _seconds(start + step),
            "end": _seconds(end),
            "step": str(said.step_s),
        }
        body = client.ask(Request("GET", client.url, asked)).body
        if at(body, "data.resultType") != "matrix" or not isinstance(at(body, "data.result"), list):
            raise Misplaced("no matrix at data.result (is url the address of /api/v1/query_range?)")
        for series in body["data"]["result"]:
            labels = at(series, "metric") or {}
            for when, value in at(series, "values") or ():
                if value == "NaN":
                    continue
                begins = datetime.fromtimestamp(float(when), UTC) - step
                record = found.setdefault(
                    (float(when), line(labels)), {"at": f"{begins:%Y-%m-%dT%H:%M:%S}Z", "metric": labels}
                )
                record[name] = value
    for key in sorted(found):
        yield found[key]


def _seconds(when: datetime) -> str:
    return str(int(when.timestamp()))
