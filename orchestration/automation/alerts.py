"""Who hears of a failure. Routes to people are configuration of a later time; for now a failure is a line in the
sensor's log.

Here belongs: telling of failed runs and checks. Not here: judging (expectations, freshness.py).
"""

import dagster as dg


def failed_run_sensor() -> dg.SensorDefinition:
    """Logs each failed run with the step that failed and why."""

    @dg.run_failure_sensor(
        name="failed_run",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="运行失败 / A run failed; the last good release goes on serving.",
    )
    def failed_run(context: dg.RunFailureSensorContext) -> None:
        steps = [f"{event.step_key}: {_reason(event)}" for event in context.get_step_failure_events()]
        context.log.error(
            f"run {context.dagster_run.run_id} failed: {'; '.join(steps) or context.failure_event.message}"
        )

    return failed_run


def failed_check_sensor() -> dg.SensorDefinition:
    """Logs each failed check, of warning level too: a warning does not fail a run, so nobody would hear of it."""

    @dg.sensor(
        name="failed_check",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="检查未通过 / A check failed, be it only a warning.",
    )
    def failed_check(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        checks = context.repository_def.asset_graph.asset_check_keys  # type: ignore[union-attr]
        latest = context.instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
        events = [event for record in latest.values() if (event := record.event) and _is_evaluation(event)]
        newest = max((event.timestamp for event in events), default=0.0)
        if context.cursor is None:  # what happened before anybody listened is no news
            context.update_cursor(repr(newest))
            return dg.SkipReason("listening from now on")
        told = float(context.cursor)
        news = [event for event in events if event.timestamp > told]
        failed = 0
        for event in news:
            data = event.dagster_event.asset_check_evaluation_data if event.dagster_event else None
            if data is not None and not data.passed:
                failed += 1
                context.log.warning(
                    f"{data.asset_key.to_user_string()}: check {data.check_name} failed ({data.severity.value})"
                    + (f" in run {event.run_id}" if event.run_id else "")
                    + (f": {data.description}" if data.description else "")
                )
        context.update_cursor(repr(max(told, newest)))
        return dg.SkipReason(f"{failed} failed checks among {len(news)} new evaluations")

    return failed_check


def _reason(event: dg.DagsterEvent) -> str:
    """The words with which a step failed, else those of the error that nobody foresaw."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    return failure.error.message.strip() if failure.error else str(event.message)


def _is_evaluation(event: dg.EventLogEntry) -> bool:
    """A check that a run planned and never came to has an event too."""
    return event.is_dagster_event and event.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
