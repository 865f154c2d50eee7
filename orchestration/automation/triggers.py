"""When the job is asked for: a sensor that sees files arrive, and the schedules.

Here belongs: the moments. Not here: whether a run is due and over which dates (requests.py).

The sensor acts on files that arrive and then keep still: exports, rotated logs, late and corrected files. A log that
grows all day never keeps still; the hourly schedule reads it. Every run builds the whole graph over the dates that new
rows touch: what is old about a release is the same for each of its numbers.
"""

import json
from dataclasses import asdict, dataclass

import dagster as dg

from orchestration.assets.context import JOB, Site
from orchestration.automation.files import Files, arrived, fingerprint, landed, look
from orchestration.automation.requests import NoRun, as_configured_now, is_built, request_run
from orchestration.config import hash_key
from orchestration.freshness import has_hourly_kpis

SHOWN_FILES = 3


@dataclass(frozen=True)
class Cursor:
    """What the sensor remembers: the files that arrived as the last look found them, for how many looks they have been
    so, and the name of the state of all files whose run is not done yet."""

    arrived: str = ""
    looks: int = 0
    owed: str = ""

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        return cls(**json.loads(text)) if text else cls()

    def text(self) -> str:
        return json.dumps(asdict(self))


def new_files_sensor(site: Site) -> dg.SensorDefinition:
    """A run as soon as a file has arrived; tried again, with patience, until one ended well."""

    @dg.sensor(
        name="new_files",
        job_name=JOB,
        minimum_interval_seconds=site.config.automation.look_every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "文件到达 / Builds the dates of files that arrived or changed, late ones too, once they keep still. "
            "A log that only grows is read by the schedule."
        ),
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        hash_key()
        return evaluate(as_configured_now(site), context.instance, Cursor.read(context.cursor))

    return new_files


def evaluate(site: Site, instance: dg.DagsterInstance, cursor: Cursor) -> dg.SensorResult:
    """One look at the files. Nothing is landed unless a file arrived and kept still, or a run is still owed."""
    files = look(site.config)
    new = arrived(site.config, files, landed(site.config, site.root))
    if new:
        state = fingerprint(site.config, new)
        looks = cursor.looks + 1 if cursor.arrived == state else 1
        cursor = Cursor(state, looks, cursor.owed)
        wanted = site.config.automation.settled_after_looks
        if looks < wanted:
            return _skip(f"{_told(new)}; waiting until {wanted} looks find the same", cursor)
        cursor = Cursor(state, looks, fingerprint(site.config, files))
    if not cursor.owed:
        return _skip("no file has arrived", Cursor())
    if not new and is_built(instance, cursor.owed):
        return _skip("the files that arrived are in the release", Cursor())
    answer = request_run(site, instance, cursor.owed)
    if isinstance(answer, NoRun):
        return _skip(answer.reason, Cursor() if answer.is_done else cursor)
    return dg.SensorResult(run_requests=[answer], cursor=cursor.text())


def schedules(site: Site) -> list[dg.ScheduleDefinition]:
    """`hourly` for centres whose feeds give a KPI of this freshness class, else `daily`; the other one can be turned on
    in the UI."""
    hourly = has_hourly_kpis(site.config)
    hour, minute = site.config.automation.daily_at.split(":")
    return [
        _schedule(
            site,
            "hourly",
            "5 * * * *",
            "每小时构建 / Builds the dates of all rows since the last build, growing logs included. "
            "On by default where a feed gives a KPI of the freshness class hourly.",
            is_on=hourly,
        ),
        _schedule(
            site,
            "daily",
            f"{int(minute)} {int(hour)} * * *",
            "每日构建 / The same once a day, for a centre without a KPI of the class hourly, or one for which a build "
            "each hour is too much.",
            is_on=not hourly,
        ),
    ]


def _schedule(site: Site, name: str, cron: str, description: str, *, is_on: bool) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=JOB,
        cron_schedule=cron,
        execution_timezone=site.config.centre.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED,
        description=description,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        hash_key()
        current = as_configured_now(site)
        files = look(current.config)
        if not any(files.values()) and all(feed.paths for feed in current.config.feeds.values()):
            return dg.SkipReason("no feed has a file yet")
        answer = request_run(current, context.instance, fingerprint(current.config, files))
        return dg.SkipReason(answer.reason) if isinstance(answer, NoRun) else answer

    return tick


def _skip(reason: str, cursor: Cursor) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=cursor.text())


def _told(new: Files) -> str:
    names = [name for states in new.values() for name in sorted(states)]
    shown = ", ".join(names[:SHOWN_FILES])
    more = f" and {len(names) - SHOWN_FILES} more" if len(names) > SHOWN_FILES else ""
    return f"arrived: {shown}{more}"
