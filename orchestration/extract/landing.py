"""Landing: the original bytes of each source file, kept once, and which of them still count.

Here belongs: finding files, copying them with a manifest, and the rule by which a landed object is superseded.
Not here: anything that looks into a row (typing).

An object is one sequence of bytes: the same bytes under another name (a log that was rotated or renamed) are the same
object, seen twice. Its manifest holds every sighting, in the order of landing (`seq`). Small documents, of which a
source writes one for each call, are landed by the thousand in one object, a line break between them.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal

from orchestration import paths
from orchestration.config import Feed
from orchestration.errors import InputError, storing
from orchestration.progress import warn

BLOCK = 1 << 22
Packing = Literal["none", "gzip", "zip"]
GZIP_MAGIC = b"\x1f\x8b"
# Of documents (kind json) that come together; a file beyond the first limit is an object of its own.
BUNDLED_BYTES, BUNDLED_FILES, BUNDLE_BYTES = 1 << 20, 10_000, 64 << 20
ORIGINAL = "original"
MANIFEST = "manifest.json"
AHEAD = "ahead"  # file beside an object some of whose records lie in the future: the time (UTC, ISO) of the first
# By how much a record's clock may run ahead of this machine's, and this machine's change, before one is called wrong.
CLOCK_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Sighting:
    """One moment at which a path of the source held the bytes of an object."""

    path: str
    seq: int
    seen_at: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Manifest:
    """What is known of a landed object. Sizes are bytes; `stream_*` are about the decompressed bytes.

    `extends`: objects of the feed whose whole stream is the beginning of this one's. `bundled`: of how many files the
    object is made, 0 for one as it lies at the source; the first sightings are theirs, in their order. The four times
    (UTC, ISO) are known once the object is typed: the range of its events, and of the instants at which its records
    were written.
    """

    object_id: str
    feed: str
    name: str
    size: int
    sha256: str
    stream_size: int
    stream_sha256: str
    is_gzip: bool
    encoding: str
    extracted_at: str
    seq: int
    extends: tuple[str, ...] = ()
    seen: tuple[Sighting, ...] = ()
    bundled: int = 0
    first_event_at: str | None = None
    last_event_at: str | None = None
    first_written_at: str | None = None
    last_written_at: str | None = None

    @property
    def packing(self) -> Packing:
        """How the bytes are packed: gzip by their first bytes, zip by the file's name, as workbooks begin like one."""
        return "gzip" if self.is_gzip else "zip" if self.name.lower().endswith(".zip") else "none"

    @property
    def source_file(self) -> str:
        """How lineage names the object: its id and the file's first name at the source; of a file outside the
        configuration's folder only the file name, as its folders are the machine's."""
        name = os.path.basename(self.name) if self.name.startswith("..") else self.name
        return f"{self.object_id}/{name}"

    @property
    def part_sizes(self) -> list[int]:
        """Bytes of each file of a bundle, in their order; empty for an object that is one file."""
        return [sighting.size for sighting in self.seen[: self.bundled]]

    @property
    def looks(self) -> list[datetime]:
        """This machine's clock (UTC) at each sighting, in their order."""
        return [moment(sighting.seen_at) for sighting in self.seen] or [moment(self.extracted_at)]

    @property
    def last_seq(self) -> int:
        """Landing order of the latest sighting."""
        return max((sighting.seq for sighting in self.seen), default=self.seq)


@dataclass
class LandingReport:
    """What one run of `land` met: files looked at, files that were read, new objects, warnings."""

    feed: str
    files: int = 0
    read: int = 0
    new_objects: list[str] = field(default_factory=list)
    known_objects: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class _Changed(Exception):
    """A file changed while it was read."""


def land(feed: Feed, root: Path, now: datetime) -> LandingReport:
    """Copy each new or changed file of a feed into landing, or what a database or an API answers; `now` (UTC) becomes
    `extracted_at` of new objects.

    A file whose path, size and modification time are those of its latest sighting is not read, unless the time of that
    sighting matters and no longer holds. Raises InputError for a pattern without a match (unless the feed has
    `required: false`), an unreadable or damaged file, a file that changes each time it is read, and a full disk.
    """
    if feed.database is not None:
        from orchestration.extract.databases import land_table  # which puts its objects here

        return land_table(feed, root, now)
    if feed.http is not None:
        from orchestration.extract.http.land import land_api  # which puts its objects here

        return land_api(feed, root, now)
    report = LandingReport(feed.name)
    with storing(root):
        folder = paths.make_private(paths.landing_dir(root, feed.name), root)
        sweep(folder)
        known = {manifest.object_id: manifest for manifest in read_manifests(feed.name, root)}
        latest = _latest_sightings(known.values())
        settled: dict[str, bool] = {}
        small: list[tuple[Path, str]] = []
        for file in _files(feed, report):
            report.files += 1
            name = _name(file, feed)
            before = _stat(file, feed)
            if name in latest:
                object_id, sighting = latest[name]
                if object_id not in settled:
                    settled[object_id] = _is_settled(known[object_id], folder, now)
                if settled[object_id] and (sighting.size, sighting.mtime_ns) == (before.st_size, before.st_mtime_ns):
                    report.known_objects.append(object_id)
                    continue
            report.read += 1
            if feed.file_kind(name) == "json" and before.st_size <= BUNDLED_BYTES and _is_plain(name):
                small.append((file, name))
                continue
            _note(_capture(file, name, feed, folder, known, now, before), folder, known, report)
        for begin in range(0, len(small), BUNDLED_FILES):
            for landed in _bundles(small[begin : begin + BUNDLED_FILES], feed, folder, known, now):
                _note(landed, folder, known, report)
    return report


def _note(landed: Manifest, folder: Path, known: dict[str, Manifest], report: LandingReport) -> None:
    """Keep what was landed, or the sightings of what was known."""
    if landed.object_id in known:
        former = known[landed.object_id]
        landed = replace(former, seen=(*former.seen, *landed.seen))
        paths.put_json(folder / landed.object_id / MANIFEST, manifest_json(landed))
        report.known_objects.append(landed.object_id)
    else:
        report.new_objects.append(landed.object_id)
    known[landed.object_id] = landed


def read_manifests(feed: str, root: Path) -> list[Manifest]:
    """Manifests of all landed objects of a feed in landing order. An object without manifest doesn't count."""
    found = []
    for path in sorted(paths.landing_dir(root, feed).glob(f"*/{MANIFEST}")):
        said = json.loads(path.read_text("utf-8"))
        said["seen"] = tuple(Sighting(**sighting) for sighting in said["seen"])
        said["extends"] = tuple(said["extends"])
        found.append(Manifest(**said))
    return sorted(found, key=lambda manifest: manifest.seq)


def last_landing(root: Path) -> datetime | None:
    """The instant (UTC) at which a source file last brought something new, whichever feed's; None before the first."""
    files = root.glob(f"landing/*/*/*/{MANIFEST}")
    newest = max(files, key=lambda path: path.stat().st_mtime_ns, default=None)
    if newest is None:
        return None
    seen = json.loads(newest.read_text("utf-8"))["seen"]
    return max((datetime.fromisoformat(sighting["seen_at"]) for sighting in seen), default=None)


def live_objects(manifests: Sequence[Manifest], warnings: list[str] | None = None) -> list[Manifest]:
    """The objects that count, in landing order; a pure function of the manifests.

    Superseded is an object (a) whose stream is the beginning of a later object's: the file grew; or (b) whose every
    path holds a later version, unless that version moved on (log rotation, or an export of the last so many days) or is
    empty (a fresh log after rotation; told to `warnings`).
    """
    by_path: dict[str, list[tuple[Sighting, Manifest]]] = {}
    for manifest in manifests:
        for sighting in manifest.seen:
            by_path.setdefault(sighting.path, []).append((sighting, manifest))
    for versions in by_path.values():
        versions.sort(key=lambda version: version[0].seq)
    replaced = {
        manifest.object_id
        for manifest in manifests
        if manifest.seen
        and all(_replaced(manifest, by_path[path], warnings) for path in {sighting.path for sighting in manifest.seen})
    }
    kept = {manifest.object_id: manifest for manifest in manifests if manifest.object_id not in replaced}
    # Only an object that itself counts can stand for the one it continues.
    grown = {
        shorter
        for manifest in kept.values()
        for shorter in manifest.extends
        if shorter in kept and kept[shorter].last_seq < manifest.last_seq
    }
    live = [manifest for object_id, manifest in kept.items() if object_id not in grown]
    return sorted(live, key=lambda manifest: manifest.seq)


def moment(text: str) -> datetime:
    """An ISO moment (UTC when it names no zone) as plain UTC."""
    said = datetime.fromisoformat(text)
    return (said.astimezone(UTC) if said.tzinfo else said).replace(tzinfo=None)


@contextmanager
def open_stream(path: Path, packing: Packing) -> Iterator[BinaryIO]:
    """The unpacked bytes of a landed object. Raises BadZipFile for an archive of anything but one file."""
    with ExitStack() as stack:
        handle = stack.enter_context(path.open("rb"))
        if packing == "gzip":
            yield stack.enter_context(gzip.GzipFile(fileobj=handle, mode="rb"))  # type: ignore[misc]
        elif packing == "zip":
            archive = stack.enter_context(zipfile.ZipFile(handle))
            files = [item for item in archive.infolist() if not item.is_dir()]
            if len(files) != 1 or files[0].flag_bits & 1:
                raise zipfile.BadZipFile(
                    "the file in it is encrypted" if len(files) == 1 else f"it holds {len(files)} files, one is read"
                )
            yield stack.enter_context(archive.open(files[0]))  # type: ignore[misc]
        else:
            yield handle


# --- finding ---------------------------------------------------------------------------------------------


def _files(feed: Feed, report: LandingReport) -> list[Path]:
    """Files of all patterns, oldest first, so that versions of one log land in the order they were written."""
    found: dict[Path, None] = {}
    for pattern, said in zip(feed.patterns(), feed.paths, strict=True):
        matches = [Path(name) for name in glob.glob(pattern, recursive=True) if os.path.lexists(name)]
        kinds = {path: _kind(path, feed) for path in matches}
        files = [path for path, kind in kinds.items() if kind == "file"]
        other = {path: kind for path, kind in kinds.items() if kind not in ("file", "folder")}
        if not files:
            seen = "".join(f"; {_name(path, feed)} is a {kind}" for path, kind in sorted(kinds.items())[:3])
            if feed.required:
                raise InputError(
                    f"no file matches {said!r} (looked for {os.path.relpath(pattern, feed.base_dir)} "
                    f"beside the configuration){seen}.",
                    file=feed.config_file,
                    line=feed.line_of("paths"),
                    column=f"{feed.name}.paths",
                    rule="no_file",
                    todo="correct the path, or put `required: false` on the feed if it may be missing.",
                )
            report.warnings.append(f"no file matches {said!r}{seen}")
        else:
            report.warnings += [f"{_name(path, feed)} is a {kind}; it is not read" for path, kind in other.items()]
        found.update(dict.fromkeys(files))
    return sorted(found, key=lambda path: (_stat(path, feed).st_mtime_ns, str(path)))


def _kind(path: Path, feed: Feed) -> str:
    """What a path is; to open anything but a file could wait for ever. Raises InputError for a link to nowhere: what it
    stands for would be missing in silence."""
    mode = _stat(path, feed).st_mode
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "named pipe" if stat.S_ISFIFO(mode) else "socket or device"


def _name(file: Path, feed: Feed) -> str:
    """How a file is called from the configuration's folder, as text whatever its bytes."""
    return os.fsencode(os.path.relpath(file, feed.base_dir)).decode("utf-8", "backslashreplace")


def _stat(file: Path, feed: Feed) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise _unreadable(file, feed, error) from error


def _unreadable(file: Path, feed: Feed, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(
        f"the file can't be read: {reason}.",
        file=_name(file, feed),
        rule="unreadable",
        todo="make it readable for the user who runs callmart, or copy it again from its source.",
    )


def _latest_sightings(manifests: Iterable[Manifest]) -> dict[str, tuple[str, Sighting]]:
    """For each path the object that it held last, and that sighting."""
    found: dict[str, tuple[str, Sighting]] = {}
    for manifest in manifests:
        for sighting in manifest.seen:
            if sighting.path not in found or found[sighting.path][1].seq < sighting.seq:
                found[sighting.path] = (manifest.object_id, sighting)
    return found


def _is_plain(name: str) -> bool:
    """Whether a document is packed in nothing, by its name."""
    return not name.lower().endswith((".gz", ".zip"))


def _is_settled(manifest: Manifest, folder: Path, now: datetime) -> bool:
    """Whether another look would tell nothing new. It would when this machine's clock has gone back since the last one,
    when it had gone back then and no longer has, and when a record that lay in the future then no longer does."""
    last, limit = manifest.looks[-1], moment(now.isoformat()) + CLOCK_SLACK
    if last > limit or any(last + CLOCK_SLACK < look <= limit for look in manifest.looks):
        return False
    mark = folder / manifest.object_id / AHEAD
    return not mark.exists() or moment(mark.read_text("utf-8")) > limit


# --- copying ---------------------------------------------------------------------------------------------


def _capture(
    file: Path,
    name: str,
    feed: Feed,
    folder: Path,
    known: dict[str, Manifest],
    now: datetime,
    before: os.stat_result,
) -> Manifest:
    """Copy the file to landing, unless its bytes are there; once again when it changed meanwhile."""
    # Asterisk only ever appends to its logs, so that bytes read twice alike are a true beginning of the file.
    for growing in (False, feed.contract.source == "asterisk"):
        try:
            return _copy(file, name, feed, folder, known, now, before, growing)
        except _Changed:
            before = _stat(file, feed)
    raise _changing(name)


def _changing(name: str) -> InputError:
    return InputError(
        "the file changes while it is read, twice in a row.",
        file=name,
        rule="changing_file",
        todo="build again when nothing writes the file, or have it rotated or copied first.",
    )


def _copy(
    file: Path,
    name: str,
    feed: Feed,
    folder: Path,
    known: dict[str, Manifest],
    now: datetime,
    before: os.stat_result,
    growing: bool,
) -> Manifest:
    """Copy a new object to a temporary folder, then in place with its manifest; the manifest of this sighting. With
    `growing`, what is appended while the file is read is left for the next run. Raises _Changed when the bytes can't be
    trusted."""
    seq = next_seq(known.values())
    temporary = folder / f"_{os.getpid()}.tmp"
    temporary.mkdir(mode=paths.PRIVATE, exist_ok=True)
    try:
        whole, is_writing = hashlib.sha256(), False
        try:
            with file.open("rb") as source, (temporary / ORIGINAL).open("wb") as target:
                size = 0
                for block in _blocks(source, before.st_size if growing else None):
                    whole.update(block)
                    is_writing = True
                    target.write(block)
                    is_writing = False
                    size += len(block)
                is_writing = True
                target.flush()
                os.fsync(target.fileno())
                is_writing = False
                after = os.fstat(source.fileno())
                if growing:
                    again = hashlib.sha256()
                    source.seek(0)
                    for block in _blocks(source, before.st_size):
                        again.update(block)
                    if again.digest() != whole.digest():
                        raise _Changed
        except OSError as error:
            if is_writing:
                raise OSError(error.errno, error.strerror, str(temporary)) from error
            raise _unreadable(file, feed, error) from error
        same = (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
        if size != before.st_size or not (same or (growing and after.st_ino == before.st_ino)):
            raise _Changed
        object_id = whole.hexdigest()[:24]
        manifest = Manifest(
            object_id=object_id,
            feed=feed.name,
            name=name,
            size=size,
            sha256=whole.hexdigest(),
            stream_size=0,
            stream_sha256="",
            is_gzip=False,
            encoding=feed.encoding,
            extracted_at=now.isoformat(),
            seq=seq,
            seen=(Sighting(name, seq, now.isoformat(), before.st_size, before.st_mtime_ns),),
        )
        if object_id in known:
            return manifest
        manifest = _with_stream(manifest, temporary / ORIGINAL, known.values(), feed, file)
        put_object(temporary, folder, manifest)
        return manifest
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _bundles(
    files: Sequence[tuple[Path, str]], feed: Feed, folder: Path, known: dict[str, Manifest], now: datetime
) -> Iterator[Manifest]:
    """Copy small documents into objects of many, in their order."""
    parts: list[tuple[str, bytes, os.stat_result]] = []
    size = 0
    for file, name in files:
        content, stat_of = _document(file, name, feed)
        if content.startswith(GZIP_MAGIC):
            yield _capture(file, name, feed, folder, known, now, stat_of)
            continue
        if parts and size + len(content) > BUNDLE_BYTES:
            yield _bundle(parts, feed, folder, known, now)
            parts, size = [], 0
        parts.append((name, content, stat_of))
        size += len(content) + 1
    if parts:
        yield _bundle(parts, feed, folder, known, now)


def _document(file: Path, name: str, feed: Feed) -> tuple[bytes, os.stat_result]:
    """All bytes of a small file. Raises InputError for one that changes each time it is read."""
    for _ in range(2):
        before = _stat(file, feed)
        try:
            with file.open("rb") as handle:
                content = handle.read()
                after = os.fstat(handle.fileno())
        except OSError as error:
            raise _unreadable(file, feed, error) from error
        same = (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
        if same and len(content) == before.st_size:
            return content, before
    raise _changing(name)


def _bundle(
    parts: Sequence[tuple[str, bytes, os.stat_result]],
    feed: Feed,
    folder: Path,
    known: dict[str, Manifest],
    now: datetime,
) -> Manifest:
    """One object of many documents. The same documents in the same order are the same object."""
    whole = b"\n".join(content for _, content, _ in parts)
    sizes = ",".join(str(len(content)) for _, content, _ in parts)
    digest = hashlib.sha256(whole)
    seq, seen_at = next_seq(known.values()), now.isoformat()
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    manifest = Manifest(
        # one file as it is has the id of its bytes, as it would have alone
        object_id=(hashlib.sha256(digest.digest() + sizes.encode()) if more else digest).hexdigest()[:24],
        feed=feed.name,
        name=parts[0][0] + more,
        size=len(whole),
        sha256=digest.hexdigest(),
        stream_size=len(whole),
        stream_sha256=digest.hexdigest(),
        is_gzip=False,
        encoding=feed.encoding,
        extracted_at=seen_at,
        seq=seq,
        seen=tuple(Sighting(name, seq, seen_at, len(content), said.st_mtime_ns) for name, content, said in parts),
        bundled=len(parts) if more else 0,
    )
    if manifest.object_id in known:
        return manifest
    temporary = folder / f"_{os.getpid()}.tmp"
    temporary.mkdir(mode=paths.PRIVATE, exist_ok=True)
    try:
        with (temporary / ORIGINAL).open("wb") as target:
            target.write(whole)
            target.flush()
            os.fsync(target.fileno())
        put_object(temporary, folder, manifest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def _with_stream(manifest: Manifest, copy: Path, known: Iterable[Manifest], feed: Feed, file: Path) -> Manifest:
    """Size, hash and prefixes of the decompressed bytes."""
    with copy.open("rb") as handle:
        manifest = replace(manifest, is_gzip=handle.read(2) == GZIP_MAGIC)
    others = list(known)
    marks = sorted({other.stream_size for other in others})
    digest, size, prefixes = hashlib.sha256(), 0, {}
    try:
        with open_stream(copy, manifest.packing) as stream:
            for block in _blocks(stream):
                begin = 0
                while marks and marks[0] <= size + len(block):
                    end = marks.pop(0) - size
                    digest.update(block[begin:end])
                    prefixes[size + end] = digest.hexdigest()
                    begin = end
                digest.update(block[begin:])
                size += len(block)
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(file, feed, error) from error
    if size == 0:
        prefixes[0] = digest.hexdigest()
    extends = tuple(o.object_id for o in others if prefixes.get(o.stream_size) == o.stream_sha256)
    return replace(manifest, stream_size=size, stream_sha256=digest.hexdigest(), extends=extends)


def _blocks(stream: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    """The stream, or its first `size` bytes, in blocks."""
    left = size
    while block := stream.read(BLOCK if left is None else min(BLOCK, left)):
        yield block
        if left is not None:
            left -= len(block)


def next_seq(known: Iterable[Manifest]) -> int:
    """The place of the next sighting in the order of landing."""
    return 1 + max((sighting.seq for manifest in known for sighting in manifest.seen), default=0)


def put_object(temporary: Path, folder: Path, manifest: Manifest) -> None:
    """Give the bytes in a temporary folder their manifest, and put both in place as an object of the feed's folder."""
    target = folder / manifest.object_id
    if target.exists():  # bytes whose manifest was lost
        shutil.rmtree(target)
    paths.put_json(temporary / MANIFEST, manifest_json(manifest))
    os.replace(temporary, target)
    paths.sync_dir(folder)


def sweep(folder: Path) -> None:
    """Remove what a crash left; the lock on the data root says that nobody else is landing."""
    for left in folder.glob("_*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def manifest_json(manifest: Manifest) -> dict[str, object]:
    """What is kept of a manifest."""
    said = asdict(manifest)
    for known_after_typing in ("first_event_at", "last_event_at", "first_written_at", "last_written_at"):
        said.pop(known_after_typing)
    return said


# --- superseding -----------------------------------------------------------------------------------------


def _replaced(old: Manifest, versions: Sequence[tuple[Sighting, Manifest]], warnings: list[str] | None) -> bool:
    """Whether the path's versions after the last sighting of `old` include one that takes its place."""
    last = max(sighting.seq for sighting, manifest in versions if manifest.object_id == old.object_id)
    for sighting, newer in versions:
        if sighting.seq <= last:
            continue
        if newer.stream_size == 0:
            text = f"{sighting.path} is empty now; what it held before still counts (a fresh log after rotation)"
            if warnings is None:
                warn(text)
            elif text not in warnings:
                warnings.append(text)
            continue
        if not _moved_on(newer, old):
            return True
    return False


def _moved_on(newer: Manifest, old: Manifest) -> bool:
    """Whether the newer version goes on where the older one was: a rotated log, or an export of the last so many days.

    It begins later and ends later, so what it no longer holds has not been taken back. Rows in both count once, by
    their natural key. A call record is written when the call ends, and an export may be cut by start or by end: either
    order will do.
    """
    for begins, ends, began, ended in (
        (newer.first_event_at, newer.last_event_at, old.first_event_at, old.last_event_at),
        (newer.first_written_at, newer.last_written_at, old.first_written_at, old.last_written_at),
    ):
        if begins is None or ends is None or began is None or ended is None:
            continue
        # Two versions that begin in the same instant are versions of one content, however short.
        if began < begins and (ended <= begins or ended < ends):
            return True
    return False
