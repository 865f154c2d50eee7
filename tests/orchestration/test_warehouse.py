"""What dbt is asked to build: pure functions over file names and hashes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration import warehouse
from orchestration.warehouse import WarehousePlan, Window


def day(text: str) -> date:
    return date.fromisoformat(text)


def file(feed: str, dt: str) -> str:
    return f"lake/{feed}/dt={dt}/part-0.parquet"


def test_a_date_changed_when_its_file_is_new_gone_or_other() -> None:
    before = {file("a/x", "2026-03-01"): "1", file("a/x", "2026-03-02"): "1", file("a/x", "2026-03-03"): "1"}
    now = {file("a/x", "2026-03-01"): "1", file("a/x", "2026-03-02"): "2", file("a/y", "2026-03-04"): "1"}
    assert warehouse.changed_dates(before, now) == {day("2026-03-02"), day("2026-03-03"), day("2026-03-04")}


def test_the_zero_row_file_of_a_feed_has_no_date() -> None:
    assert warehouse.changed_dates({}, {file("a/x", "0001-01-01"): "1"}) == set()


def test_a_window_is_widened_on_both_sides_beyond_the_lake_too() -> None:
    found = warehouse.windows_of([day("2026-03-10")], 8)
    assert found == (Window(day("2026-03-02"), day("2026-03-18")),)


def test_windows_that_touch_become_one_and_distant_ones_stay_apart() -> None:
    dates = [day("2026-01-10"), day("2026-01-27"), day("2026-06-01")]
    found = warehouse.windows_of(dates, 8)
    assert found == (Window(day("2026-01-02"), day("2026-02-04")), Window(day("2026-05-24"), day("2026-06-09")))


def test_the_fingerprint_ignores_the_state_of_feeds_but_no_other_reference_table() -> None:
    inputs = {file("centre/queue", "0001-01-01"): "1", file("centre/feed_capability", "0001-01-01"): "1"}
    base = warehouse.transform_fingerprint(inputs)
    assert warehouse.transform_fingerprint(inputs | {file("centre/feed_capability", "0001-01-01"): "2"}) == base
    assert warehouse.transform_fingerprint(inputs | {file("centre/queue", "0001-01-01"): "2"}) != base


def test_an_unfinished_build_is_remembered_until_a_release_was_made(tmp_path: Path) -> None:
    plan = WarehousePlan((Window(day("2026-03-01"), day("2026-03-02")),), False, datetime(2026, 3, 3), {}, "f")
    (tmp_path / "warehouse").mkdir()
    warehouse.begin(tmp_path, plan)
    assert warehouse._unfinished(tmp_path) == {"dates": ["2026-03-01", "2026-03-02"], "full_refresh": False}
    warehouse.finish(tmp_path)
    assert warehouse._unfinished(tmp_path) is None


@pytest.mark.parametrize("full", [False, True])
def test_dbt_gets_the_window_as_variables(full: bool) -> None:
    plan = WarehousePlan((), full, datetime(2026, 3, 3), {}, "f")
    arguments = warehouse.build_arguments(plan, Window(day("2026-03-01"), day("2026-03-02")))
    assert '"window_from": "2026-03-01", "window_to": "2026-03-02", "as_of": "2026-03-03 00:00:00"' in arguments[4]
    assert ("--full-refresh" in arguments) is full


def test_feeds_that_a_model_reads_are_found_in_its_code() -> None:
    assert warehouse.feeds_read("select * from {{ lake('asterisk', 'queue_log') }}") == ["asterisk.queue_log"]
    assert warehouse.feeds_read("select 1") == []
