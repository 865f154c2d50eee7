"""Answers of databases and APIs as landed objects, and how far a feed was asked.

Here belongs: what is the same however an answer came. Not here: asking (databases.py, http), and which objects count
(landing.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from orchestration import paths
from orchestration.config import Feed
from orchestration.extract.landing import (
    GZIP_MAGIC,
    MANIFEST,
    ORIGINAL,
    LandingReport,
    Manifest,
    Sighting,
    manifest_json,
    moment,
    next_seq,
    put_object,
)

_LOOKED = "looked.json"


@dataclass(frozen=True)
class Looked:
    """When (UTC, ISO) a source was last asked, by which settings, and how far it was read: the highest value of a
    cursor column, the end of a window (UTC, ISO), or what an API gave to go on with."""

    at: str
    settings: str
    cursor: str | None = None

    def is_recent(self, now: datetime, at_most_every_s: int) -> bool:
        """Whether the source must not be asked again yet; a clock that went back does not keep it from being asked."""
        return timedelta() <= moment(now.isoformat()) - moment(self.at) < timedelta(seconds=at_most_every_s)


def last_look(folder: Path, settings: str) -> Looked | None:
    """The last look by these settings; None before the first."""
    file = folder / _LOOKED
    found = Looked(**json.loads(file.read_text("utf-8"))) if file.exists() else None
    return found if found and found.settings == settings else None


def note_look(folder: Path, looked: Looked) -> None:
    """Remember how far a source was read; its answers are in place."""
    paths.put_json(folder / _LOOKED, asdict(looked))


def hash_of(text: str) -> str:
    """A short name for settings or contents."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def keep(
    feed: Feed,
    folder: Path,
    temporary: Path,
    known: dict[str, Manifest],
    report: LandingReport,
    path: str,
    object_id: str,
    now: datetime,
) -> None:
    """Put the answer in `temporary` in place as an object, or note that a known one was seen again."""
    seq = next_seq(known.values())
    file = temporary / ORIGINAL
    size = file.stat().st_size
    sighting = Sighting(path, seq, now.isoformat(), size, 0)
    if object_id in known:
        former = known[object_id]
        known[object_id] = replace(former, seen=(*former.seen, sighting))
        paths.put_json(folder / object_id / MANIFEST, manifest_json(known[object_id]))
        report.known_objects.append(object_id)
        return
    with file.open("rb") as handle:
        is_gzip = handle.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        handle.seek(0)
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    # An answer never goes on from another one's bytes: the stream is told as the file, and is not empty without rows.
    known[object_id] = Manifest(
        object_id=object_id,
        feed=feed.name,
        name=path,
        size=size,
        sha256=digest,
        stream_size=size,
        stream_sha256=digest,
        is_gzip=is_gzip,
        encoding="utf-8",
        extracted_at=now.isoformat(),
        seq=seq,
        seen=(sighting,),
    )
    put_object(temporary, folder, known[object_id])
    report.new_objects.append(object_id)
