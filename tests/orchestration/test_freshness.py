"""Claims about freshness: late is what the data's own hours say, not when something ran."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.assets.context import Site
from orchestration.assets.feeds import feed_key
from orchestration.assets.release import RELEASE
from orchestration.automation.freshness import evaluate, freshness_sensor
from orchestration.errors import InputError
from orchestration.freshness import (
    DAILY_H,
    HOURLY_H,
    Hours,
    Promise,
    feed_promise,
    has_hourly_kpis,
    judge,
    read_feed,
    release_promise,
)
from tests.orchestration.extract_kit import CENTRE, CONTACT, CONTACT_HEADER, QUEUE_LOG, Kit

MONDAY = date(2026, 3, 30)
OPEN = set(range(9, 18))


def weekdays(weeks: int = 4) -> dict[date, set[int]]:
    """Rows from 09:00 to 18:00 on Monday to Friday of the weeks before `MONDAY`, and on it until noon."""
    before = (MONDAY - timedelta(days=step) for step in range(1, 7 * weeks + 1))
    return {day: OPEN for day in before if day.weekday() < 5} | {MONDAY: {9, 10, 11}}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)


def fresh(now: datetime, last: datetime, hours: Hours, **said: object) -> bool:
    promise = Promise(**{"within_h": 2, "zone": "UTC", **said})  # type: ignore[arg-type]
    return judge(promise, last, hours, now).is_fresh


def test_rows_are_late_once_an_hour_that_always_has_some_is_over_for_longer_than_promised() -> None:
    last = at(MONDAY, 11, 40)
    assert fresh(at(MONDAY, 14, 59), last, weekdays())
    found = judge(Promise(2, "UTC"), last, weekdays(), at(MONDAY, 15))
    assert not found.is_fresh
    assert (found.missed_until, found.due) == (at(MONDAY, 13), at(MONDAY, 15))


def test_a_closed_night_and_a_closed_weekend_are_no_alarm() -> None:
    hours = weekdays() | {MONDAY: OPEN}
    assert fresh(at(MONDAY + timedelta(days=1), 8), at(MONDAY, 17, 55), hours)
    friday = MONDAY - timedelta(days=3)
    before = {day: found for day, found in weekdays(5).items() if day <= friday}
    assert fresh(at(MONDAY, 11), at(friday, 17, 55), before)
    assert not fresh(at(MONDAY, 12), at(friday, 17, 55), before)


def test_nothing_is_expected_on_a_quiet_date_and_the_next_date_counts() -> None:
    hours = weekdays() | {MONDAY: OPEN}
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    assert not fresh(at(tuesday, 23), at(MONDAY, 17, 55), hours)
    assert fresh(at(tuesday, 23), at(MONDAY, 17, 55), hours, quiet={tuesday})
    assert not fresh(at(wednesday, 12), at(MONDAY, 17, 55), hours, quiet={tuesday})


def test_nothing_is_expected_after_the_end_of_a_feed() -> None:
    assert not fresh(at(date(2027, 1, 1), 0), at(MONDAY, 11), weekdays())
    assert fresh(at(date(2027, 1, 1), 0), at(MONDAY, 11), weekdays(), until=MONDAY - timedelta(days=1))


def test_an_hour_that_was_once_without_rows_is_not_expected() -> None:
    hours = weekdays() | {MONDAY - timedelta(days=7): OPEN - {12}}
    assert fresh(at(MONDAY, 15), at(MONDAY, 11, 40), hours)
    assert not fresh(at(MONDAY, 16), at(MONDAY, 11, 40), hours)


def test_before_a_week_is_known_a_whole_date_without_rows_is_late() -> None:
    hours = {MONDAY: {10}}
    tuesday = MONDAY + timedelta(days=1)
    assert fresh(at(tuesday, 23, 59), at(MONDAY, 10, 30), hours)
    assert not fresh(at(tuesday + timedelta(days=1), 2), at(MONDAY, 10, 30), hours)


def test_the_hours_are_those_of_the_feeds_zone() -> None:
    """In Shanghai 12:00 to 13:00 ends at 05:00 UTC."""
    last = at(MONDAY, 3, 40)
    assert fresh(at(MONDAY, 6, 59), last, weekdays(), zone="Asia/Shanghai")
    assert not fresh(at(MONDAY, 7), last, weekdays(), zone="Asia/Shanghai")


def test_a_feed_without_a_row_is_not_fresh() -> None:
    assert not judge(Promise(2, "UTC"), None, {}, at(MONDAY, 12)).is_fresh


# --- promises --------------------------------------------------------------------------------------------


def test_the_promise_is_the_feeds_own_or_that_of_its_freshness_class(tmp_path: Path) -> None:
    log = Kit(tmp_path, "asterisk.queue_log").configure(QUEUE_LOG)
    assert feed_promise(log.config, log.config.feed(log.feed)).within_h == HOURLY_H
    export = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    assert feed_promise(export.config, export.config.feed(export.feed)).within_h == DAILY_H
    log.configure(
        QUEUE_LOG.replace(
            'paths: ["queue_log*"]',
            'paths: ["queue_log*"], freshness: {expected_within_h: 50, expected_until: 2026-04-01}',
        ).replace("  first_date", "  quiet_dates: [2026-03-31]\n  first_date")
    )
    said = Promise(50, "Asia/Shanghai", frozenset({date(2026, 3, 31)}), date(2026, 4, 1))
    assert feed_promise(log.config, log.config.feed(log.feed)) == said
    assert release_promise(log.config) == said


def test_the_class_comes_from_the_kpis_that_need_what_the_feeds_give(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    assert has_hourly_kpis(kit.config)


# --- the lake, the release and the check -----------------------------------------------------------------


def row(number: int, moment: str) -> str:
    return f"c{number},{moment},answered,13800000000,60,{moment}\n"


@pytest.fixture
def export(tmp_path: Path) -> Kit:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    kit.write("a.csv", CONTACT_HEADER + row(1, "2026-03-04 10:20:00") + row(2, "2026-03-05 18:30:00"))
    kit.refresh()
    return kit


def test_the_last_row_and_the_hours_are_read_from_the_lake(export: Kit) -> None:
    last, hours = read_feed(export.config.feed(export.feed), export.root, at(date(2026, 3, 6), 0))
    assert last == at(date(2026, 3, 5), 10, 30)
    assert hours == {date(2026, 3, 4): {10}, date(2026, 3, 5): {18}}


def test_a_backfill_of_old_dates_makes_nothing_fresh(export: Kit) -> None:
    now = at(date(2026, 3, 9), 0)
    site, asset = Site(export.config, export.root), feed_key(export.feed)
    assert not evaluate(site, asset, now).passed
    export.write("late.csv", CONTACT_HEADER + row(3, "2026-03-03 10:00:00"))
    export.refresh()
    assert not evaluate(site, asset, now).passed
    export.write("new.csv", CONTACT_HEADER + row(4, "2026-03-08 20:00:00"))
    export.refresh()
    assert evaluate(site, asset, now).passed


def test_a_late_feed_is_told_with_its_times_and_what_to_do(export: Kit) -> None:
    found = evaluate(Site(export.config, export.root), feed_key(export.feed), at(date(2026, 3, 9), 0))
    assert found.severity == dg.AssetCheckSeverity.WARN and not found.blocking
    assert "last row is of 2026-03-05 18:30" in (found.description or "")
    assert "expected by 2026-03-08 02:00" in (found.description or "")
    assert "quiet_dates" in str(found.metadata["what to do"].value)


def test_a_feed_that_may_be_missing_is_no_alarm(tmp_path: Path) -> None:
    text = CONTACT.replace('paths: ["*.csv"]', 'paths: ["*.csv"]\n        required: false')
    kit = Kit(tmp_path, "canonical.contact").configure(text)
    site = Site(kit.config, kit.root)
    assert evaluate(site, feed_key(kit.feed), at(MONDAY, 0)).passed
    assert not evaluate(site, RELEASE, at(MONDAY, 0)).passed


def test_the_release_is_judged_by_its_last_contact(export: Kit) -> None:
    """A lake that is fresh does not make fresh what readers see."""
    folder = export.root / "published" / "default" / "current"
    folder.mkdir(parents=True)
    with duckdb.connect() as db:
        db.execute(
            "copy (select timestamp '2026-03-03 02:00:00' as counted_at, timestamp '2026-03-03 10:00:00' as "
            f"local_counted_at, date '2026-03-03' as local_date) to '{folder / 'fct_contact.parquet'}'"
        )
    site, now = Site(export.config, export.root), at(date(2026, 3, 6), 0)
    assert evaluate(site, feed_key(export.feed), now).passed
    found = evaluate(site, RELEASE, now)
    assert not found.passed and "last row is of 2026-03-03 10:00" in (found.description or "")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def test_silence_is_noticed_though_nothing_runs(
    export: Kit, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sensor records each change of a verdict, one evaluation a day, and one for a new materialization: the UI
    takes a check that is older than its asset for one that was never evaluated."""
    sensor = freshness_sensor(Site(export.config, export.root))
    asset = feed_key(export.feed)

    def look(now: datetime, cursor: str | None) -> tuple[list[bool], str | None]:
        monkeypatch.setattr("orchestration.automation.freshness.now", lambda: now)
        made = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
        said = [event for event in made.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
        return [event.passed for event in said if event.asset_key == asset], made.cursor

    found, cursor = look(at(date(2026, 3, 6), 0), None)
    assert found == [True]
    found, cursor = look(at(date(2026, 3, 6), 12), cursor)
    assert found == []
    found, cursor = look(at(date(2026, 3, 8), 0), cursor)
    assert found == [False]
    found, cursor = look(at(date(2026, 3, 8), 12), cursor)
    assert found == []
    instance.report_runless_asset_event(dg.AssetMaterialization(asset))
    assert look(at(date(2026, 3, 8), 13), cursor)[0] == [False]


def test_a_wrong_promise_is_told_with_its_line(tmp_path: Path) -> None:
    text = CENTRE + (
        "sources:\n  asterisk:\n    feeds:\n      queue_log:\n        paths: [q]\n        freshness:\n"
        "          expected_within: 3\n"
    )
    kit = Kit(tmp_path, "asterisk.queue_log").configure(text)
    with pytest.raises(InputError) as caught:
        _ = kit.config
    assert caught.value.line == len(text.splitlines())
    assert "did you mean expected_within_h" in str(caught.value)
