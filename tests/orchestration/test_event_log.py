"""The event log that dagster.yaml names keeps what Dagster's own keeps, and its readers hear of it.

Here belongs: what differs from Dagster's class. Not here: what a run logs.
"""

import os
import threading
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as db
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._serdes import deserialize_value

from orchestration.build import dagster_environment, dagster_instance, prepare_dagster_home
from orchestration.errors import InputError
from orchestration.event_log import OPEN_FILES, EventLog


@dg.op
def said(context: dg.OpExecutionContext) -> None:
    context.log.info("a word")


@dg.job(executor_def=dg.in_process_executor)
def speaks() -> None:
    said()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home(tmp_path)))
    return dg.DagsterInstance.get()


def events_of(storage: SqliteEventLogStorage, run_id: str) -> list[str]:
    return [record.event_log_entry.message for record in storage.get_records_for_run(run_id).records]


def test_callmarts_instance_uses_it(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, EventLog)


def test_dagsters_own_class_reads_what_it_wrote(instance: dg.DagsterInstance) -> None:
    run = speaks.execute_in_process(instance=instance)
    ours = instance.event_log_storage
    assert isinstance(ours, EventLog)
    theirs = SqliteEventLogStorage(ours._base_dir)
    assert events_of(theirs, run.run_id) == events_of(ours, run.run_id)
    assert "a word" in "".join(events_of(theirs, run.run_id))


def test_a_reader_that_watches_a_run_hears_of_each_event(instance: dg.DagsterInstance) -> None:
    run = speaks.execute_in_process(instance=instance)
    ours = instance.event_log_storage
    assert isinstance(ours, EventLog)
    reader, heard = SqliteEventLogStorage(ours._base_dir), threading.Event()
    last = reader.get_records_for_run(run.run_id).cursor
    reader.watch(run.run_id, last, lambda *_: heard.set())
    instance.report_engine_event("after the run", instance.get_run_by_id(run.run_id))
    try:
        assert heard.wait(timeout=30)
    finally:
        reader.dispose()


def test_events_of_a_range_of_partitions_are_stored_at_once_and_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in dagster_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    dates = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-03-01")

    @dg.asset(partitions_def=dates, backfill_policy=dg.BackfillPolicy.single_run())
    def daily() -> None: ...

    instance = dg.DagsterInstance.get()
    run = dg.materialize(
        [daily],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": "2026-01-01",
            "dagster/asset_partition_range_end": "2026-02-28",
        },
    )
    storage = instance.event_log_storage
    assert isinstance(storage, EventLog)
    assert instance.get_materialized_partitions(daily.key) == set(dates.get_partition_keys())
    theirs = SqliteEventLogStorage(storage._base_dir)
    stored = [r.event_log_entry.dagster_event_type for r in theirs.get_records_for_run(run.run_id).records]
    assert stored.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == len(dates.get_partition_keys())
    (of_asset,) = theirs.get_asset_records([daily.key])
    assert of_asset.asset_entry.last_materialization_record is not None
    assert of_asset.asset_entry.last_materialization_record.partition_key == "2026-02-28"
    assert of_asset.asset_entry.last_run_id == run.run_id


def planned_checks(home: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None) -> list[tuple[Any, ...]]:
    """What the log notes of a check over three dates whose asset fails: key, check, date, status and kind of event."""
    for name, value in dagster_environment(home).items():
        monkeypatch.setenv(name, value)
    if settings is not None:
        (home / "dagster" / "dagster.yaml").write_text(settings, "utf-8")

    @dg.asset(
        partitions_def=dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-04"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("is_sound", asset="daily")],
    )
    def daily():  # type: ignore[no-untyped-def]  # Dagster would read an annotation as one output
        raise ValueError

    instance = dg.DagsterInstance.get()
    tags = {"dagster/asset_partition_range_start": "2026-01-01", "dagster/asset_partition_range_end": "2026-01-03"}
    dg.materialize([daily], instance=instance, tags=tags, raise_on_error=False)
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage) and isinstance(storage, EventLog) == (settings is None)
    noted = AssetCheckExecutionsTable.c
    with storage.index_connection() as index:
        rows = index.execute(
            db.select(
                noted.asset_key, noted.check_name, noted.partition, noted.execution_status, noted.evaluation_event
            ).order_by(noted.partition)
        ).fetchall()
    return [(*row[:4], deserialize_value(row[4], EventLogEntry).dagster_event_type) for row in rows]


def test_a_check_that_is_to_come_is_noted_for_each_date_as_dagsters_own_class_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = planned_checks(tmp_path / "ours", monkeypatch, None)
    assert ours == planned_checks(tmp_path / "theirs", monkeypatch, "telemetry: {enabled: false}\n")
    assert [row[2] for row in ours] == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_few_files_are_open_however_many_runs_are_read(instance: dg.DagsterInstance) -> None:
    runs = [speaks.execute_in_process(instance=instance).run_id for _ in range(OPEN_FILES + 2)]
    storage = instance.event_log_storage
    assert isinstance(storage, EventLog)
    for run in runs:
        assert events_of(storage, run)
    assert len(storage._engines) == OPEN_FILES
    storage.dispose()
    assert not storage._engines
    assert events_of(storage, runs[0])


def test_its_place_is_the_one_of_dagsters_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home(tmp_path)))
    ours = dg.DagsterInstance.get().event_log_storage
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n", "utf-8")
    theirs = dg.DagsterInstance.get().event_log_storage
    assert isinstance(ours, EventLog) and isinstance(theirs, SqliteEventLogStorage)
    assert not isinstance(theirs, EventLog)
    assert os.path.samefile(ours._base_dir, theirs._base_dir)


@pytest.mark.parametrize(
    "settings",
    [
        "event_log_storage: {module: nowhere, class: Storage}",
        "retention: [1",
        "sensors: {num_workers: {env: NOT_SET_ANYWHERE}}",
    ],
)
def test_settings_that_dagster_cannot_use_are_told_with_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    for name, value in dagster_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    home = prepare_dagster_home(tmp_path)
    (home / "dagster.yaml").write_text(settings, "utf-8")
    with pytest.raises(InputError, match=r"dagster\.yaml: Dagster can't start .*docs/operating\.md"):
        dagster_instance(tmp_path)
