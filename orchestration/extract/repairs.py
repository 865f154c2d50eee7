"""Repairs: records that a person put in the place of refused ones, landed as objects of their own.

Here belongs: how a repair is kept, and which repaired record stands for which line. Not here: handing refused rows out
and taking them back (orchestration/quarantine.py), judging a record (typing.py).

`landing/<source>/<feed>/repairs/<id>/` holds the records, one JSON object a line, and a manifest. A repair names the
object and the line that it replaces, so it counts as long as this object, or one that goes on where it ends, has a
refused row there: a corrected file makes its repairs void by itself, and nothing counts twice. The original stays as it
is. Of two repairs of one line the later one counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration import paths
from orchestration.errors import storing
from orchestration.extract.landing import MANIFEST, ORIGINAL, Manifest

_one_at_a_time = threading.Lock()  # objects are typed side by side
REPAIRED = "#repaired-"  # in lineage, between a file's name and the id of the repair that a row is of


@dataclass(frozen=True)
class RepairManifest:
    """What is known of a landed repair. `rows`: object -> number of its lines that are repaired."""

    repair_id: str
    feed: str
    name: str
    landed_at: str
    seq: int
    rows: dict[str, int]


@dataclass(frozen=True)
class Repair:
    """The record that stands for a line: the file's columns as texts, and the repair that it is of."""

    repair_id: str
    landed_at: str
    record: Mapping[str, str | None]


Repairs = dict[str, dict[int, Repair]]
"""Object -> line -> what stands for it."""


def put_repair(feed: str, root: Path, rows: Sequence[Mapping[str, Any]], name: str, now: datetime) -> str:
    """Land rows (`object`, `line`, `record`); the id of the repair. The same rows again, unless others came in between,
    are the same repair."""
    content = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows).encode()
    repair_id = hashlib.sha256(content).hexdigest()[:24]
    with storing(root):
        folder = paths.make_private(paths.repairs_dir(root, feed), root)
        _sweep(folder)
        known = read_repair_manifests(feed, root)
        if known and known[-1].repair_id == repair_id:
            return repair_id
        counts: dict[str, int] = {}
        for row in rows:
            counts[row["object"]] = counts.get(row["object"], 0) + 1
        seq = 1 + max((manifest.seq for manifest in known), default=0)
        manifest = RepairManifest(repair_id, feed, name, now.isoformat(), seq, counts)
        temporary = folder / f"_{os.getpid()}.tmp"
        temporary.mkdir(mode=paths.PRIVATE)
        (temporary / ORIGINAL).write_bytes(content)
        paths.put_json(temporary / MANIFEST, asdict(manifest))
        target = folder / repair_id
        if target.exists():  # an older repair with these rows: it becomes the latest
            shutil.rmtree(target)
        os.replace(temporary, target)
        paths.sync_dir(folder)
    return repair_id


def read_repair_manifests(feed: str, root: Path) -> list[RepairManifest]:
    """Manifests of the repairs of a feed, the latest last."""
    files = paths.repairs_dir(root, feed).glob(f"[!_]*/{MANIFEST}")
    found = [RepairManifest(**json.loads(file.read_text("utf-8"))) for file in files]
    return sorted(found, key=lambda manifest: manifest.seq)


def read_repairs(feed: str, root: Path) -> Repairs:
    """Every repaired line of a feed."""
    found: Repairs = {}
    for manifest in read_repair_manifests(feed, root):
        file = paths.repairs_dir(root, feed) / manifest.repair_id / ORIGINAL
        for text in file.read_text("utf-8").splitlines():
            row = json.loads(text)
            repair = Repair(manifest.repair_id, manifest.landed_at, row["record"])
            found.setdefault(row["object"], {})[row["line"]] = repair
    return found


def repairs_of(repairs: Repairs, manifest: Manifest) -> dict[int, Repair]:
    """The repaired lines of one object: its own, and those of the objects that it goes on from."""
    lines: dict[int, Repair] = {}
    for object_id in (*manifest.extends, manifest.object_id):
        lines |= repairs.get(object_id, {})
    return lines


def digest(lines: Mapping[int, Repair]) -> str:
    """A name for the repaired lines of an object, empty when there are none."""
    if not lines:
        return ""
    said = [(line, asdict(lines[line])) for line in sorted(lines)]
    return "+" + hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def drop_rows(feed: str, root: Path, is_gone: Callable[[dict[str, Any]], bool]) -> int:
    """Take rows (`object`, `line`, `record`) out of the feed's repairs; the number of rows that went. Killed in
    between, a repair has them still or has them no more."""
    dropped = 0
    with _one_at_a_time:
        for manifest in read_repair_manifests(feed, root):
            file = paths.repairs_dir(root, feed) / manifest.repair_id / ORIGINAL
            rows = [json.loads(text) for text in file.read_text("utf-8").splitlines()]
            kept = [row for row in rows if not is_gone(row)]
            if len(kept) < len(rows):
                written = paths.hidden(file)
                text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in kept)
                written.write_text(text, "utf-8")
                paths.put(written, file)
                dropped += len(rows) - len(kept)
    return dropped


def _sweep(folder: Path) -> None:
    """Remove what a crash left."""
    for left in folder.glob("_*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
