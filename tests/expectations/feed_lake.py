"""Small lakes written by DuckDB, one defect to a date, for the tests of feed suites.

Great Expectations costs seconds to import and about a second to run, so a suite is judged once over many dates, and
each test looks at its own date. Not here: claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contracts import contract
from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from expectations.verdict import CheckResult, FeedVerdict

FIRST_HISTORY = date(2026, 3, 2)
FIRST_CANDIDATE = date(2026, 4, 6)
ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Defect:
    """What is wrong with one candidate date: statements over the table `day`, or files around it."""

    statements: Sequence[str] = ()
    refused: int = 0
    """Lines of the date's file that were refused."""
    lake_times: int = 0
    """The lake holds this many times the candidate's rows for the date; 0 means it holds none."""
    skip_day_before: bool = False
    """The date before has no partition at all."""
    is_late: bool = False
    """The date is one of the history, of which the lake held half of the rows until now."""


class FeedLake:
    """A lake and candidate dates of one feed, in a temporary folder."""

    def __init__(self, root: Path, feed: str, clean_day: str) -> None:
        """`clean_day` is SQL that selects a clean day's rows (all lake columns); {day} stands for its date."""
        self.root, self.feed, self.clean_day = root, feed, clean_day
        self.columns = contract(feed).duckdb_types()
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")

    def write(self, folder: str, day: date, statements: Sequence[str] = (), times: int = 1) -> Path:
        """Write one partition and return its path."""
        path = self.root / folder / f"dt={day}" / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in self.columns.items())
        self.connection.execute(
            f"create or replace table day as select {typed} from ({self.clean_day.format(day=day)}), range({times})"
        )
        for statement in statements:
            self.connection.execute(statement.format(day=day))
        self.connection.execute(f"copy day to '{path}' (format parquet)")
        return path

    def history(self, weeks: int = 5) -> list[Path]:
        """Clean partitions of whole weeks before the first candidate, and the zero-row partition of year 1."""
        days = [FIRST_HISTORY + timedelta(days=step) for step in range(7 * weeks)]
        return [
            self.write("lake", date(1, 1, 1), ["delete from day"]),
            *(self.write("lake", day) for day in days),
        ]

    def refused(self, day: date, lines: int) -> Path:
        """Write refused lines of the file that the date's rows come from."""
        path = self.root / "quarantine" / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select '{source_file(day)}' as source_file, i as source_line, 'started_at' as column_name, "
                f"'time_unreadable' as rule, 'not a time' as reason, 'raw 13912345678' as raw "
                f"from range({lines}) t(i)) "
                f"to '{path}' (format parquet)"
            )
        return path


def source_file(day: date) -> str:
    """The file that the rows of a test date come from."""
    return f"object-{day}/log"


@dataclass(frozen=True)
class Judged:
    """A verdict over one clean date and one date per defect."""

    verdict: FeedVerdict
    days: Mapping[str, date]
    clean: date

    def result(self, check: str) -> CheckResult:
        """The result of the check called `check`."""
        return next(result for result in self.verdict.checks if result.name == check)

    def assert_rejected(self, check: str) -> None:
        """The check failed, names the date of its defect and shows a row."""
        result = self.result(check)
        # the check on missing dates names the date that is not there, the one before the defect's
        guilty = self.days[check] - timedelta(days=1 if check == "dates_missing" else 0)
        assert not result.passed
        assert guilty in result.failing_dates
        assert result.unexpected_count >= 1
        assert result.sample


def judge(lake: FeedLake, defects: Mapping[str, Defect]) -> Judged:
    """Judge one clean date and one date per defect in a single run."""
    history = lake.history()
    clean = FIRST_CANDIDATE
    candidates = {clean: lake.write("candidate", clean)}
    refused: list[Path] = []
    days: dict[str, date] = {}
    day = clean
    # dates that the lake holds come first: it must not have gone past the others
    for name, defect in sorted(defects.items(), key=lambda item: not item[1].lake_times):
        if defect.is_late:
            days[name] = late = FIRST_CANDIDATE - timedelta(days=3)
            lake.write("lake", late, ["delete from day where source_line % 2 = 0"])
            candidates[late] = lake.write("candidate", late)
            continue
        day += timedelta(days=2 if defect.skip_day_before else 1)
        days[name] = day
        candidates[day] = lake.write("candidate", day, defect.statements)
        if defect.refused:
            refused.append(lake.refused(day, defect.refused))
        if defect.lake_times:
            history.append(lake.write("lake", day, times=defect.lake_times))
    verdict = validate_candidates(
        lake.feed, candidates, history, refused, contract(lake.feed), FeedSettings(timezone=ZONE), lake.root / "docs"
    )
    return Judged(verdict, days, clean)
