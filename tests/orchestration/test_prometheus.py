"""Ranges of Prometheus reach the lake by the minute: whole minutes, each once, however long the range.

Here belongs: the example of `examples/prometheus`, against a server that answers as Prometheus does. Not here: what
holds for every API (test_http.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract.http import client
from tests.orchestration.api_server import Api, Asked, Reply, serving
from tests.orchestration.extract_kit import NOW, Kit, read

START = datetime(2026, 3, 10, tzinfo=UTC)
ENDPOINT = {"tool": "logistics", "endpoint": "logistics.track"}


def series(asked: Asked, of: dict[int, str], labels: dict[str, str] = ENDPOINT) -> dict[str, Any]:
    """A series with values by the minute at which their step ends, counted from the start; only those asked for."""
    first, last, step = (int(asked.query[name]) for name in ("start", "end", "step"))
    times = {int(START.timestamp()) + 60 * minute: value for minute, value in of.items()}
    found = [[time, times[time]] for time in range(first, last + 1, step) if time in times]
    return {"metric": labels, "values": found}


def matrix(*found: dict[str, Any]) -> Reply:
    result = [item for item in found if item["values"]]
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": result}})


def answer(asked: Asked) -> Reply:
    """Three minutes of calls, of which one failed; minute 3 has no latency, and minute 4 no value."""
    assert asked.path == "/api/v1/query_range"
    if "quantile" in asked.query["query"]:
        return matrix(series(asked, {1: "0.25", 2: "0.5", 3: "NaN"}))
    if "outcome" in asked.query["query"]:
        return matrix(series(asked, {2: "1.0000000004"}))
    return matrix(
        series(asked, {1: "10", 2: "4.000000002", 3: "2.5", 4: "NaN"}),
        series(asked, {1: "7"}, {"tool": "orders", "endpoint": "orders.get"}),
    )


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Api, Kit]]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(client, "sleep", lambda seconds: None)
    with serving(answer) as api:
        monkeypatch.setenv("PROMETHEUS_URL", api.url)
        shutil.copyfile(paths.PROJECT / "examples" / "prometheus" / "callmart.yaml", tmp_path / "callmart.yaml")
        yield api, starting(Kit(tmp_path, "canonical.api_call_minute"), "2026-03-10")


def starting(kit: Kit, day: str, more: str = "") -> Kit:
    text = (kit.base / "callmart.yaml").read_text("utf-8")
    before, _, after = text.partition("window: {start: ")
    return kit.configure(f"{before}window: {{start: {day}{more}{after[10:]}")


def rows(kit: Kit, now: datetime = NOW) -> list[tuple[Any, ...]]:
    kit.refresh(now)
    files = paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet")
    names = ("endpoint_id", "minute_at", "call_count", "failure_count", "latency_p95_ms", "flags")
    found = [tuple(row[name] for name in names) for file in files for row in read(file)]
    return sorted((name, f"{minute:%H:%M}", *rest) for name, minute, *rest in found)


def test_queries_become_columns_of_the_minute_that_their_step_begins(prometheus: tuple[Api, Kit]) -> None:
    _, kit = prometheus
    assert rows(kit) == [
        ("logistics.track", "00:00", 10, 0, 250, None),
        ("logistics.track", "00:01", 4, 1, 500, None),
        ("logistics.track", "00:02", 2.5, 0, None, None),
        ("orders.get", "00:00", 7, 0, None, None),
    ]


def test_the_running_minute_is_never_taken_and_late_ones_are_asked_for_again(prometheus: tuple[Api, Kit]) -> None:
    api, kit = prometheus
    now = START + timedelta(minutes=4, seconds=59)  # two minutes wait: up to 00:02
    assert [row[1] for row in rows(kit, now)] == ["00:00", "00:01", "00:00"]
    assert {int(asked.query["end"]) for asked in api.asked} == {int((START + timedelta(minutes=2)).timestamp())}
    api.asked.clear()
    assert len(rows(kit, NOW)) == 4
    first, last = int(api.asked[0].query["start"]), int(api.asked[0].query["end"])
    assert first == int(START.timestamp()) + 60  # ten minutes before the last end lie before the start
    assert last == int((NOW - timedelta(minutes=2)).timestamp())


def test_a_long_range_is_split_below_the_points_that_prometheus_gives(prometheus: tuple[Api, Kit]) -> None:
    api, kit = prometheus
    starting(kit, "2026-01-01", ", most_s: 8640000").land()
    assert len(api.asked) == 2 * 3  # two windows of three queries: the example reaches fourteen days back
    asked = [(int(said.query["start"]), int(said.query["end"])) for said in api.asked[::3]]
    assert [(end - begin) // 60 + 1 for begin, end in asked] == [11_000, 14 * 1440 - 11_000]
    assert asked[1][0] == asked[0][1] + 60


def test_what_is_no_range_query_is_told(prometheus: tuple[Api, Kit]) -> None:
    api, kit = prometheus
    api.answer = lambda asked: Reply({"status": "success", "data": {"resultType": "vector", "result": []}})
    with pytest.raises(InputError, match=r"no matrix at data\.result"):
        kit.land()
    api.answer = lambda asked: Reply({"status": "error", "error": "parse error"}, 400)
    with pytest.raises(InputError, match="parse error"):
        kit.land()
