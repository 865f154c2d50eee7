"""A long lake from a short one: the partitions of a base period, copied to later weeks.

Simulating and typing millions of calls takes longer than the benchmarks that need them. A copy is the base shifted by
whole periods: times move, ids of records become others, so that each contact stands alone with what belongs to it.
Customers, agents and weekdays stay. What began before the base period (a year of orders and costs) is copied once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contracts import Contract, all_contracts, contract
from orchestration import paths
from orchestration.config import Config
from orchestration.extract.engine import connect, parquet, read_meta, write_parquet
from orchestration.extract.reference import ensure_zero_partitions, write_reference

DAY_S = 86400
# Lists of people that all copies share.
_ONCE = ("canonical.customer", "canonical.customer_identity")
# Names of records beside the keys of feeds and what the contracts link to them.
_MORE_IDS = {"call_id", "linked_id", "data2", "event_at_raw", "root_contact_id", "telephony_call_id", "shift_id",
             "parent_action_id", "query_id", "chain_hash", "previous_chain_hash"}  # fmt: skip
# The seconds since 1970 that ids and raw times begin with.
_EPOCH = r"^([0-9]{10})(\.[0-9]+)?$"


def copy_lake(base: Path, target: Path, config: Config, period_days: int, copies: int) -> None:
    """Fill the lake of data root `target` with `copies` periods of the lake of `base`; the first one is as it was.

    `period_days` is the length of the base period; rows that reach beyond it fall into the next copy's first date, and
    those of the last copy are left out.
    """
    ensure_zero_partitions(target)

    def write(feed: str, day: date, parts: list[tuple[Path, int]]) -> None:
        with connect(target) as db:
            _write(db, contract(feed), parts, paths.partition_path(target, feed, day))

    # a file of one row group is written by one thread
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for feed in config.feeds:
            for done in [pool.submit(write, feed, *item) for item in _sources(base, feed, period_days, copies).items()]:
                done.result()
    write_reference(config, target, {})


def _sources(base: Path, feed: str, period_days: int, copies: int) -> Mapping[date, list[tuple[Path, int]]]:
    """Date -> the base files that make it, each with the days by which it is shifted."""
    found: dict[date, list[tuple[Path, int]]] = {}
    files = {
        date.fromisoformat(path.parent.name.removeprefix("dt=")): path
        for path in sorted(paths.lake_dir(base, feed).glob("dt=*/part-0.parquet"))
    }
    days = sorted(day for day in files if day != paths.ZERO_DATE)
    end = days[0] + timedelta(days=period_days * copies) if days else date.min
    for copy in range(1 if feed in _ONCE else copies):
        for day in days:
            moved = day + timedelta(days=period_days * copy)
            if moved < end:
                found.setdefault(moved, []).append((files[day], period_days * copy))
    return found


def _write(db: duckdb.DuckDBPyConnection, said: Contract, parts: list[tuple[Path, int]], target: Path) -> None:
    meta = [read_meta(db, [path])[path] | {"shift": shift} for path, shift in parts]
    query = " union all ".join(_shifted(said, path, shift) for path, shift in parts)
    content = hashlib.sha256("".join(f"{m['content_hash']}{m['shift']}" for m in meta).encode()).hexdigest()[:32]
    target.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(
        db,
        query,
        target,
        {
            "feed": said.feed,
            "contract": said.fingerprint(),
            "rows": sum(m["rows"] for m in meta),
            "duplicates": 0,
            "content_hash": content,
            "fingerprint": content[:16],
        },
    )


def _shifted(said: Contract, file: Path, days: int) -> str:
    ids = _record_ids(said)
    columns = ", ".join(
        f"{_column(column.name, column.type, days, column.name in ids)} as {column.name}"
        for column in said.lake_columns
    )
    query = f"select {columns} from {parquet([file])}"
    if days and said.entity:
        begins = date.fromisoformat(file.parent.name.removeprefix("dt="))
        query += f" where {said.event_time} >= date '{begins}' - interval 1 day"
    return query


def _record_ids(said: Contract) -> set[str]:
    """Columns that name a record of which each copy has its own."""
    keys = {name for each in all_contracts().values() if len(each.natural_key) == 1 for name in each.natural_key}
    linked = {name for name, feed in said.links.items() if feed not in _ONCE}
    return (keys | linked | _MORE_IDS) & {column.name for column in said.lake_columns if column.type == "VARCHAR"}


def _column(name: str, kind: str, days: int, is_id: bool) -> str:
    """A column of the copy: times and ids moved, all else as it was."""
    if days == 0 or name == "ingested_at":
        return name
    if name == "row_hash":
        return f"md5(row_hash || '{days}')"
    if name == "source_file":
        return f"'{days}-' || source_file"
    if name == "sequence_no":
        return f"sequence_no + {days * 1_000_000}"
    if name == "started_at_raw":
        return f"strftime(cast(started_at_raw as timestamp) + interval {days} day, '%Y-%m-%d %H:%M:%S')"
    if kind == "TIMESTAMP":
        return f"{name} + interval {days} day"
    if kind == "DATE":
        return f"cast({name} + interval {days} day as date)"
    if is_id:
        moved = f"cast(left({name}, 10) as bigint) + {days * DAY_S}"
        other = name if name == "data2" else f"{name} || '-{days}'"
        return f"case when regexp_matches({name}, '{_EPOCH}') then ({moved}) || substr({name}, 11) else {other} end"
    return name
