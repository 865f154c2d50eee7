"""Dagster's runs: which one is alive, which ended without a word, which are old enough to be forgotten.

Here belongs: the state of runs in Dagster's storage. Not here: starting one (requests.py).

A run's process holds an operating-system lock on a file with the run's name for as long as it works. The lock dies with
the process, so that a run whose process was killed is told from one that works or waits.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import RunRecord
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from orchestration.assets.context import JOB
from orchestration.paths import dagster_home, hidden

# Between the words "I began" and the lock on its file a run loads the data root's resources.
BEGINNING = timedelta(minutes=2)
_WORKING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
OPEN = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, *_WORKING]
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@contextmanager
def alive(root: Path, run_id: str) -> Iterator[None]:
    """Show for a block that the process of a run is there."""
    path = _sign(root, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = hidden(path)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.replace(draft, path)  # locked before anybody can look
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def forget_killed_runs(instance: dg.DagsterInstance, root: Path, now: datetime) -> None:
    """End runs that a killed process left open, and give back their places in pools. `now` is UTC.

    Without this a run would wait for ever for the place that a killed one still holds.
    """
    for record in instance.get_run_records(dg.RunsFilter(statuses=_WORKING)):
        run = record.dagster_run
        if _is_dead(root, run.run_id, _moment(record.start_time), now):
            # In this order: whoever is killed in between leaves a run that is looked at again.
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            instance.report_run_failed(run, "The process of this run ended without a word (killed, or a restart).")
    for sign in _sign(root, "").glob("[!_]*"):
        if not _is_held(sign):
            sign.unlink(missing_ok=True)


def open_run(instance: dg.DagsterInstance) -> dg.DagsterRun | None:
    """A run that works or waits, whoever started it."""
    return next(iter(instance.get_runs(dg.RunsFilter(statuses=OPEN), limit=1)), None)


def retire_runs(instance: dg.DagsterInstance, keep_days: int, now: datetime) -> list[str]:
    """Delete finished runs that ended more than `keep_days` before `now` (UTC), with their events and logs.

    The last good run over a date stays however old it is, for Dagster knows from it that the date is built. Returns the
    ids of the deleted runs.
    """
    rebuilt: set[date] = set()
    deleted = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=FINISHED)):  # newest first
        run, ended = record.dagster_run, _moment(record.end_time or record.update_timestamp.timestamp())
        dates = dates_of(run)
        is_old = ended is not None and ended < now - timedelta(days=keep_days)
        if is_old and dates <= rebuilt:
            instance.delete_run(run.run_id)
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
            deleted.append(run.run_id)
        elif run.status == dg.DagsterRunStatus.SUCCESS and run.job_name == JOB and not run.asset_selection:
            rebuilt |= dates
    return deleted


def dates_of(run: dg.DagsterRun) -> set[date]:
    """Local dates whose partitions a run was to build."""
    first = run.tags.get(ASSET_PARTITION_RANGE_START_TAG) or run.tags.get(PARTITION_NAME_TAG)
    last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG) or first
    if first is None or last is None:
        return set()
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return {begin + timedelta(days=step) for step in range((end - begin).days + 1)}


def ended_at(record: RunRecord) -> datetime | None:
    """When a run ended, UTC."""
    return _moment(record.end_time)


def _is_dead(root: Path, run_id: str, began: datetime | None, now: datetime) -> bool:
    sign = _sign(root, run_id)
    if not sign.exists():
        return began is not None and began < now - BEGINNING
    return not _is_held(sign)


def _is_held(sign: Path) -> bool:
    descriptor = os.open(sign, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _sign(root: Path, run_id: str) -> Path:
    return dagster_home(root) / "alive" / run_id


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime(1970, 1, 1) + timedelta(seconds=timestamp)
