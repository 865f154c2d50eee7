"""Freshness in Dagster: a check of each feed and of the release, looked at whether or not anything runs.

Here belongs: the checks and the sensor that evaluates them. Not here: what freshness means
(orchestration/freshness.py).

The job leaves these checks out: what it does depends on files alone, and they depend on the clock.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from expectations.check import Text
from orchestration.assets.context import Site, now
from orchestration.assets.feeds import feed_key
from orchestration.assets.release import RELEASE
from orchestration.automation.requests import as_configured_now
from orchestration.freshness import (
    Freshness,
    Promise,
    feed_promise,
    judge,
    read_feed,
    read_release,
    release_promise,
)

FRESH = "fresh"
EVERY_S = 300
_FEED_TODO = Text(
    "检查该数据源的文件是否仍在送达、最近一次运行是否成功；节假日列入 quiet_dates，不再更新的数据源设 expected_until",
    "check whether the feed's files still come and whether the last run went well; list a holiday in quiet_dates, and "
    "give a feed that has ended an expected_until",
)
_RELEASE_TODO = Text(
    "查看各数据源的 fresh 检查和最近一次失败的运行",
    "look at the check `fresh` of each feed, then at the last failed run",
)


def freshness_checks(site: Site) -> list[dg.AssetChecksDefinition]:
    """One check named `fresh` for each feed and one for the release, for the UI's list and its button."""
    return [_check(site, asset) for asset in _assets(site)]


def freshness_sensor(site: Site) -> dg.SensorDefinition:
    """Evaluates the checks also when nothing runs: no file means no run, and that is what must be noticed."""

    @dg.sensor(
        name="freshness",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="新鲜度 / Judges each feed and the release by the time of its last row, also when nothing runs.",
    )
    def freshness(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        current, moment = as_configured_now(site), now()
        found = {asset: evaluate(current, asset, moment) for asset in _assets(current)}
        today = moment.date().isoformat()
        # Each change is recorded, and one evaluation a day; and one for each materialization, as the UI shows none that
        # is older.
        state = {
            asset.to_user_string(): [result.passed, today, _materialized(context.instance, asset)]
            for asset, result in found.items()
        }
        before: dict[str, list[Any]] = json.loads(context.cursor or "{}")
        news = [result for asset, result in found.items() if state[asset.to_user_string()] != _of(before, asset)]
        stale = [asset.to_user_string() for asset, result in found.items() if not result.passed]
        return dg.SensorResult(
            asset_events=news,
            skip_reason=f"stale: {', '.join(stale)}" if stale else "every feed and the release are fresh",
            cursor=json.dumps(state),
        )

    return freshness


def evaluate(site: Site, asset: dg.AssetKey, moment: datetime) -> dg.AssetCheckEvaluation:
    """The check of a feed or of the release at a moment (UTC)."""
    if asset == RELEASE:
        promise, todo = release_promise(site.config), _RELEASE_TODO
        found = judge(promise, *read_release(site.root, moment), moment)
    else:
        feed = site.config.feed(".".join(asset.path))
        promise, todo = feed_promise(site.config, feed), _FEED_TODO
        found = judge(promise, *read_feed(feed, site.root, moment), moment)
        if found.last_row is None and not feed.required:
            found = Freshness(True, None, None, None)
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=FRESH,
        passed=found.is_fresh,
        severity=dg.AssetCheckSeverity.WARN,
        description=_told(promise, found),
        metadata=_metadata(promise, found, todo),
        blocking=False,
    )


def _assets(site: Site) -> list[dg.AssetKey]:
    return [*(feed_key(name) for name in site.config.feeds), RELEASE]


def _check(site: Site, asset: dg.AssetKey) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=FRESH,
        blocking=False,
        description="最后一行的时间符合约定的新鲜度 / The time of the last row is as recent as promised.",
    )
    def fresh() -> dg.AssetCheckResult:
        found = evaluate(site, asset, now())
        return dg.AssetCheckResult(
            passed=found.passed,
            severity=found.severity,
            description=found.description,
            metadata=found.metadata,
        )

    return fresh


def _materialized(instance: dg.DagsterInstance, asset: dg.AssetKey) -> float | None:
    event = instance.get_latest_materialization_event(asset)
    return event.timestamp if event else None


def _of(before: Mapping[str, list[Any]], asset: dg.AssetKey) -> list[Any] | None:
    return before.get(asset.to_user_string())


def _told(promise: Promise, found: Freshness) -> str:
    if found.last_row is None:
        return "还没有任何行 / there is no row yet"
    last = _local(found.last_row, promise)
    if found.is_fresh or found.missed_until is None or found.due is None:
        return f"最后一行 {last} / the last row is of {last}"
    missed, due = _local(found.missed_until, promise), _local(found.due, promise)
    return (
        f"最后一行 {last}；{missed} 前应有的行到 {due} 仍未到 / the last row is of {last}; rows up to {missed} were "
        f"expected by {due}"
    )


def _metadata(promise: Promise, found: Freshness, todo: Text) -> dict[str, Any]:
    said: dict[str, Any] = {
        "last row": _local(found.last_row, promise) if found.last_row else "none",
        "rows expected within": f"{promise.within_h} h after an hour that had rows in each of the last weeks",
        "time zone": promise.zone,
    }
    if promise.until:
        said["rows expected until"] = promise.until.isoformat()
    if not found.is_fresh:
        said["what to do"] = str(todo)
    return said


def _local(moment: datetime, promise: Promise) -> str:
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(promise.zone)):%Y-%m-%d %H:%M}"
