"""Whether a run is due, and over which dates: the one question behind every schedule and sensor that builds.

Here belongs: planning under the data root's lock, and patience with files whose run failed. Not here: when the question
is asked (triggers.py), and how dates become a range (planning.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration import paths
from orchestration.assets.context import Site, now
from orchestration.automation.runs import ended_at, forget_killed_runs, open_run
from orchestration.config import Config, load_config
from orchestration.errors import InputError, LockedError
from orchestration.feeds import dates_to_build
from orchestration.lock import build_lock
from orchestration.planning import is_up_to_date, lake_dates, range_tags, range_to_build
from orchestration.scopes.published import keep_serving

FILES_TAG = "callmart/files"
# After the first, second … failure in a row on the same files; the last one goes on.
PATIENCE = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


@dataclass(frozen=True)
class NoRun:
    """Why no run starts now. `is_done`: because nothing is left to build, and not because something is in the way."""

    reason: str
    is_done: bool = False


def request_run(site: Site, instance: dg.DagsterInstance, files: str) -> dg.RunRequest | NoRun:
    """A run over the dates that landed rows touch, or why there is none. `files` names the state of the files.

    Lands what is new. A file that can't be landed still starts a run: there its error is seen and reported.
    """
    try:
        with build_lock(site.root):
            moment = now()
            forget_killed_runs(instance, site.root, moment)
            if run := open_run(instance):
                return NoRun(_in_the_way(run))
            if reason := _patience(site.config, instance, files, moment):
                return NoRun(reason)
            try:
                keep_serving(site.config.scopes, site.root)
                touched = dates_to_build(site.config, site.root, moment)
                if not touched and is_up_to_date(site):
                    return NoRun("every row of the feeds is in the release", is_done=True)
                dates = range_to_build(site, touched)
            except InputError:
                newest = max([site.config.centre.first_date, *(set(lake_dates(site)) - {paths.ZERO_DATE})])
                dates = newest, newest
    except LockedError as error:
        run = open_run(instance)
        return NoRun(_in_the_way(run) if run else f"{error.problem} The files wait for its end.")
    former = instance.get_runs_count(dg.RunsFilter(tags={FILES_TAG: files}))
    return dg.RunRequest(run_key=f"{files}-{former}", tags={**range_tags(*dates), FILES_TAG: files})


def is_built(instance: dg.DagsterInstance, files: str) -> bool:
    """Whether the last run over this state of the files ended well."""
    runs = instance.get_runs(dg.RunsFilter(tags={FILES_TAG: files}), limit=1)
    return bool(runs) and runs[0].status == dg.DagsterRunStatus.SUCCESS


def as_configured_now(site: Site) -> Site:
    """The site with the configuration file as it is now, which is what the process of a run will read.

    Raises InputError for a wrong file, and for a change that the loaded assets don't know of.
    """
    state = site.config.path.stat()
    config = _load(site.config.path, (state.st_mtime_ns, state.st_size))
    said = [(set(c.feeds), c.centre.first_date, c.centre.timezone) for c in (site.config, config)]
    if said[0] != said[1]:
        raise InputError(
            "the feeds, the first date or the time zone changed since the definitions were loaded.",
            file=site.config.path,
            rule="reload",
            todo="reload the code location (Deployment, then Reload), or start `callmart ui` again.",
        )
    return Site(config, site.root)


def _in_the_way(run: dg.DagsterRun) -> str:
    return f"run {run.run_id[:8]} is {run.status.value.lower()}; the files wait for its end"


def _patience(config: Config, instance: dg.DagsterInstance, files: str, moment: datetime) -> str | None:
    """Why a run that failed on the same files is not tried again yet."""
    records = instance.get_run_records(dg.RunsFilter(tags={FILES_TAG: files}))  # newest first
    failed = list(takewhile(lambda record: record.dagster_run.status != dg.DagsterRunStatus.SUCCESS, records))
    ended = ended_at(failed[0]) if failed else None
    if ended is None:
        return None
    due = ended + PATIENCE[min(len(failed), len(PATIENCE)) - 1]
    if moment >= due:
        return None
    zone = ZoneInfo(config.centre.timezone)
    local = due.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    return (
        f"run {failed[0].dagster_run.run_id[:8]} over these files failed ({len(failed)} in a row): its page says what "
        f"to do. What changed is tried with the next look, the same files again at {local:%Y-%m-%d %H:%M}."
    )


@lru_cache(maxsize=1)
def _load(path: Path, state: tuple[int, int]) -> Config:
    return load_config(path)
