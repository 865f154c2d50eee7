"""One build from the command line: the same Dagster job as in the UI, run in this process and told as a story.

Here belongs: running the job, turning its events into an exit code and a few lines. Not here: which dates it must build
(planning.py), what a step does, and parsing of arguments (cli.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration import paths
from orchestration.assets.context import JOB, REPLAY_TAG, Site, now
from orchestration.definitions import build_definitions
from orchestration.errors import (
    AccountingError,
    BlockedError,
    CallmartError,
    InputError,
    LockedError,
    StaleError,
)
from orchestration.extract import drift
from orchestration.extract.reference import ensure_zero_partitions
from orchestration.feeds import land_all, stale_feeds, touched_in_landing
from orchestration.lock import build_lock
from orchestration.planning import is_up_to_date, lake_dates, range_tags, range_to_build
from orchestration.progress import step, warn
from orchestration.release import last_release
from orchestration.scopes.published import keep_serving
from orchestration.spark import engine

_EXIT_CODES = {
    kind.__name__: kind.exit_code for kind in (AccountingError, BlockedError, CallmartError, InputError, LockedError)
}
# How a step ends whose own blocking checks failed: each of them is told as a check.
_CHECKED = ("DagsterAssetCheckFailedError", "Failure")
_SHOWN_ROWS = 3
_SHOWN_DATES = 3


@dataclass
class BuildResult:
    """How a build ended. `exit_code` as the architecture lists them; `messages` say why it is not 0."""

    exit_code: int = 0
    release_id: str | None = None
    is_new: bool = False
    messages: list[str] = field(default_factory=list)


def build(site: Site, first: date | None = None, last: date | None = None) -> BuildResult:
    """Bring the release up to date with the feeds' files; dates from `first` to `last` are rebuilt in any case.

    Raises InputError (wrong configuration, unreadable input) and LockedError; everything that a run finds out is in the
    result.
    """
    engine(site.root)  # a wrong one is told before files are landed
    with build_lock(site.root):
        if paths.erasing_path(site.root).exists():
            warn("an erasure was interrupted: `callmart forget --resume` goes on with it")
        ensure_zero_partitions(site.root)
        keep_serving(site.config.scopes, site.root)
        touched = [day for dates in land_all(site.config, site.root, now()).values() for day in dates]
        wanted = [day for day in (first, last) if day is not None]
        if not touched and not wanted and is_up_to_date(site):
            return _unchanged(site)
        return _run(site, *range_to_build(site, touched, first, last), asked_for=bool(wanted))


def replay(site: Site, feed: str, first: date, last: date) -> BuildResult:
    """Make the lake's partitions of a feed from `first` to `last` again from what is landed, its repairs included, and
    build and release that range. No file, database or interface is asked.

    Raises InputError for a feed that is not configured, and what `build` raises.
    """
    site.config.feed(feed)
    engine(site.root)  # see `build`
    with build_lock(site.root):
        ensure_zero_partitions(site.root)
        keep_serving(site.config.scopes, site.root)
        touched = touched_in_landing(site.config, site.root)
        return _run(site, *range_to_build(site, touched, first, last), asked_for=True, replayed=feed)


def build_from_landing(site: Site) -> BuildResult:
    """Bring the release up to date with what is landed, without asking any file, database or interface.

    Raises what `build` raises.
    """
    with build_lock(site.root):
        ensure_zero_partitions(site.root)
        keep_serving(site.config.scopes, site.root)
        touched = touched_in_landing(site.config, site.root)
        is_empty = set(lake_dates(site)) <= {paths.ZERO_DATE}
        if not touched and (is_empty or is_up_to_date(site)):
            return _unchanged(site)
        return _run(site, *range_to_build(site, touched), asked_for=False, replayed="")


def dagster_instance(root: Path) -> dg.DagsterInstance:
    """The Dagster instance of a data root, the one that the UI shows.

    Raises InputError when its settings can't be read, or name a variable that is not set or a database that is silent.
    """
    os.environ |= dagster_environment(root)
    try:
        return dg.DagsterInstance.get()
    except Exception as error:  # whatever the storage that the operator chose raises
        raise InputError(
            f"Dagster can't start with these settings: {' '.join(str(error).split())[:500]}",
            file=paths.dagster_home(root) / "dagster.yaml",
            rule="dagster_settings",
            todo="mend them (docs/operating.md, production), or remove the file: a build writes the usual one.",
        ) from error


def dagster_environment(root: Path) -> dict[str, str]:
    """What Dagster's processes find in their environment: where they live, how many events they store at once, and how
    many seconds a schedule or sensor has, which lands files before it asks for a run."""
    return {
        "DAGSTER_HOME": str(prepare_dagster_home(root)),
        "DAGSTER_EVENT_BATCH_SIZE": "500",
        "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS": "7200",
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "7200",
    }


def prepare_dagster_home(root: Path) -> Path:
    """DAGSTER_HOME with callmart's settings in it; settings that an operator changed stay."""
    home = paths.dagster_home(root)
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        written = paths.hidden(settings)  # half a file would be an operator's settings for ever
        shutil.copyfile(Path(__file__).with_name("dagster.yaml"), written)
        paths.put(written, settings)
    return home


def _unchanged(site: Site) -> BuildResult:
    released = last_release(site.root)
    result = BuildResult(release_id=released.release_id if released else None)
    return _with_stale(site, result)


def _run(site: Site, first: date, last: date, *, asked_for: bool, replayed: str | None = None) -> BuildResult:
    job = build_definitions(site).resolve_job_def(JOB)
    instance = dagster_instance(site.root)
    with step(f"run {first} to {last}"), _quiet(site.root):
        done = job.execute_in_process(
            instance=instance,
            tags=range_tags(first, last, asked_for=asked_for) | ({} if replayed is None else {REPLAY_TAG: replayed}),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
    result = BuildResult()
    _read_checks(site, done, result)
    if not done.success:
        _read_failures(done, result)
        return result
    released = last_release(site.root)
    result.release_id, result.is_new = (released.release_id if released else None), True
    return _with_stale(site, result)


def _with_stale(site: Site, result: BuildResult) -> BuildResult:
    for feed, dates in stale_feeds(site.config, site.root).items():
        result.exit_code = StaleError.exit_code
        held = paths.held_dir(site.root, feed)
        if dates:
            result.messages.append(
                f"{feed} is stale: {', '.join(map(str, dates))} held. Reasons and rows: {held}/dt=…/report.json"
            )
        result.messages += [f"{feed} is stale: a file is held. {why}" for why in drift.held_files(site.root, feed)]
    return result


def _read_checks(site: Site, done: dg.ExecuteInProcessResult, result: BuildResult) -> None:
    for event in done.all_events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        data = event.asset_check_evaluation_data
        if data.passed:
            continue
        level = "blocked by" if data.severity == dg.AssetCheckSeverity.ERROR else "warning:"
        said = {name: value.value for name, value in data.metadata.items()}
        text = f"{level} check {data.check_name} on {data.asset_key.to_user_string()}"
        if said.get("dates"):
            text += f", {_some(str(said['dates']).split(', '))}"
        if said.get("cases that break it") is not None:
            text += f": {said['cases that break it']} break it"
        if said.get("reason"):
            text += f". {said['reason']} → {said['what to do']}"
        if said.get("sample rows") and level == "blocked by":
            text += "\n  " + "\n  ".join(str(said["sample rows"]).splitlines()[: _SHOWN_ROWS + 2])
        result.messages.append(text)


def _some(dates: list[str]) -> str:
    shown = ", ".join(dates[:_SHOWN_DATES])
    return shown if len(dates) <= _SHOWN_DATES else f"{shown} and {len(dates) - _SHOWN_DATES} more dates"


def _read_failures(done: dg.ExecuteInProcessResult, result: BuildResult) -> None:
    result.exit_code = CallmartError.exit_code
    for event in done.all_events:
        if not event.is_step_failure:
            continue
        error = event.step_failure_data.error
        while error is not None and error.cause is not None and error.cls_name not in _EXIT_CODES:
            error = error.cause
        if error is None:
            continue
        if error.cls_name in _CHECKED:
            result.exit_code = BlockedError.exit_code
            continue
        result.exit_code = _EXIT_CODES.get(error.cls_name or "", CallmartError.exit_code)
        text = error.message.strip()
        prefix = f"{error.cls_name}: "
        result.messages.append(f"{event.step_key}: {text.rsplit(prefix, 1)[-1]}")
    if any(text.startswith("blocked by") for text in result.messages) and result.exit_code == CallmartError.exit_code:
        result.exit_code = BlockedError.exit_code


@contextlib.contextmanager
def _quiet(root: Path) -> Iterator[None]:
    """dbt's and Dagster's chatter goes to a file; progress and results stay on the terminal."""
    log = root / "docs" / "build.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield
    sys.stdout.flush()
