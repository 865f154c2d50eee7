"""Dagster's SQLite event log with its files kept open.

Here belongs: this one choice, named in dagster.yaml. Not here: anything about a run. Dagster makes an engine, opens the
file and closes it for each of the thousand events of a build, up to three times each: a quarter of a small build's
time. The files and their tables are Dagster's own, so that either class reads them. A centre with a database server
takes Dagster's PostgreSQL storage instead.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as db
from dagster import AssetKey
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData, serialize_value

BUSY_TIMEOUT_S = 60
OPEN_FILES = 4  # the index, the current run, and what a reader looks at


class EventLog(SqliteEventLogStorage):
    """`base_dir` holds one file per run and `index.db`. Its commits survive a killed process; a power failure can lose
    the last of them, never a file."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Made by Dagster from dagster.yaml; a relative `base_dir` is one in DAGSTER_HOME, so that it can move."""
        return cls(os.path.join(os.environ["DAGSTER_HOME"], config_value["base_dir"]), inst_data=inst_data)

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, db.Engine] = OrderedDict()
        self._of_the_batch: dict[str, db.Connection] = {}
        self._superseded: set[int] = set()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)
        self._db_lock = threading.RLock()  # type: ignore[assignment]  # a batch opens two files at once

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in one transaction: a run over a year of dates tells of each asset and date."""
        run_id = events[0].run_id
        last = {(event.dagster_event_type, _asset_of(event)): id(event) for event in events}
        with self._connect(run_id) as of_run, self._connect(INDEX_SHARD_NAME) as of_index:
            self._of_the_batch = {run_id: of_run, INDEX_SHARD_NAME: of_index}
            self._superseded = {id(event) for event in events} - set(last.values())
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._of_the_batch, self._superseded = {}, set()

    def has_table(self, table_name: str) -> bool:
        """Whether there is one, which is asked for each event of an asset; one that is there stays."""
        if table_name not in self._tables:
            with self.index_connection() as index:
                if index.dialect.has_table(index, table_name):
                    self._tables.add(table_name)
        return table_name in self._tables

    def _store_asset_event(self, conn: db.Connection, event: EventLogEntry, event_id: int) -> None:
        """Note what is last known of an asset; what a later event of its kind in the same transaction tells as well
        would be written to be overwritten."""
        if id(event) not in self._superseded:
            super()._store_asset_event(conn, event, event_id)

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        """Note a check that is to come for each date of the run. Dagster's own method writes the event out anew for
        each date, which for many dates takes longer than the checks."""
        assert event.dagster_event is not None
        planned = event.dagster_event.asset_check_planned_data
        subset = planned.partitions_subset
        dates: Iterable[str | None] = [None] if subset is None else subset.get_partition_keys()
        row = {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            "evaluation_event": serialize_value(event),
            "evaluation_event_timestamp": self._event_insert_timestamp(event),  # type: ignore[no-untyped-call]
            "evaluation_event_storage_id": event_id,
        }
        with self.index_connection() as index:
            index.execute(AssetCheckExecutionsTable.insert(), [row | {"partition": date} for date in dates])

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        with self._db_lock:
            if shard in self._of_the_batch:
                yield self._of_the_batch[shard]
                return
            engine = self._engines.get(shard) or self._open(shard)
            self._engines.move_to_end(shard)
            with engine.begin() as connection:
                yield connection
            if shard != INDEX_SHARD_NAME:
                # The UI follows a run by changes of this file, which SQLite leaves alone as long as it is open.
                os.utime(self.path_for_shard(shard))

    def delete_events(self, run_id: str) -> None:
        """Forget a run wholly: Dagster's own class would leave the run's file, and what its checks found."""
        super().delete_events(run_id)
        with self._db_lock:
            with self._connect(INDEX_SHARD_NAME) as index:
                index.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
            if engine := self._engines.pop(run_id, None):
                engine.dispose()
            self._initialized_dbs.discard(run_id)
            for suffix in ("", "-wal", "-shm"):
                Path(self.path_for_shard(run_id) + suffix).unlink(missing_ok=True)

    def dispose(self) -> None:
        """Give the files back."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()

    def _open(self, shard: str) -> db.Engine:
        engine = db.create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_TIMEOUT_S})
        db.event.listen(engine, "connect", _relax)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        self._engines[shard] = engine
        if len(self._engines) > OPEN_FILES:
            self._engines.popitem(last=False)[1].dispose()
        return engine


def _asset_of(event: EventLogEntry) -> AssetKey | None:
    return event.dagster_event.asset_key if event.dagster_event else None


def _relax(connection: Any, _: object) -> None:
    connection.execute("pragma synchronous = normal")
