"""Every defect that the simulator can plant is caught by a named check, or lies in quarantine, in exactly the rows that
truth.json tells; and nothing else is caught.

One small centre has all of them. Lost hours and late files take weeks of one feed to be seen, so that they have centres
of their own, whose other systems are silent. That a clean centre raises nothing is in test_truth.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.contracts import contract
from expectations.feeds.common import completeness_checks
from expectations.marts.fct_link_fault import before_name, unknown_name
from expectations.settings import FeedSettings
from expectations.verdict import CheckResult
from orchestration.feeds import refresh
from simulator.defect_kinds import DEFECTS
from tests.end_to_end.centre import Centre, simulated
from tests.simulator import test_forms as drawn

# defect -> the checks that name its rows, by feed; none for what is told elsewhere
CHECKS: dict[str, dict[str, str]] = {
    "wrong_zone": {"chat_message": before_name(contract("canonical.chat_message"))},
    "clock_skew": {"ticket": before_name(contract("canonical.ticket"))},
    "solved_before_created": {"ticket": "time_order"},
    "double_survey": {"survey_invitation": "survey_sent_twice", "survey_response": "survey_answered_twice"},
    "orphan_survey": {
        name: unknown_name(contract(f"canonical.{name}"), "contact_id")
        for name in ("survey_invitation", "survey_response")
    },
    "orphan_evaluation": {"qa_evaluation": unknown_name(contract("canonical.qa_evaluation"), "contact_id")},
    "orphan_ticket": {"ticket": unknown_name(contract("canonical.ticket"), "customer_key")},
    "orphan_transfer": {"transfer": unknown_name(contract("canonical.transfer"), "contact_id")},
    "log_rows_removed": {"query_log": "chain_broken"},
}
REFUSED = {"wrong_encoding": "undecodable", "broken_lines": "missing_columns"}
"""Defect -> the rule by which its lines are refused."""
ONE_FEED = ("missing_hours", "late_file")
WEEKS_DAYS, PER_DAY = 43, 150  # the spoilt date is in the middle, and has three earlier same weekdays
LANDED, LATER = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 1, tzinfo=UTC)
COMPLETENESS = {check.name for check in completeness_checks(FeedSettings("UTC"))} - {"flagged_share"}
Planted = dict[tuple[str, str], int]


def told(centre: Centre) -> Planted:
    """Rows by defect and feed, as truth.json tells them."""
    rows: Counter[tuple[str, str]] = Counter()
    for planted in json.loads((centre.source / "truth.json").read_text("utf-8"))["defects"]:
        rows[planted["defect"], planted["feed"].removeprefix("canonical.")] += planted["rows"]
    return dict(rows)


def warnings_of(said: str) -> dict[tuple[str, str], int]:
    """What a build says: (check, last part of its asset) -> cases that break it."""
    found = re.findall(r"warning: check (\w+) on ([\w/]+).*?: (\d+) break it", said)
    return {(check, asset.rpartition("/")[2]): int(cases) for check, asset, cases in found}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, str]:
    """A whole centre with every defect, and what its build said: one feed is stale."""
    wanted = [option for name in DEFECTS for option in ("--defect", name)]
    folder = tmp_path_factory.mktemp("spoilt") / "centre"
    centre = simulated(folder, days=5, agents=8, seed=3, is_whole=True, options=wanted)
    return centre, centre.build(expect=3)


def test_every_defect_is_planted_in_its_feeds(spoilt: tuple[Centre, str]) -> None:
    rows = told(spoilt[0])
    assert set(rows) == {
        (name, feed.removeprefix("canonical.")) for name, kind in DEFECTS.items() for feed in kind.feeds
    }
    assert min(rows.values()) > 0
    assert set(CHECKS) | set(REFUSED) | {*ONE_FEED, "duplicate_file", "renamed_column"} == set(DEFECTS)


def test_wrong_records_clocks_and_zones_are_named_by_checks_in_as_many_rows(spoilt: tuple[Centre, str]) -> None:
    centre, said = spoilt
    rows, found = told(centre), warnings_of(said)
    of_feeds = ("time_order", "survey_sent_twice", "survey_answered_twice")
    marts = {"chain_broken": "fct_query"}
    expected = {
        (check, feed if check in of_feeds else marts.get(check, "fct_link_fault")): rows[name, feed]
        for name, checks in CHECKS.items()
        for feed, check in checks.items()
    }
    assert {key: found.get(key) for key in expected} == expected
    # refused lines are also told as a share of their file, and by the board whose KPIs need the feed
    also = {("refused_share", "survey_response"), ("refused_share", "transfer")}
    assert set(found) - set(expected) <= also | {("much_in_quarantine", "rpt_four_dimensions")}


def test_rows_of_wrong_names_and_times_are_listed_with_their_file_and_line(spoilt: tuple[Centre, str]) -> None:
    centre, _ = spoilt
    rows = centre.rows(
        "select feed, fault, count(*), count(distinct (source_file, source_line)), min(feed_row_count) > 0, "
        "count(named_id) from marts.fct_link_fault group by all order by all"
    )
    planted = told(centre)
    expected = Counter[tuple[str, str]]()
    for (name, feed), count in planted.items():
        if name in ("wrong_zone", "clock_skew"):
            expected[f"canonical.{feed}", "before"] += count
        elif name.startswith("orphan_"):
            expected[f"canonical.{feed}", "unknown"] += count
    assert {(feed, fault): count for feed, fault, count, *_ in rows} == dict(expected)
    assert all(count == lines and is_counted for _, _, count, lines, is_counted, _ in rows)
    # who a customer is stays in the lake
    assert {feed for feed, fault, *_, named in rows if fault == "unknown" and not named} == {"canonical.ticket"}


def test_lines_that_can_not_be_read_are_in_quarantine_one_by_one(spoilt: tuple[Centre, str]) -> None:
    centre, _ = spoilt
    refused = {(feed, rule): count for feed, rule, count in centre.rows(
        "select feed, rule, sum(refused_row_count)::int from marts.fct_feed_refusal group by all"
    )}  # fmt: skip
    planted = told(centre)
    assert refused == {
        (feed, REFUSED[name]): count
        for name in REFUSED
        for feed, count in ((f"canonical.{feed}", rows) for (other, feed), rows in planted.items() if other == name)
    }


def test_a_file_whose_column_has_another_name_is_held_whole(spoilt: tuple[Centre, str]) -> None:
    centre, said = spoilt
    assert "canonical.audio_quality is stale" in said
    held = centre.rows("select feed, change from marts.fct_feed_drift where is_held")
    assert held == [("canonical.audio_quality", "missing_required")]
    (planted,) = [one for one in defects_of(centre) if one["defect"] == "renamed_column"]
    loaded = "select count(*) from marts.fct_feed_day where feed = 'canonical.audio_quality' and loaded_row_count > 0"
    assert centre.rows(f"{loaded} and local_date = '{planted['date']}'") == [(0,)]
    assert centre.rows(loaded)[0][0] == 4
    assert planted["file"] in said


def test_rows_that_come_twice_count_once_and_are_told(spoilt: tuple[Centre, str]) -> None:
    centre, _ = spoilt
    (planted,) = [one for one in defects_of(centre) if one["defect"] == "duplicate_file"]
    (found,) = centre.rows(
        "select sum(duplicate_row_count)::int, max(local_date)::varchar from marts.fct_feed_day "
        "where feed = 'canonical.survey_invitation' and duplicate_row_count > 0"
    )
    assert found == (planted["rows"], planted["date"])


def defects_of(centre: Centre) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((centre.source / "truth.json").read_text("utf-8"))["defects"]
    return found


# --- one feed over weeks --------------------------------------------------------------------------------------------


def judged(made: drawn.Built, feed: str, now: datetime) -> dict[str, CheckResult]:
    """Bring a feed into the lake as a build does; the checks of completeness that failed. Drawn rows mean nothing."""
    with drawn.environment({}):
        outcome = refresh(made.config.feed(feed), made.config, made.root, drawn.START, date(2026, 12, 31), now)
    return {one.name: one for one in outcome.verdict.checks if one.name in COMPLETENESS and not one.passed}


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> drawn.Built:
    feeds = tuple(feed for name in ONE_FEED for feed in DEFECTS[name].feeds)
    folder: Path = tmp_path_factory.mktemp("weeks")
    return drawn.simulated(folder, feeds, days=WEEKS_DAYS, per_day=PER_DAY, defects=ONE_FEED)


def test_lost_hours_are_named_and_their_rows_are_those_that_usually_come(weeks: drawn.Built) -> None:
    (planted,) = [one for one in weeks.truth["defects"] if one["defect"] == "missing_hours"]
    found = judged(weeks, planted["feed"], LANDED)
    assert set(found) == {"hours_missing"}
    assert [str(day) for day in found["hours_missing"].failing_dates] == [planted["date"]]
    hours = found["hours_missing"].sample
    assert [row["hour"] for row in hours] == [10, 11]
    assert sum(int(str(row["fewest_rows_before"])) for row in hours) == planted["rows"]


def test_a_late_file_is_missed_and_told_when_it_comes(weeks: drawn.Built) -> None:
    (planted,) = [one for one in weeks.truth["defects"] if one["defect"] == "late_file"]
    file = weeks.source / planted["file"]
    waiting = file.rename(weeks.folder / file.name)
    missed = judged(weeks, planted["feed"], LANDED)
    assert set(missed) == {"dates_missing"}
    assert [str(day) for day in missed["dates_missing"].failing_dates] == [planted["date"]]
    waiting.rename(file)
    found = judged(weeks, planted["feed"], LATER)
    assert set(found) == {"late_rows"}
    (row,) = found["late_rows"].sample
    assert (row["dt"], row["late_rows"]) == (planted["date"], planted["rows"])
