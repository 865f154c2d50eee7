"""The read-only dialect lets Great Expectations judge DuckDB files, and leaves no lock behind."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlalchemy

from expectations import dialect
from expectations.check import Check, InSet, NoRows, NotNull, Text
from expectations.errors import CheckDefectError

TEXT = Text("测试", "test")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder 目录"
    folder.mkdir()
    path = folder / "candidate.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create view candidate as select i, case when i > 7 then 'x' end as s from range(10) t(i)")
    return path


def check(name: str, rule: NotNull | InSet | NoRows) -> Check:
    return Check(name, "blocking", TEXT, TEXT, rule)


def fetch_after_giving_back(url: str) -> list[tuple[int]]:
    """What Great Expectations does: fetch a result after the connection went back to the pool."""
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            result = connection.execute(sqlalchemy.text("select count(*) from candidate"))
            cursor = result.cursor
        assert cursor is not None
        return list(cursor.fetchall())
    finally:
        engine.dispose()


def test_canary_plain_dialect_still_loses_its_result_and_ours_keeps_it(database: Path) -> None:
    """When this fails on the first half, `expectations/dialect.py` is no longer needed."""
    plain = dialect.url(database).replace("duckdb+gx", "duckdb")
    assert fetch_after_giving_back(plain) == []
    dialect.register()
    assert fetch_after_giving_back(dialect.url(database)) == [(10,)]


def test_dialect_refuses_to_write(database: Path) -> None:
    dialect.register()
    engine = sqlalchemy.create_engine(dialect.url(database))
    try:
        with engine.connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
            connection.execute(sqlalchemy.text("create table written as select 1"))
    finally:
        engine.dispose()


def test_great_expectations_counts_what_the_rules_own_sql_lists(database: Path, tmp_path: Path) -> None:
    from expectations import runner
    from expectations.check import for_duckdb

    checks = [
        check("not_null", NotNull("s", show=("i",))),
        check("in_set", InSet("s", ("y", "z"), show=("i",))),
        check("no_rows", NoRows("select i from {batch} where i % 2 = 0")),
        check("escaped", NoRows("select i from {batch} where regexp_matches('12:34', '[0-9]{2}:34') and i < 3::int")),
        check("clean", NoRows("select i from {batch} where i > 9")),
    ]
    columns = {"i": "BIGINT", "s": "VARCHAR"}
    with runner.opened(database, tmp_path / "docs") as run:
        failed = run.run("test", checks, columns, table="candidate")
    with duckdb.connect(str(database), read_only=True) as connection:
        listed = {
            one.name: len(connection.execute(for_duckdb(one.rule.offending_rows(columns), "candidate")).fetchall())
            for one in checks
        }
    assert failed == {"not_null": 8, "in_set": 2, "no_rows": 5, "escaped": 3}
    assert {name: count for name, count in listed.items() if count} == failed


def test_lock_is_given_back_even_when_a_check_cannot_be_run(database: Path, tmp_path: Path) -> None:
    from expectations import runner

    broken = [check("broken", NoRows("select no_such_column from {batch}"))]
    with pytest.raises(CheckDefectError, match="check broken of test"), runner.opened(database, tmp_path) as run:
        run.run("test", broken, {"i": "BIGINT"}, table="candidate")
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table written as select 1 as a")
