"""DuckDB connections of the extraction, and small pieces of SQL that its modules share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import duckdb

from orchestration import paths
from orchestration.errors import storing
from orchestration.extract.expressions import literal, quote

_OFFSET = r"[0-9]:[0-9]{2}.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_NO_OFFSET = r"[+-](1[5-9]|[2-9][0-9]|..:?[6-9][0-9])"
# Beyond these years, and at infinity, a conversion between zones is an error instead of a value.
_FIRST, _LAST = "timestamp '0001-01-02'", "timestamp '9999-12-31'"
_MOST_SIDE_BY_SIDE = 4  # all share one memory limit
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
META = "callmart"  # the one key-value pair that our Parquet files carry: a JSON object


@contextmanager
def connect(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB in UTC that spills below the data root. `CALLMART_MEMORY` (2GB) and `CALLMART_THREADS` bound
    what it takes. Raises InputError when the block finds the disk full."""
    with storing(root), duckdb.connect(":memory:") as db:
        spill = paths.make_private(paths.temp_dir(root), root)
        db.execute("set global timezone = 'UTC'")  # of `side_by_side`'s connections too
        db.execute("set memory_limit = " + literal(os.environ.get("CALLMART_MEMORY", "2GB")))
        db.execute("set temp_directory = " + literal(str(spill)))
        if threads := os.environ.get("CALLMART_THREADS"):
            db.execute(f"set threads = {int(threads)}")
        db.execute("set enable_progress_bar = false")
        yield db


def side_by_side(
    db: duckdb.DuckDBPyConnection,
    items: Sequence[_Item],
    work: Callable[[duckdb.DuckDBPyConnection, _Item], _Result],
    begin: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
) -> list[_Result]:
    """`work` on each item, several at a time: what is one file or one row group keeps one core busy. Results in order.

    Each runs on a connection to the database of `db`, on which `begin` was called; temporary tables are the
    connection's own. Items are begun in order. Raises the error of the first item, in their order, that fails; what is
    begun after it is given up.
    """
    if not items:
        return []
    threads = db.execute("select current_setting('threads')").fetchone() or (1,)
    count = min(len(items), threads[0], _MOST_SIDE_BY_SIDE)
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    failed: list[int] = []

    def one(index: int) -> _Result:
        if any(index > other for other in failed):
            raise CancelledError  # told to nobody: the earlier error is
        connection = free.get()
        try:
            return work(connection, items[index])
        except BaseException:
            failed.append(index)
            raise
        finally:
            free.put(connection)

    with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
        connections = [stack.enter_context(db.cursor()) for _ in range(count)]
        for connection in connections:
            begin(connection)
            free.put(connection)
        try:
            return [done.result() for done in [pool.submit(one, index) for index in range(len(items))]]
        except BaseException:  # Ctrl-C too
            failed.append(-1)
            for connection in connections:
                connection.interrupt()
            raise


def write_parquet(
    db: duckdb.DuckDBPyConnection, query: str, target: Path, meta: dict[str, Any], compression: str = "zstd"
) -> None:
    """Write a query's rows to a Parquet file that carries `meta`."""
    said = literal(json.dumps(meta, sort_keys=True, ensure_ascii=False))
    db.execute(
        f"copy ({query}) to {literal(str(target))} "
        f"(format parquet, compression {compression}, row_group_size 100000, kv_metadata {{{META}: {said}}})"
    )


def read_meta(db: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """The `meta` of Parquet files; a file without it has none, nor has one that is damaged: whatever it was made of, it
    is made again."""
    found: dict[Path, dict[str, Any]] = {}
    existing = [file for file in files if file.exists()]
    for begin in range(0, len(existing), 500):
        batch = existing[begin : begin + 500]
        names = "[" + ", ".join(literal(str(file)) for file in batch) + "]"
        try:
            rows = db.execute(
                f"select file_name, decode(value) from parquet_kv_metadata({names}) where decode(key) = '{META}'"
            ).fetchall()
        except duckdb.InvalidInputException:  # no Parquet file
            for file in batch if len(batch) > 1 else ():
                found |= read_meta(db, [file])
            continue
        found.update({Path(name): json.loads(value) for name, value in rows})
    return found


def parquet(files: Iterable[Path]) -> str:
    """A table function that reads Parquet files of one schema."""
    return "read_parquet([" + ", ".join(literal(str(file)) for file in files) + "])"


def to_utc(local: str, zone: str) -> str:
    """A local TIMESTAMP in `zone` as a UTC TIMESTAMP. A time that occurs twice is the later one, a time that does not
    exist is moved by the hour that is missing: ICU's rule, the same at each run. NULL outside the years 1 to 9999."""
    utc = f"((({local}) at time zone {literal(zone)}) at time zone 'UTC')"
    return f"(case when ({local}) between {_FIRST} and {_LAST} then {utc} end)"


def instant_to_utc(instant: str) -> str:
    """A TIMESTAMPTZ as a UTC TIMESTAMP; NULL outside the years 1 to 9999."""
    first, last = (f"{bound} at time zone 'UTC'" for bound in (_FIRST, _LAST))
    return f"(case when ({instant}) between ({first}) and ({last}) then ({instant}) at time zone 'UTC' end)"


def instants(text: str) -> tuple[str, str]:
    """SQL of a text in ISO form as a local TIMESTAMP, and as an absolute one in UTC where it has an offset; one of the
    two is NULL."""
    offset = f"regexp_matches(trim({text}), '{_OFFSET}')"
    local = f"case when not {offset} then try_cast(trim({text}) as timestamp) end"
    possible = f"{offset} and not regexp_matches(right(trim({text}), 6), '{_NO_OFFSET}')"
    return local, instant_to_utc(f"case when {possible} then try_cast(trim({text}) as timestamptz) end")


def to_local(utc: str, zone: str) -> str:
    """A UTC TIMESTAMP as a local TIMESTAMP in `zone`."""
    return f"((({utc}) at time zone 'UTC') at time zone {literal(zone)})"


def is_doubtful(local: str, zone: str) -> str:
    """Whether a local TIMESTAMP does not exist in `zone` or occurs twice."""
    utc = to_utc(local, zone)
    others = " or ".join(
        f"{to_local(f'{utc} {sign} interval {minutes} minute', zone)} = {local}"
        for minutes in (30, 60)
        for sign in "+-"
    )
    return f"({to_local(utc, zone)} <> {local} or {others})"


def near(instant: str, other: str, seconds: int) -> str:
    """A TIMESTAMP that lies within so many seconds of another one, else NULL."""
    within = f"interval {seconds} second"
    return f"(case when ({instant}) between {other} - {within} and {other} + {within} then {instant} end)"


def has_changes(db: duckdb.DuckDBPyConnection, zone: str, begin: int, end: int) -> bool:
    """Whether the clocks of `zone` change between two years."""
    row = db.execute(
        f"""select count(distinct {to_utc("ts", zone)} - ts) > 1
        from range(timestamp '{begin}-01-01', timestamp '{end + 1}-01-01', interval 1 day) t(ts)"""
    ).fetchone()
    return bool(row and row[0])


def flags(conditions: Iterable[tuple[str, str]]) -> str:
    """The names whose condition holds, sorted, with commas between them; NULL when none holds."""
    by_name: dict[str, list[str]] = {}
    for condition, name in conditions:
        by_name.setdefault(name, []).append(f"({condition})")
    cases = [f"case when {' or '.join(by_name[name])} then {literal(name)} end" for name in sorted(by_name)]
    return f"nullif(concat_ws(',', {', '.join(cases)}), '')" if cases else "null::varchar"


def case(conditions: Iterable[tuple[str, str]], otherwise: str = "null") -> str:
    """A CASE over (condition, value)."""
    arms = " ".join(f"when {condition} then {value}" for condition, value in conditions)
    return f"case {arms} else {otherwise} end" if arms else otherwise


def json_row(columns: Iterable[str]) -> str:
    """One row as a JSON text: unambiguous, so that its hash tells rows apart."""
    return f"json_array({', '.join(quote(column) for column in columns)})::varchar"
