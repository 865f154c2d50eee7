"""One feed's way into the lake: land, type, audit, then publish or hold. Plain functions; Dagster calls them.

Here belongs: the order of these steps and what came of them. Not here: how a step works (extract/), which rules a
candidate must keep (expectations/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from expectations.verdict import FeedVerdict
from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.errors import InputError
from orchestration.extract import drift, lake
from orchestration.extract.landing import land
from orchestration.extract.repairs import read_repair_manifests
from orchestration.extract.typing import forget_typed
from orchestration.progress import step, warn


class Source(StrEnum):
    """Where a refresh takes records from: the feed's files or database, with what is landed already; what is landed
    alone; or that read anew, and every partition of the range made again."""

    outside = "outside"
    landing = "landing"
    replayed = "replayed"


@dataclass(frozen=True)
class FeedOutcome:
    """What a refresh did. `unbuilt` dates wait for a build whose range includes them."""

    feed: str
    published: tuple[date, ...]
    held: tuple[date, ...]
    unbuilt: tuple[date, ...]
    verdict: FeedVerdict
    accounting: lake.Accounting


def land_all(config: Config, root: Path, now: datetime) -> dict[str, list[date]]:
    """Land the new files of every feed; the dates of each whose partition must be rebuilt."""
    touched = {}
    for name, feed in config.feeds.items():
        with step(f"land {name}") as progress:
            report = land(feed, root, now)
            for text in report.warnings:
                warn(text)
            touched[name] = _touched(feed, config, root)
            progress.note = f"{report.files} files, {len(report.new_objects)} new, {len(touched[name])} dates to build"
    return touched


def touched_in_landing(config: Config, root: Path) -> list[date]:
    """The dates that what is landed touches, whichever feed's, sorted; nothing is asked for new records."""
    return sorted({day for feed in config.feeds.values() for day in _touched(feed, config, root)})


def dates_to_build(config: Config, root: Path, now: datetime) -> list[date]:
    """Land the new files of every feed; the dates that a run which nobody asked for has to build, sorted.

    A date that the checks refused is left alone until its rows change, unless its feed is critical: then it stops every
    run, and the release would be wrong to go past it.
    """
    touched = land_all(config, root, now)
    for name, feed in config.feeds.items():
        if touched[name] and not feed.critical:
            judged = set(lake.judged_dates(feed, config, root))
            touched[name] = [day for day in touched[name] if day not in judged]
    return sorted({day for dates in touched.values() for day in dates})


def refresh(
    feed: Feed,
    config: Config,
    root: Path,
    first: date,
    last: date,
    now: datetime,
    source: Source = Source.outside,
) -> FeedOutcome:
    """Bring the lake's partitions from `first` to `last` up to date with what `source` says.

    A date that fails a blocking check is held: the lake keeps its former partition. Raises InputError for input that
    can't be read, or whose columns a critical feed can't do without, and AccountingError when a row got lost.
    """
    if source is Source.outside:
        land(feed, root, now)
    elif source is Source.replayed:
        sealed = [day for day in lake.sealed_dates(feed, config, root) if first <= day <= last]
        if sealed:
            raise InputError(
                f"{feed.name}: {sealed[0]} can't be made again: landing of it was retired (retention.landing_days).",
                rule="sealed",
                todo=f"choose dates after {max(sealed)}; the lake keeps these as they are.",
            )
        forget_typed(feed, root, first, last)
    touched = _touched(feed, config, root)
    wanted = lake.known_dates(feed, config, root) if source is Source.replayed else touched
    dates = [day for day in wanted if first <= day <= last]
    candidates = lake.build_candidates(feed, config, root, dates)
    with step(f"audit {feed.name}") as progress:
        verdict = _audit(feed, config, root, candidates)
        progress.rows = sum(candidate.rows for candidate in candidates)
        progress.note = f"{len(verdict.checks)} checks, {len(verdict.blocked_dates)} dates held"
    for candidate in candidates:
        if candidate.date in verdict.blocked_dates:
            lake.hold(candidate, _report(verdict, candidate.date, now))
        else:
            lake.publish(candidate)
    accounting = lake.accounting(feed, config, root)
    unbuilt = tuple(day for day in touched if day not in dates)
    if not unbuilt:
        accounting.check()
    held = set(verdict.blocked_dates)
    return FeedOutcome(
        feed.name,
        tuple(day for day in dates if day not in held),
        tuple(lake.held_dates(feed.name, root)),
        unbuilt,
        verdict,
        accounting,
    )


def stale_feeds(config: Config, root: Path) -> dict[str, list[date]]:
    """Feeds with held dates, and these dates; none of a feed of which only files are held, as nobody knows theirs."""
    found = {name: lake.held_dates(name, root) for name in config.feeds}
    return {name: dates for name, dates in found.items() if dates or drift.held_files(root, name)}


def repaired_rows(config: Config, root: Path) -> dict[str, int]:
    """Feeds some of whose refused rows people corrected -> the rows that count now."""
    found = {
        name: lake.accounting(feed, config, root).repaired
        for name, feed in config.feeds.items()
        if read_repair_manifests(name, root)
    }
    return {name: rows for name, rows in found.items() if rows}


def settings_of(feed: Feed, config: Config) -> FeedSettings:
    """How strictly the feed's suite judges it."""
    return FeedSettings(
        timezone=feed.zone,
        clock_tolerance_s=feed.clock_tolerance_s,
        first_date=config.centre.first_date,
        quiet_dates=frozenset(config.centre.quiet_dates),
        own_numbers=frozenset(config.own_numbers),
    )


def _touched(feed: Feed, config: Config, root: Path) -> list[date]:
    """Dates to build. Raises InputError when a file of a critical feed is held for its columns: the release would be
    wrong to go past it."""
    touched = lake.touched_dates(feed, config, root)
    if feed.critical and (why := drift.held_files(root, feed.name)):
        raise drift.stopping(feed, why)
    return touched


def _audit(feed: Feed, config: Config, root: Path, candidates: list[lake.Candidate]) -> FeedVerdict:
    history = sorted(paths.lake_dir(root, feed.name).glob("dt=*/part-0.parquet"))
    refused = sorted(
        path for path in paths.quarantine_dir(root, feed.name).glob("*.parquet") if not path.name.startswith("dt=")
    )
    return validate_candidates(
        feed.name,
        {candidate.date: candidate.path for candidate in candidates},
        history,
        refused,
        feed.contract,
        settings_of(feed, config),
        paths.docs_dir(root),
        scratch=paths.make_private(paths.temp_dir(root), root),
    )


def _report(verdict: FeedVerdict, day: date, now: datetime) -> Mapping[str, Any]:
    """What is wrong with one date; the same whichever other dates were judged with it."""
    offences = [(result, result.offence_on(day)) for result in verdict.checks if not result.passed]
    return {
        "feed": verdict.feed,
        "date": day,
        "held_at": now,
        "failed_checks": [
            {
                "name": result.name,
                "blocking": result.blocking,
                "reason": asdict(result.check.reason),
                "what_to_do": asdict(result.check.action),
                "unexpected_count": offence.rows,
                "sample": list(offence.sample),
            }
            for result, offence in offences
            if offence is not None
        ],
    }
