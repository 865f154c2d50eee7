"""What came out of a validation, as plain data.

Belongs here: results that Dagster, the board and tests read. Does not belong here: Great Expectations' own results.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from expectations.check import Check

SAMPLE_ROWS = 20
Sample = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Offence:
    """Rows of one date (None: of no date) that break a rule: how many, and the first 20, without personal data."""

    date: date | None
    rows: int
    sample: tuple[Sample, ...]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. `unexpected_count` counts rows that break the rule, or days for rules about days."""

    check: Check
    passed: bool
    unexpected_count: int = 0
    offences: tuple[Offence, ...] = ()
    """By date, rows without date last; a failed check has at least one."""

    @property
    def name(self) -> str:
        return self.check.name

    @property
    def blocking(self) -> bool:
        return self.check.blocking

    @property
    def failing_dates(self) -> tuple[date, ...]:
        """Dates with rows that break the rule; none for a rule that belongs to no date."""
        return tuple(offence.date for offence in self.offences if offence.date is not None)

    @property
    def sample(self) -> tuple[Sample, ...]:
        """The first 20 offending rows."""
        return tuple(row for offence in self.offences for row in offence.sample)[:SAMPLE_ROWS]

    def offence_on(self, day: date) -> Offence | None:
        """What breaks the rule on a date, whatever other dates were judged with it; rows without date count on each."""
        return next((offence for offence in self.offences if offence.date in (day, None)), None)

    @property
    def observed(self) -> str:
        """The first offending row in one line; empty when the check passed."""
        if not self.sample:
            return ""
        return ", ".join(f"{name}={value}" for name, value in self.sample[0].items())


@dataclass(frozen=True)
class FeedVerdict:
    """Results over the candidate dates of one feed."""

    feed: str
    dates: tuple[date, ...]
    checks: tuple[CheckResult, ...]

    @property
    def blocked_dates(self) -> tuple[date, ...]:
        """Dates that must not enter the lake. A blocking failure that belongs to no date holds all of them back."""
        failed = [result for result in self.checks if result.blocking and not result.passed]
        if any(not result.failing_dates for result in failed):
            return self.dates
        guilty = {day for result in failed for day in result.failing_dates}
        return tuple(day for day in self.dates if day in guilty)

    @property
    def passed(self) -> bool:
        """No blocking check failed."""
        return not any(result.blocking and not result.passed for result in self.checks)


@dataclass(frozen=True)
class MartVerdict:
    """Results over one mart."""

    mart: str
    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """No blocking check failed."""
        return not any(result.blocking and not result.passed for result in self.checks)
