"""Volume against history, dates without partition, refused files, Data Docs: what surrounds the rules of a feed."""

from __future__ import annotations

import json
import os
import re
import tempfile
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from expectations.contracts import contract
from expectations.errors import ExpectationsError
from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from expectations.verdict import FeedVerdict
from tests.expectations.feed_lake import ZONE, FeedLake
from tests.expectations.test_feed_cdr import CLEAN_DAY

DAY = date(2026, 4, 6)
FEED = contract("asterisk.cdr")


@pytest.fixture
def lake(tmp_path: Path) -> FeedLake:
    return FeedLake(tmp_path, FEED.feed, CLEAN_DAY)


def judge(
    lake: FeedLake,
    candidates: dict[date, Path],
    history: list[Path] | None = None,
    refused: list[Path] | None = None,
    settings: FeedSettings | None = None,
    keep_results: int = 5,
    scratch: Path | None = None,
) -> FeedVerdict:
    return validate_candidates(
        FEED.feed,
        candidates,
        history or [],
        refused or [],
        FEED,
        settings or FeedSettings(timezone=ZONE),
        lake.root / "docs",
        keep_results=keep_results,
        scratch=scratch,
    )


def failed(verdict: FeedVerdict) -> dict[str, tuple[date, ...]]:
    return {result.name: result.failing_dates for result in verdict.checks if not result.passed}


def weeks_before(lake: FeedLake, weeks: int) -> list[Path]:
    return [lake.write("lake", DAY - timedelta(weeks=week)) for week in range(1, weeks + 1)]


def keep(rows: int) -> list[str]:
    """Leave so many of the 240 rows, at least one in every hour as long as there are enough."""
    return [f"delete from day where (source_line % 20) * 12 + source_line // 20 >= {rows}"]


def test_share_exactly_at_the_limit_is_accepted(lake: FeedLake) -> None:
    half, below_half, tenth, below_tenth = days = [DAY + timedelta(days=step) for step in range(4)]
    kept = {half: 120, below_half: 119, tenth: 24, below_tenth: 23}
    history = [lake.write("lake", day - timedelta(weeks=week)) for day in days for week in (1, 2, 3)]
    verdict = judge(lake, {day: lake.write("candidate", day, keep(rows)) for day, rows in kept.items()}, history)
    assert failed(verdict)["volume_low"] == (below_half, tenth, below_tenth)
    assert failed(verdict)["volume_collapsed"] == (below_tenth,)
    assert verdict.blocked_dates == (below_tenth,)


def test_two_earlier_same_weekdays_are_too_few_to_judge_volume(lake: FeedLake) -> None:
    other_weekdays = [lake.write("lake", DAY - timedelta(days=step)) for step in (1, 2, 3, 4, 5, 6)]
    history = [*weeks_before(lake, 2), *other_weekdays]
    assert failed(judge(lake, {DAY: lake.write("candidate", DAY, keep(1))}, history)) == {}


def test_date_without_rows_is_blocked_when_the_same_weekday_always_had_some(lake: FeedLake) -> None:
    verdict = judge(lake, {DAY: lake.write("candidate", DAY, ["delete from day"])}, weeks_before(lake, 3))
    assert failed(verdict) == {"volume_low": (DAY,), "volume_collapsed": (DAY,)}
    assert verdict.blocked_dates == (DAY,)


def test_quiet_date_is_not_judged_by_volume(lake: FeedLake) -> None:
    settings = FeedSettings(timezone=ZONE, quiet_dates=frozenset({DAY}))
    candidates = {DAY: lake.write("candidate", DAY, keep(12))}
    assert failed(judge(lake, candidates, weeks_before(lake, 3), settings=settings)) == {}


def test_earlier_candidates_are_history_for_later_ones(lake: FeedLake) -> None:
    """A first backfill has no lake to compare with, only itself."""
    days = [DAY + timedelta(weeks=week) for week in range(4)]
    candidates = {day: lake.write("candidate", day, keep(10) if day == days[3] else []) for day in days}
    verdict = judge(lake, candidates)
    assert failed(verdict)["volume_collapsed"] == (days[3],)
    assert verdict.blocked_dates == (days[3],)


def test_lakes_own_version_of_a_candidate_date_is_not_its_history(lake: FeedLake) -> None:
    history = [*weeks_before(lake, 2), lake.write("lake", DAY)]
    verdict = judge(lake, {DAY: lake.write("candidate", DAY, keep(12))}, history)
    assert failed(verdict) == {"volume_shrunk": (DAY,)}


@pytest.mark.parametrize(("minutes", "is_missing"), [(60, True), (50, False)])
def test_an_hour_is_missing_only_where_it_was_busy_throughout(lake: FeedLake, minutes: int, is_missing: bool) -> None:
    """Many rows may be few calls: an hour that had none in its last ten minutes on one weekday may have none at all."""
    weeks = weeks_before(lake, 2)
    quiet = f"delete from day where source_line between 40 and 59 and source_line - 40 >= {minutes} / 3"
    one = DAY - timedelta(weeks=3)
    history = [*weeks, lake.write("lake", one, [quiet])]
    candidate = lake.write("candidate", DAY, ["delete from day where source_line between 40 and 59"])
    assert failed(judge(lake, {DAY: candidate}, history)) == ({"hours_missing": (DAY,)} if is_missing else {})


@pytest.mark.parametrize(("added", "is_late"), [(11, False), (12, True)])
def test_some_rows_more_are_no_late_file(lake: FeedLake, added: int, is_late: bool) -> None:
    """A call that takes days comes to its date when it ends; 5 % of the rows that the lake has are the limit."""
    late = DAY - timedelta(days=3)
    history = [lake.write("lake", DAY - timedelta(days=step)) for step in range(1, 8)]
    lake.write("lake", late, [f"delete from day where source_line >= {240 - added}"])
    found = failed(judge(lake, {late: lake.write("candidate", late)}, history))
    assert found == ({"late_rows": (late,)} if is_late else {})


@pytest.mark.parametrize("days_later", [0, 1])
def test_rows_of_the_date_that_the_lake_is_at_are_not_late(lake: FeedLake, days_later: int) -> None:
    last = DAY + timedelta(days=days_later)
    history = [lake.write("lake", DAY - timedelta(days=step)) for step in range(1, 8)]
    history.append(lake.write("lake", last))
    lake.write("lake", DAY, ["delete from day where source_line >= 120"])
    assert failed(judge(lake, {DAY: lake.write("candidate", DAY)}, history)) == {}


def test_hour_that_the_clock_skips_is_not_missing(tmp_path: Path) -> None:
    """New York has no hour from 02:00 on 2026-03-08; a call centre that works at night isn't asked for it."""
    zone, skipped = "America/New_York", date(2026, 3, 8)
    night = CLEAN_DAY.replace("8 * 3600 + i * 180) - interval 8 hour", "i * 180) + interval 5 hour")
    lake = FeedLake(tmp_path, FEED.feed, night)
    history = [lake.write("lake", skipped - timedelta(weeks=week)) for week in range(1, 4)]
    # the clocks go forward at 07:00 UTC: the rows of 02:00 can't be, those after it are an hour earlier in UTC
    columns = ("started_at", "answered_at", "ended_at")
    moved = [
        "delete from day where started_at >= timestamp '{day} 07:00:00' and started_at < timestamp '{day} 08:00:00'",
        f"update day set {', '.join(f'{name} = {name} - interval 1 hour' for name in columns)} "
        + "where started_at >= timestamp '{day} 08:00:00'",
    ]
    candidates = {skipped: lake.write("candidate", skipped, moved)}
    assert failed(judge(lake, candidates, history, settings=FeedSettings(timezone=zone))) == {}
    missing = ["delete from day where source_line between 80 and 99"]
    usual = skipped - timedelta(weeks=1)
    earlier = [lake.write("lake", usual - timedelta(weeks=week)) for week in range(1, 4)]
    verdict = judge(
        lake, {usual: lake.write("candidate", usual, missing)}, earlier, settings=FeedSettings(timezone=zone)
    )
    assert failed(verdict) == {"hours_missing": (usual,)}


def test_weekday_without_partition_is_missing_only_if_it_had_one_the_week_before(lake: FeedLake) -> None:
    """A centre that rests on Sundays hears nothing about Sundays; its missing Saturday is named."""
    two_weeks = [DAY - timedelta(days=step) for step in range(1, 15)]
    open_days = [day for day in two_weeks if day.weekday() != 6 and day != DAY - timedelta(days=2)]
    history = [lake.write("lake", day) for day in open_days]
    verdict = judge(lake, {DAY: lake.write("candidate", DAY)}, history)
    assert failed(verdict) == {"dates_missing": (DAY - timedelta(days=2),)}


def test_file_of_which_no_row_could_be_loaded_blocks_all_dates(lake: FeedLake) -> None:
    lake_path = lake.write("candidate", DAY)
    verdict = judge(lake, {DAY: lake_path}, refused=[lake.refused(DAY + timedelta(days=1), 30)])
    assert set(failed(verdict)) == {"refused_share", "refused_most"}
    assert verdict.blocked_dates == (DAY,)


def test_rows_of_the_same_file_in_the_lake_count_as_loaded(lake: FeedLake) -> None:
    """A file of two days, one of them a candidate: 200 refused of 680 rows are not most of it."""
    before = DAY - timedelta(days=1)
    history = [lake.write("lake", before, [f"update day set source_file = 'object-{DAY}/log'"])]
    verdict = judge(lake, {DAY: lake.write("candidate", DAY)}, history, [lake.refused(DAY, 300)])
    assert set(failed(verdict)) == {"refused_share"}


def test_candidate_may_lie_under_a_hidden_temporary_name(lake: FeedLake) -> None:
    path = lake.write("candidate", DAY)
    hidden = path.rename(path.with_name("_part-0.parquet.tmp"))
    assert failed(judge(lake, {DAY: hidden})) == {}


def test_without_candidates_every_check_passes(lake: FeedLake) -> None:
    verdict = judge(lake, {})
    assert verdict.passed
    assert verdict.checks
    assert verdict.blocked_dates == ()


def test_history_outside_a_dated_folder_is_an_error_that_names_the_file(lake: FeedLake) -> None:
    path = lake.write("candidate", DAY)
    stray = path.rename(lake.root / "stray.parquet")
    with pytest.raises(ExpectationsError, match=r"stray\.parquet.*dt=YYYY-MM-DD"):
        judge(lake, {DAY: lake.write("candidate", DAY)}, [stray])


def test_a_suite_that_a_kill_left_half_written_stops_nobody(lake: FeedLake) -> None:
    candidates = {DAY: lake.write("candidate", DAY)}
    judge(lake, candidates)
    suites = list((lake.root / "docs/gx/expectations").rglob("*.json"))
    assert suites
    for left in (0, suites[0].stat().st_size // 2):
        for suite in suites:
            os.truncate(suite, left)
        assert failed(judge(lake, candidates)) == {}


def test_what_an_audit_needs_meanwhile_lies_in_the_scratch_folder_and_goes(
    lake: FeedLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, elsewhere = lake.root / "scratch", lake.root / "elsewhere"
    scratch.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    made: list[Path] = []
    real = os.mkdir

    def mkdir(path: str, *more: int) -> None:
        made.append(Path(path))
        real(path, *more)

    monkeypatch.setattr(os, "mkdir", mkdir)
    judge(lake, {DAY: lake.write("candidate", DAY)}, scratch=scratch)
    assert [path.parent for path in made if path.name.startswith("callmart-validate")] == [scratch]
    assert list(scratch.iterdir()) == list(elsewhere.iterdir()) == []


def test_data_docs_keep_the_last_results_only_and_name_the_checks(lake: FeedLake) -> None:
    spoilt = ["update day set account_code = '13987654321' where source_line = 0"]
    candidates = {DAY: lake.write("candidate", DAY, spoilt)}
    for _ in range(3):
        judge(lake, candidates, keep_results=2)
    docs = lake.root / "docs"
    results = list((docs / "gx" / "results").rglob("*.json"))
    pages = list((docs / "data_docs" / "validations").rglob("*.html"))
    assert len(results) == len(pages) == 2
    page = pages[0].read_text("utf-8")
    assert "no_phone_number: 出现未脱敏的手机号码" in page
    assert json.loads(results[0].read_text("utf-8"))["success"] is False
    everything = [path.read_bytes() for path in docs.rglob("*") if path.is_file()]
    assert not any(b"13987654321" in content for content in everything)


def test_the_first_page_tells_how_each_suite_last_came_out_and_needs_no_internet(lake: FeedLake) -> None:
    spoilt = ["update day set account_code = '13987654321' where source_line = 0"]
    judge(lake, {DAY: lake.write("candidate", DAY)})
    judge(lake, {DAY: lake.write("candidate", DAY, spoilt)})
    site = lake.root / "docs" / "data_docs"
    page = (site / "index.html").read_text("utf-8")
    assert re.findall(r'<td class="(?:held|warned|passed)">([^<]+)', page) == ["held back"]
    assert "<td>no_phone_number</td>" in page
    assert "<summary>1 before</summary>" in page
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(links) == 3
    assert all((site / unquote(link)).is_file() for link in links), links
