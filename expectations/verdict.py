"""What came out of a validation, as plain data.

Belongs here: results that Dagster, the board and tests read. Does not belong here: Great Expectations' own results.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from expectations.check import Check

Sample = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. `unexpected_count` counts rows that break the rule, or days for rules about days."""

    check: Check
    passed: bool
    unexpected_count: int = 0
    failing_dates: tuple[date, ...] = ()
    sample: tuple[Sample, ...] = ()
    """At most 20 offending rows, without personal data."""

    @property
    def name(self) -> str:
        return self.check.name

    @property
    def blocking(self) -> bool:
        return self.check.blocking

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
