"""What every asset of a code location knows: the configuration, the data root, the partitions.

Here belongs: values that are fixed when the definitions are made. Not here: state of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from expectations.check import Check
from expectations.verdict import CheckResult
from orchestration.config import Config

JOB = "callmart"
POOL = "warehouse"
PLANNED_TAG = "callmart/planned"


@dataclass(frozen=True)
class Site:
    """One centre's configuration and the data root that its records live in."""

    config: Config
    root: Path

    def partitions(self) -> dg.DailyPartitionsDefinition:
        """One partition per local date, today's included: its records arrive while it runs."""
        centre = self.config.centre
        return dg.DailyPartitionsDefinition(
            start_date=centre.first_date.isoformat(), timezone=centre.timezone, end_offset=1
        )


def range_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last local date of a run's partitions."""
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)


def asked_for(context: dg.AssetExecutionContext) -> tuple[date, date] | None:
    """The range that a person wants to be built whether or not its files changed; None for one that was planned."""
    return None if PLANNED_TAG in context.run.tags else range_of(context)


def now() -> datetime:
    """The wall clock, UTC and naive: for manifests and release ids, never for a number."""
    return datetime.now(UTC).replace(tzinfo=None)


def check_spec(check: Check, asset: dg.AssetKey, blocking: bool) -> dg.AssetCheckSpec:
    """Dagster's declaration of a check."""
    return dg.AssetCheckSpec(check.name, asset=asset, description=check.description, blocking=blocking)


def check_result(result: CheckResult, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Dagster's record of a check: counts, dates and sample rows."""
    metadata: dict[str, Any] = {
        "reason": str(result.check.reason),
        "what to do": str(result.check.action),
        "rows that break it": result.unexpected_count,
    }
    if result.failing_dates:
        metadata["dates"] = ", ".join(day.isoformat() for day in result.failing_dates)
    if result.sample:
        columns = list(result.sample[0])
        header = "| " + " | ".join(columns) + " |\n|" + "---|" * len(columns) + "\n"
        rows = ("| " + " | ".join(str(row.get(name, "")) for name in columns) + " |" for row in result.sample)
        metadata["sample rows"] = dg.MetadataValue.md(header + "\n".join(rows))
    return dg.AssetCheckResult(
        passed=result.passed,
        asset_key=asset,
        check_name=result.name,
        severity=dg.AssetCheckSeverity.ERROR if result.blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
