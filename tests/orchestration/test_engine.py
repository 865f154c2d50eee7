"""Claims about work done side by side: whatever ends first, results and errors come as if done one after another."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.extract.engine import connect, side_by_side


@pytest.fixture(autouse=True)
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLMART_THREADS", "2")


def test_results_come_in_the_order_of_the_items_whichever_ends_first(tmp_path: Path) -> None:
    is_second_done = threading.Event()

    def work(_: duckdb.DuckDBPyConnection, item: int) -> int:
        if item == 0:
            assert is_second_done.wait(60)
        elif item == 1:
            is_second_done.set()
        return item * 10

    with connect(tmp_path) as db:
        assert side_by_side(db, range(20), work) == [item * 10 for item in range(20)]
        assert side_by_side(db, [], work) == []


def test_of_several_errors_the_first_in_the_order_of_the_items_is_raised(tmp_path: Path) -> None:
    is_second_done = threading.Event()

    def work(_: duckdb.DuckDBPyConnection, item: int) -> None:
        if item == 0:
            assert is_second_done.wait(60)
        is_second_done.set()
        raise ValueError(f"item {item}")

    with connect(tmp_path) as db, pytest.raises(ValueError, match="item 0"):
        side_by_side(db, range(20), work)


def test_nothing_is_begun_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLMART_THREADS", "1")
    begun = []

    def work(_: duckdb.DuckDBPyConnection, item: int) -> None:
        begun.append(item)
        if item == 3:
            raise ValueError(f"item {item}")

    with connect(tmp_path) as db, pytest.raises(ValueError, match="item 3"):
        side_by_side(db, range(20), work)
    assert begun == [0, 1, 2, 3]


def test_each_connection_is_prepared_in_utc_and_its_temporary_tables_are_its_own(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    def begin(db: duckdb.DuckDBPyConnection) -> None:
        db.execute("create or replace temp macro ten_times(x) as 10 * x")

    def work(db: duckdb.DuckDBPyConnection, item: int) -> object:
        db.execute(f"create or replace temp table same_name as select ten_times({item}) as value")
        together.wait(60)
        return db.execute("select value, current_setting('timezone') from same_name").fetchone()

    with connect(tmp_path) as db:
        assert side_by_side(db, [1, 2], work, begin) == [(10, "UTC"), (20, "UTC")]
