"""What goes when it is old enough: bytes of landing, duplicates in quarantine, former releases.

Here belongs: who may go and when. Not here: Dagster's runs (automation/runs.py) and ticks (dagster.yaml), results of
suites (expectations), the number of releases (release.py), refused rows (typing.py leaves them out of quarantine).

Of a landed file that no longer counts the bytes go `superseded_days` after it was last seen. Of one that counts they
stay, unless `landing_days` says otherwise: then its dates are sealed, which the lake keeps as they are and nothing can
make again. What is known of an object stays in any case, so that the same file is known when it comes again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from orchestration import paths
from orchestration.config import Config, Feed
from orchestration.extract import lake
from orchestration.extract.engine import connect, read_meta
from orchestration.extract.landing import MANIFEST, ORIGINAL, Manifest, manifest_json, moment, read_manifests
from orchestration.extract.typing import REFUSED, RETIRED, TYPED, Typed, held_objects, live, type_feed
from orchestration.release import KEEP_AT_LEAST, remove_releases
from orchestration.release import MANIFEST as RELEASE_MANIFEST
from orchestration.release import Manifest as Release


@dataclass(frozen=True)
class Retired:
    """What went: landed files that counted no more, landed files that counted, files of duplicates, releases."""

    superseded: int = 0
    landed: int = 0
    duplicates: int = 0
    releases: int = 0


def apply_retention(config: Config, root: Path, now: datetime) -> Retired:
    """Remove what is older than the configuration keeps; `now` is UTC. A kill leaves what the next call removes."""
    superseded = landed = duplicates = 0
    for feed in config.feeds.values():
        _sweep(feed, root)
        old, counting = _old_objects(feed, config, root, moment(now.isoformat()))
        for item in [*old, *counting]:
            _retire(item, feed, root, now)
        superseded, landed = superseded + len(old), landed + len(counting)
        duplicates += _drop_duplicates(feed, config, root, now)
    releases = sum(_drop_releases(config, root, now, scope) for scope in (paths.WHOLE, *config.scopes))
    return Retired(superseded, landed, duplicates, releases)


def _old_objects(feed: Feed, config: Config, root: Path, now: datetime) -> tuple[list[Typed], list[Typed]]:
    """Objects to retire that no longer count, and that count."""
    kept = config.retention
    days = [limit for limit in (kept.superseded_days, kept.landing_days) if limit is not None]
    manifests = [manifest for manifest in read_manifests(feed.name, root) if manifest.retired_at is None]
    if not days or not any(_is_unseen(manifest, now, min(days)) for manifest in manifests):
        return [], []  # as nearly always
    everything = type_feed(feed, config, root)
    typed = [item for item in everything if item.manifest.retired_at is None]
    counted = {item.manifest.object_id for item in live(feed, everything, [])}
    held = held_objects(feed, everything)
    waiting = {*lake.touched_dates(feed, config, root), *lake.held_dates(feed.name, root)}
    old, counting = [], []
    for item in typed:
        manifest = item.manifest
        if manifest.object_id in counted:
            dates = [date.fromisoformat(day) for day in item.dates]
            is_done = dates and waiting.isdisjoint(dates)
            if kept.landing_days and is_done and _is_past(item, now, kept.landing_days):
                counting.append(item)
        elif manifest.object_id not in held and _is_unseen(manifest, now, kept.superseded_days):
            old.append(item)
    return old, counting


def _is_unseen(manifest: Manifest, now: datetime, days: int | None) -> bool:
    """Whether no look at the source has met the object for so many days."""
    return days is not None and manifest.looks[-1] < now - timedelta(days=days)


def _is_past(item: Typed, now: datetime, days: int) -> bool:
    """Whether the object's last event and its last sighting both lie so far back."""
    last = item.manifest.last_event_at
    is_past = last is not None and moment(last) < now - timedelta(days=days)
    return is_past and _is_unseen(item.manifest, now, days)


def _retire(item: Typed, feed: Feed, root: Path, now: datetime) -> None:
    """Note what typing found, then that the bytes are gone, then remove them."""
    folder = paths.object_dir(root, feed.name, item.manifest.object_id)
    with connect(root) as db:
        meta = read_meta(db, [folder / TYPED])[folder / TYPED]
    paths.put_json(folder / RETIRED, meta)
    (manifest,) = (m for m in read_manifests(feed.name, root) if m.object_id == item.manifest.object_id)
    paths.put_json(folder / MANIFEST, manifest_json(replace(manifest, retired_at=now.isoformat())))
    _remove_bytes(folder)


def _sweep(feed: Feed, root: Path) -> None:
    """Remove bytes that a killed call left."""
    for manifest in read_manifests(feed.name, root):
        if manifest.retired_at is not None:
            _remove_bytes(paths.object_dir(root, feed.name, manifest.object_id))


def _remove_bytes(folder: Path) -> None:
    for name in (ORIGINAL, TYPED, REFUSED):
        (folder / name).unlink(missing_ok=True)


def _drop_duplicates(feed: Feed, config: Config, root: Path, now: datetime) -> int:
    """Files of duplicates whose date lies further back than quarantine reaches."""
    days = config.retention.quarantine_days
    if days is None:
        return 0
    limit = (now - timedelta(days=days)).date()
    return _unlink(
        file
        for file in paths.quarantine_dir(root, feed.name).glob("dt=*.parquet")
        if date.fromisoformat(file.stem.removeprefix("dt=")) < limit
    )


def _unlink(files: Iterable[Path]) -> int:
    found = list(files)
    for file in found:
        file.unlink(missing_ok=True)
    return len(found)


def _drop_releases(config: Config, root: Path, now: datetime, scope: str) -> int:
    """Former releases of a scope that are too old, but never the last ones."""
    days = config.retention.releases_days
    folders = list((paths.published_dir(root, scope) / "releases").glob(f"[!_]*/{RELEASE_MANIFEST}"))
    if days is None or not folders:
        return 0
    known = {file.parent.name: Release.from_json(file.read_text("utf-8")) for file in folders}
    newest = sorted(known, key=lambda name: known[name].seq)[-KEEP_AT_LEAST:]
    limit = moment(now.isoformat()) - timedelta(days=days)

    def is_old(path: Path) -> bool:
        return path.name not in newest and moment(known[path.name].created_at.isoformat()) < limit

    return len(remove_releases(root, is_old, scope))
