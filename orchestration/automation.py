"""Schedules and sensors: when the job runs by itself, and who hears of a failure.

Here belongs: triggers. Not here: what the job does. Routes to people are configuration of a later time; for now a
failure is a line in the sensor's log.
"""

from datetime import date

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from orchestration.assets.context import PLANNED_TAG, Site, now
from orchestration.errors import LockedError
from orchestration.feeds import land_all
from orchestration.lock import build_lock


def range_tags(first: date, last: date, *, asked_for: bool = False) -> dict[str, str]:
    """Tags that make one run of all partitions from `first` to `last`.

    Of a range that somebody asked for every date is built anew, as of one that is chosen in the UI; of a range that
    was planned only the dates whose files changed, though one of them be a year old.
    """
    return {
        ASSET_PARTITION_RANGE_START_TAG: first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: last.isoformat(),
        **({} if asked_for else {PLANNED_TAG: "true"}),
    }


def planned_range(site: Site) -> tuple[date, date] | None:
    """Land what is new and say which range of dates it touches, late files included; None for nothing new."""
    with build_lock(site.root):
        touched = [day for dates in land_all(site.config, site.root, now()).values() for day in dates]
    return (min(touched), max(touched)) if touched else None


def daily_schedule(site: Site, job: str) -> dg.ScheduleDefinition:
    """Each night at 02:00 of the centre: a run over the dates that new files touch, however old."""

    @dg.schedule(
        name="daily",
        job_name=job,
        cron_schedule="0 2 * * *",
        execution_timezone=site.config.centre.timezone,
        description="每日构建 / Builds the dates that files landed since the last build touch.",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            dates = planned_range(site)
        except LockedError as error:
            return dg.SkipReason(str(error))
        if dates is None:
            return dg.SkipReason("no feed has new rows")
        return dg.RunRequest(run_key=None, tags=range_tags(*dates))

    return daily


def failed_run_sensor(job: str) -> dg.SensorDefinition:
    """Logs each failed run with the step that failed and why."""

    @dg.run_failure_sensor(
        name="failed_run", description="运行失败 / A run failed; the last good release goes on serving."
    )
    def failed_run(context: dg.RunFailureSensorContext) -> None:
        steps = [
            f"{event.step_key}: {event.event_specific_data.error.message.strip()}"  # type: ignore[union-attr]
            for event in context.get_step_failure_events()
            if getattr(event.event_specific_data, "error", None)
        ]
        context.log.error(
            f"run {context.dagster_run.run_id} failed: {context.failure_event.message}; {'; '.join(steps)}"
        )

    return failed_run


def failed_check_sensor() -> dg.SensorDefinition:
    """Logs each failed check, of warning level too: a warning does not fail a run, so nobody would hear of it."""

    @dg.sensor(name="failed_check", minimum_interval_seconds=60, description="检查未通过 / A check failed.")
    def failed_check(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        after = int(context.cursor) if context.cursor else None
        records = context.instance.get_event_records(
            dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION, after_cursor=after),
            limit=1000,
            ascending=True,
        )
        failed = 0
        for record in records:
            event = record.event_log_entry.dagster_event
            data = event.asset_check_evaluation_data if event else None
            if data is not None and not data.passed:
                failed += 1
                context.log.warning(
                    f"{data.asset_key.to_user_string()}: check {data.check_name} failed ({data.severity.value}) "
                    f"in run {record.event_log_entry.run_id}"
                )
        if records:
            context.update_cursor(str(records[-1].storage_id))
        return dg.SkipReason(f"{failed} failed checks among {len(records)} new evaluations")

    return failed_check
