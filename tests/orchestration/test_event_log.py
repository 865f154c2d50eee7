"""The event log that dagster.yaml names keeps what Dagster's own keeps, and its readers hear of it.

Here belongs: what differs from Dagster's class. Not here: what a run logs.
"""

import os
import threading
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

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
