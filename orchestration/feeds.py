"""One feed's way into the lake: land, type, audit, then publish or hold. Plain functions; Dagster calls them.

Here belongs: the order of these steps and what came of them. Not here: how a step works (extract/), which rules a
candidate must keep (expectations/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from expectations.settings import FeedSettings
from expectations.validate import validate_candidates
from expectations.verdict import FeedVerdict
from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.extract import lake
from orchestration.extract.landing import land
from orchestration.progress import step, warn


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
            touched[name] = lake.touched_dates(feed, config, root)
            progress.note = f"{report.files} files, {len(report.new_objects)} new, {len(touched[name])} dates to build"
    return touched


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


def refresh(feed: Feed, config: Config, root: Path, first: date, last: date, now: datetime) -> FeedOutcome:
    """Bring the lake's partitions from `first` to `last` up to date with the feed's files.

    A date that fails a blocking check is held: the lake keeps its former partition. Raises InputError for input that
    can't be read and AccountingError when a row got lost on the way.
    """
    land(feed, root, now)
    touched = lake.touched_dates(feed, config, root)
    dates = [day for day in touched if first <= day <= last]
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
    """Feeds with held dates, and these dates."""
    found = {name: lake.held_dates(name, root) for name in config.feeds}
    return {name: dates for name, dates in found.items() if dates}


def settings_of(feed: Feed, config: Config) -> FeedSettings:
    """How strictly the feed's suite judges it."""
    return FeedSettings(
        timezone=feed.zone,
        clock_tolerance_s=feed.clock_tolerance_s,
        first_date=config.centre.first_date,
        quiet_dates=frozenset(config.centre.quiet_dates),
        own_numbers=frozenset(config.own_numbers),
    )


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
