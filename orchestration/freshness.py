"""Whether data are as fresh as promised: judged by the times inside the data, never by when something ran.

Here belongs: what freshness means. Not here: when it is looked at and who hears of it (automation/).

Rows are expected in an hour of the week that had some in each of the last weeks, or, while no such week is known, by
the end of each date. An hour without rows may be late by as much as its feed's class allows. So a closed night is no
alarm, and neither a build nor a backfill makes old data look fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.extract.engine import parquet, to_local
from orchestration.extract.expressions import literal, quote
from seeds import seed_rows

# Hours from the end of an hour to when its rows have to be there. Hourly: the schedule's hour and the build. Daily: the
# file of a date that comes in the night after the next midnight.
HOURLY_H, DAILY_H = 2, 26
WITHIN_H = {"hourly": HOURLY_H, "daily": DAILY_H}
HISTORY = timedelta(weeks=4)

Hours = Mapping[date, Set[int]]
"""Local date -> its hours (0 to 23) that have rows."""


@dataclass(frozen=True)
class Promise:
    """By when rows must be there: `within_h` hours after the end of an hour that always has some, on every date but
    quiet ones, up to `until` (None: for ever). Hours are those of `zone`."""

    within_h: int
    zone: str
    quiet: Set[date] = frozenset()
    until: date | None = None


@dataclass(frozen=True)
class Freshness:
    """A verdict. `last_row` (UTC) is None when there is no row; `missed_until` (UTC) is the end of the first hour that
    should have rows and has none, `due` (UTC) when it was too late for them; both None while nothing is missed."""

    is_fresh: bool
    last_row: datetime | None
    missed_until: datetime | None
    due: datetime | None


def judge(promise: Promise, last_row: datetime | None, hours: Hours, now: datetime) -> Freshness:
    """Whether the data keep the promise at `now` (UTC). `hours` are those of the weeks before the last row (UTC)."""
    if last_row is None:
        return Freshness(False, None, None, None)
    zone = ZoneInfo(promise.zone)
    last, today = _local(last_row, zone), _local(now, zone).date()
    for day in _days(last.date(), today):
        for start, end in _expected(promise, hours, day):
            if start > last:
                missed = end.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
                due = missed + timedelta(hours=promise.within_h)
                return Freshness(now < due, last_row, missed, due)
    return Freshness(True, last_row, None, None)


def feed_promise(config: Config, feed: Feed) -> Promise:
    """What the configuration and the KPIs that need a feed promise of it."""
    default = HOURLY_H if feed.is_log and has_hourly_kpis(config, [feed]) else DAILY_H
    said = feed.freshness
    return Promise(
        said.expected_within_h or default, feed.zone, frozenset(config.centre.quiet_dates), said.expected_until
    )


def release_promise(config: Config) -> Promise:
    """What is promised of the release: the freshest feed's, up to the last date that some feed expects rows of."""
    promises = [feed_promise(config, feed) for feed in config.feeds.values()]
    ends = [promise.until for promise in promises]
    until = None if None in ends else max(end for end in ends if end is not None)
    within = min(promise.within_h for promise in promises)
    return Promise(within, config.centre.timezone, frozenset(config.centre.quiet_dates), until)


def read_feed(feed: Feed, root: Path, now: datetime) -> tuple[datetime | None, Hours]:
    """The last row (UTC) of a feed in the lake that is not after `now`, and the hours of the last weeks."""
    files = {
        date.fromisoformat(file.parent.name.removeprefix("dt=")): file
        for file in paths.lake_dir(root, feed.name).glob("dt=*/part-0.parquet")
    }
    files.pop(paths.ZERO_DATE, None)
    recent = [file for day, file in files.items() if day >= max(files) - HISTORY]
    if not recent:
        return None, {}
    event = quote(feed.contract.event_time or "")
    return _read(f"select {event} as event, {to_local(event, feed.zone)} as local from {parquet(recent)}", now)


def read_release(root: Path, now: datetime) -> tuple[datetime | None, Hours]:
    """The last contact (UTC) that readers see and that is not after `now`, and the hours of the last weeks."""
    file = paths.published_dir(root) / "current" / "fct_contact.parquet"
    if not file.exists():
        return None, {}
    days = int(HISTORY / timedelta(days=1))
    contacts = parquet([file])
    return _read(
        f"select counted_at as event, local_counted_at as local from {contacts} "
        f"where local_date >= (select max(local_date) from {contacts}) - {days}",
        now,
    )


def has_hourly_kpis(config: Config, feeds: Sequence[Feed] | None = None) -> bool:
    """Whether the registry has a KPI of the freshness class hourly that needs one of the feeds (default: all)."""
    provided = {name for feed in (feeds or list(config.feeds.values())) for name in _provided(feed)}
    return any(
        row["freshness_class"] == "hourly" and provided & set(row["needs"].split(";"))
        for row in seed_rows("kpi_definition")
    )


def _provided(feed: Feed) -> set[str]:
    mapped = {column.provides for column in feed.contract.columns if column.provides and column.name in feed.mapping}
    return {*feed.contract.provides, *mapped}


def _read(query: str, now: datetime) -> tuple[datetime | None, Hours]:
    with closing(duckdb.connect()) as db:
        rows = db.execute(
            f"select cast(local as date), hour(local), max(event) from ({query}) "
            f"where event <= timestamp {literal(now.isoformat(sep=' '))} group by all"
        ).fetchall()
    hours: dict[date, set[int]] = {}
    for day, hour, _ in rows:
        hours.setdefault(day, set()).add(hour)
    return max((last for _, _, last in rows), default=None), hours


def _expected(promise: Promise, hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a date, local and in the order of their ends, in each of which rows are expected."""
    if day in promise.quiet or (promise.until is not None and day > promise.until):
        return
    begin = datetime.combine(day, time())
    first, last = min(hours), max(hours)  # the last date still fills up
    alike = [
        hours.get(other, frozenset())
        for other in _days(max(first, last - HISTORY), last - timedelta(days=1))
        if other.weekday() == day.weekday() and other not in promise.quiet
    ]
    if not all(alike):
        return  # a weekday that has been without rows
    for hour in sorted(set.intersection(*map(set, alike))) if alike else ():
        yield begin + timedelta(hours=hour), begin + timedelta(hours=hour + 1)
    yield begin, begin + timedelta(days=1)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
