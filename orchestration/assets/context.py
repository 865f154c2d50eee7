"""What every asset of a code location knows: the configuration, the data root, the partitions.

Here belongs: values that are fixed when the definitions are made. Not here: state of a run.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from expectations.check import Check
from expectations.verdict import CheckResult
from orchestration.config import Config
from orchestration.errors import CallmartError
from orchestration.extract.landing import CLOCK_SLACK
from orchestration.feeds import Source

Body = TypeVar("Body", bound=Callable[..., Any])

JOB = "callmart"
POOL = "warehouse"
PLANNED_TAG = "callmart/planned"
REPLAY_TAG = "callmart/replay"  # its value: the feed that is read again from landing; no feed is asked for new records


@dataclass(frozen=True)
class Site:
    """One centre's configuration and the data root that its records live in."""

    config: Config
    root: Path

    def partitions(self) -> dg.DailyPartitionsDefinition:
        """One partition per local date, to that of the last record that the lake takes: today's records arrive while it
        runs, and a source's clock may be ahead by `CLOCK_SLACK`, a day."""
        centre = self.config.centre
        return dg.DailyPartitionsDefinition(
            start_date=centre.first_date.isoformat(), timezone=centre.timezone, end_offset=1 + CLOCK_SLACK.days
        )


def range_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last local date of a run's partitions."""
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)


def asked_for(context: dg.AssetExecutionContext) -> tuple[date, date] | None:
    """The range that a person wants to be built whether or not its files changed; None for one that was planned."""
    return None if PLANNED_TAG in context.run.tags else range_of(context)


def source_of(context: dg.AssetExecutionContext, feed: str) -> Source:
    """Where a run takes the records of a feed from."""
    replayed = context.run.tags.get(REPLAY_TAG)
    if replayed is None:
        return Source.outside
    return Source.replayed if replayed == feed else Source.landing


def now() -> datetime:
    """The wall clock, UTC and naive: for manifests and release ids, never for a number."""
    return datetime.now(UTC).replace(tzinfo=None)


def explained(body: Body) -> Body:
    """A step whose foreseen errors end it as a failure in words, with what to do beside them."""
    if inspect.isgeneratorfunction(body):

        @functools.wraps(body)
        def events(*arguments: Any) -> Iterator[Any]:
            with _in_words():
                yield from body(*arguments)

        return events  # type: ignore[return-value]

    @functools.wraps(body)
    def result(*arguments: Any) -> Any:
        with _in_words():
            return body(*arguments)

    return result  # type: ignore[return-value]


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except CallmartError as error:
        where = error.file and (error.file if error.line is None else f"{error.file}:{error.line}")
        said = {"what to do": error.todo, "where": where, "column": error.column, "rule": error.rule}
        raise dg.Failure(str(error), metadata={name: text for name, text in said.items() if text}) from error


def check_spec(check: Check, asset: dg.AssetKey, blocking: bool) -> dg.AssetCheckSpec:
    """Dagster's declaration of a check."""
    return dg.AssetCheckSpec(check.name, asset=asset, description=check.description, blocking=blocking)


def check_result(result: CheckResult, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Dagster's record of a check: counts, dates and sample rows."""
    metadata: dict[str, Any] = {
        "reason": str(result.check.reason),
        "what to do": str(result.check.action),
        "cases that break it": result.unexpected_count,  # rows, files or dates, as the check counts
    }
    if result.failing_dates:
        metadata["dates"] = ", ".join(day.isoformat() for day in result.failing_dates)
    if result.sample:
        metadata["sample rows"] = sample_rows(result)
    return dg.AssetCheckResult(
        passed=result.passed,
        asset_key=asset,
        check_name=result.name,
        severity=dg.AssetCheckSeverity.ERROR if result.blocking else dg.AssetCheckSeverity.WARN,
        description=None if result.passed else what_breaks(result),
        metadata=metadata,
    )


def what_breaks(result: CheckResult) -> str:
    """Why a check failed, with the first case: tables of rows are hidden behind a click."""
    return f"{result.check.reason} ({result.observed})" if result.observed else str(result.check.reason)


def sample_rows(result: CheckResult) -> dg.MarkdownMetadataValue:
    """Some of the rows that break a check, as a table."""
    columns = list(result.sample[0])
    header = "| " + " | ".join(columns) + " |\n|" + "---|" * len(columns) + "\n"
    rows = ("| " + " | ".join(str(row.get(name, "")) for name in columns) + " |" for row in result.sample)
    return dg.MetadataValue.md(header + "\n".join(rows))
