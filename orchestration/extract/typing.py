"""Typing: each landed object becomes typed.parquet (contract columns, lineage, `dt`) and refused.parquet.

Here belongs: what is the same for all feeds: reading the numbered file, the rules on key, time and meaning, lineage,
the accounting of rows, and when to type again. Not here: what a feed's fields mean (adapters), partitions (lake.py).

Both files are functions of the bytes, the contract, the configuration of the feed, the hash key and this code; a hash
of these is kept in typed.parquet, and what does not match is typed again. They also depend on the time of the last look
at the source file, after which no record of it can lie: what waits in the future is judged again at a later look.
refused.parquet is written first: typed.parquet is what says that an object is typed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration import paths
from orchestration.config import Config, Feed, hash_key, nearest
from orchestration.errors import AccountingError, storing
from orchestration.extract import drift, masking, tables
from orchestration.extract.adapters import Adapter, Context, adapter
from orchestration.extract.adapters.asterisk_queue_log import agent_names
from orchestration.extract.engine import (
    connect,
    has_changes,
    read_meta,
    side_by_side,
    write_parquet,
)
from orchestration.extract.expressions import literal, quote
from orchestration.extract.judging import (
    ISO,
    REFUSED_COLUMNS,
    ahead_of_the_clock,
    judge,
    put_repaired,
    read_object,
    refuse,
    summary,
)
from orchestration.extract.landing import AHEAD, CLOCK_SLACK, ORIGINAL, Manifest, live_objects, read_manifests
from orchestration.extract.redaction import lines_of, redact
from orchestration.extract.repairs import Repair, digest, drop_rows, read_repairs, repairs_of
from orchestration.extract.suppression import Erased, read_erased
from orchestration.extract.text import Prepared
from orchestration.progress import step, warn

TYPED, REFUSED = "typed.parquet", "refused.parquet"
RETIRED = "retired.json"  # what typing found out about an object whose bytes are gone


@dataclass(frozen=True)
class Typed:
    """What typing an object gave. `rows_in` = `rows` + refused; `repaired`: rows among them whose record was
    refused and stands replaced by a repair; `dates`: local date (ISO) -> typed rows."""

    manifest: Manifest
    fingerprint: str
    rows_in: int
    rows: int
    refused: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    dates: dict[str, int] = field(default_factory=dict)
    encoding: str = "utf-8"
    blank_lines: int = 0
    warnings: tuple[str, ...] = ()
    shape: drift.Shape = field(default_factory=drift.Shape)

    @property
    def path(self) -> str:
        """Name of the typed file inside the object's folder."""
        return TYPED


def typing_fingerprint(feed: Feed, config: Config, key: str) -> str:
    """Hash of everything but the bytes that decides what typing gives."""
    said = [
        feed.contract.fingerprint(),
        adapter(feed.name).settings(feed, config),
        [feed.zone, feed.encoding, feed.tolerance_s, config.centre.first_date.isoformat()],
        masking.key_id(key),
        _code_version(),
        duckdb.__version__,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def type_feed(feed: Feed, config: Config, root: Path, key: str | None = None) -> list[Typed]:
    """Type every landed object of a feed that is not typed yet, and bring the quarantine up to date.

    Returns all objects, superseded and held ones too, in landing order. Raises InputError for a file that can't be read
    and a missing hash key, AccountingError when a row is lost. `key` is for trials, whose hashes nobody keeps; by
    default the centre's.
    """
    key = key or hash_key()
    fingerprint = typing_fingerprint(feed, config, key)
    manifests, erased = read_manifests(feed.name, root), read_erased(root, key)
    with connect(root) as db:
        if erased.marks:
            drop_rows(feed.name, root, lambda row: bool(erased.spans(json.dumps(row["record"], ensure_ascii=False))))
        repairs = read_repairs(feed.name, root)
        lines = {manifest.object_id: repairs_of(repairs, manifest) for manifest in manifests}
        settings = {m.object_id: _settings(fingerprint, m, lines[m.object_id]) for m in manifests}
        known = _known(db, feed, root, manifests, settings, erased.fingerprint)
        todo = [manifest for manifest in manifests if manifest.object_id not in known]
        if todo:
            with step(f"type {feed.name}") as current:

                def begin(connection: duckdb.DuckDBPyConnection) -> None:
                    length, own = config.centre.number_length_internal, config.own_numbers
                    masking.install(connection, key, length, own, agent_names(config))

                def work(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> Typed:
                    repaired = lines[manifest.object_id]
                    return _type_object(connection, manifest, feed, config, root, fingerprint, repaired, erased)

                done = side_by_side(db, todo, work, begin)
                known |= {item.manifest.object_id: item for item in done}
                current.rows = sum(known[manifest.object_id].rows_in for manifest in todo)
                current.note = f"{len(todo)} files"
            for manifest in todo:
                for text in known[manifest.object_id].warnings:
                    warn(text)
        typed = [known[manifest.object_id] for manifest in manifests]
        drift.write_findings(db, root, feed.name, drift.findings(feed, typed, held_objects(feed, typed)))
    _quarantine(feed, root, typed, config.retention.quarantine_days)
    return typed


def forget_typed(feed: Feed, root: Path, first: date, last: date) -> None:
    """Have the objects typed again from their bytes that hold rows of these dates, or rows that were refused."""
    with connect(root) as db:
        for manifest in read_manifests(feed.name, root):
            file = paths.object_dir(root, feed.name, manifest.object_id) / TYPED
            meta = read_meta(db, [file]).get(file, {})
            if not meta or meta["refused"] or any(first <= date.fromisoformat(day) <= last for day in meta["dates"]):
                file.unlink(missing_ok=True)


def live(feed: Feed, typed: Sequence[Typed], warnings: list[str] | None = None) -> list[Typed]:
    """The typed objects that count, in landing order (see `live_objects`). One that is held for its columns does not:
    what it would replace goes on counting."""
    held = drift.drifted(feed, typed)
    return _counted([item for item in typed if item.manifest.object_id not in held], warnings)


def held_objects(feed: Feed, typed: Sequence[Typed]) -> dict[str, str]:
    """Ids of the objects that would count, were they not held for their columns -> why, in words."""
    why = drift.drifted(feed, typed)
    counted = {item.manifest.object_id for item in _counted(typed, [])} if why else set()
    return {object_id: text for object_id, text in why.items() if object_id in counted}


def _counted(typed: Sequence[Typed], warnings: list[str] | None) -> list[Typed]:
    counted = {manifest.object_id for manifest in live_objects([item.manifest for item in typed], warnings)}
    return [item for item in typed if item.manifest.object_id in counted]


def typed_path(root: Path, item: Typed) -> Path:
    """The typed rows of an object."""
    return paths.object_dir(root, item.manifest.feed, item.manifest.object_id) / TYPED


# --- what is known ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _code_version() -> str:
    """Hash of the code that types: an upgrade types again by itself."""
    folder = Path(__file__).parent
    names = [
        "drift.py",
        "engine.py",
        "judging.py",
        "masking.py",
        "redaction.py",
        "repairs.py",
        "suppression.py",
        "tables.py",
        "text.py",
        "typing.py",
        *(f"adapters/{p.name}" for p in folder.glob("adapters/*.py")),
    ]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def _known(
    db: duckdb.DuckDBPyConnection,
    feed: Feed,
    root: Path,
    manifests: Sequence[Manifest],
    settings: Mapping[str, str],
    cleared: str,
) -> dict[str, Typed]:
    files = {paths.object_dir(root, feed.name, m.object_id) / TYPED: m for m in manifests if m.retired_at is None}
    found = {}
    for file, meta in read_meta(db, list(files)).items():
        manifest = files[file]
        is_same = meta.get("settings") == settings[manifest.object_id] and meta["cleared"] == cleared
        if is_same and _is_judged(manifest, meta):
            found[manifest.object_id] = _from_meta(manifest, meta)
    for manifest in manifests:
        if manifest.retired_at is not None:
            meta = json.loads((paths.object_dir(root, feed.name, manifest.object_id) / RETIRED).read_text("utf-8"))
            found[manifest.object_id] = _from_meta(manifest, meta)
    return found


def _is_judged(manifest: Manifest, meta: dict[str, Any]) -> bool:
    """Whether the last look at the object leaves in the future just what lay there when it was typed."""
    limit = (manifest.looks[-1] + CLOCK_SLACK).strftime(ISO)
    loaded, ahead = meta["last_event_at"], meta["first_ahead_at"]
    return (loaded is None or loaded <= limit) and (ahead is None or ahead > limit)


def _from_meta(manifest: Manifest, meta: dict[str, Any]) -> Typed:
    timed = replace(
        manifest,
        first_event_at=meta["first_event_at"],
        last_event_at=meta["last_event_at"],
        first_written_at=meta["first_written_at"],
        last_written_at=meta["last_written_at"],
    )
    return Typed(
        manifest=timed,
        fingerprint=meta["fingerprint"],
        rows_in=meta["rows_in"],
        rows=meta["rows"],
        refused=meta["refused"],
        repaired=meta["repaired"],
        dates=meta["dates"],
        encoding=meta["encoding"],
        blank_lines=meta["blank_lines"],
        warnings=tuple(meta["warnings"]),
        shape=drift.Shape.from_meta(meta["shape"]),
    )


# --- one object ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loaded:
    """What stands in the tables `raw`, `unread` and `judged`. `repaired`: lines with a record from a repair."""

    prepared: Prepared
    context: Context
    shape: drift.Shape
    repaired: set[int]


def _type_object(
    db: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    feed: Feed,
    config: Config,
    root: Path,
    fingerprint: str,
    repairs: Mapping[int, Repair],
    erased: Erased,
) -> Typed:
    kind = adapter(feed.name)
    is_json = feed.file_kind(manifest.name) in ("json", "json_lines")
    dialect = tables.JSON_LINES if is_json else kind.dialect(feed)
    folder = paths.object_dir(root, feed.name, manifest.object_id)
    scratch = paths.make_private(paths.temp_dir(root), root)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="typing-") as name, storing(scratch):
        loaded = _load(db, kind, manifest, feed, config, folder, Path(name), repairs)
        for is_last_resort in (False, True) if erased.marks else ():
            records = lines_of(db, feed.contract, erased)
            redacted = redact(
                db, manifest, feed, folder, Path(name), erased, datetime.now(UTC).isoformat(),
                encoding=loaded.prepared.encoding, dialect=dialect, columns=loaded.shape.columns, records=records,
                is_last_resort=is_last_resort,
            )  # fmt: skip
            if redacted is None:
                break
            manifest = redacted
            of_this = {manifest.object_id, *manifest.extends}
            drop_rows(
                feed.name,
                root,
                lambda row, gone=records, here=of_this: row["object"] in here and row["line"] in gone,  # type: ignore[misc]
            )
            repairs = {line: repair for line, repair in repairs.items() if line not in records}
            loaded = _load(db, kind, manifest, feed, config, folder, Path(name), repairs)
        prepared, context, columns = loaded.prepared, loaded.context, loaded.shape.columns
        first_ahead, warnings = ahead_of_the_clock(db, context, folder / AHEAD)
        warnings = [*prepared.warnings, *warnings, *_missing(manifest, loaded.shape)]
        refused = refuse(db, prepared, dialect, manifest, columns, Path(name), loaded.repaired)
        rows, bounds, dates = summary(db, feed.contract.event_time or "")
        if rows + refused.total() != prepared.rows_in:
            raise AccountingError(
                f"{prepared.rows_in} records went in, {rows} were typed and {refused.total()} refused.",
                file=manifest.name,
                rule="accounting",
                todo="report this file's form as a defect of callmart.",
            )
        settings = _settings(fingerprint, manifest, repairs)
        meta = {
            "settings": settings,
            "cleared": erased.fingerprint,
            # which records lie in the future decides the rows as much as the settings do
            "fingerprint": f"{settings}@{first_ahead}" if first_ahead else settings,
            "first_ahead_at": first_ahead,
            "rows_in": prepared.rows_in,
            "rows": rows,
            "refused": dict(refused),
            "repaired": len(loaded.repaired),
            "dates": dates,
            "encoding": prepared.encoding,
            "blank_lines": prepared.blank_lines,
            "warnings": warnings,
            "shape": loaded.shape.to_meta(),
            **bounds,
        }
        _put(
            db,
            f"select {', '.join(map(quote, REFUSED_COLUMNS))} from refused order by source_line",
            folder / REFUSED,
            meta,
        )
        names = ", ".join(quote(column.name) for column in feed.contract.lake_columns)
        # a partition reads the rows of its date only
        order = "order by dt" if len(dates) > 1 else ""
        _put(db, f"select {names}, dt from judged where rule is null {order}", folder / TYPED, meta)
    for table in ("raw", "unread", "judged", "refused", "replaced"):
        db.execute(f"drop table if exists {table}")
    return _from_meta(manifest, meta)


def _settings(fingerprint: str, manifest: Manifest, repairs: Mapping[int, Repair]) -> str:
    """Hash of everything but the source's bytes that decides what typing an object gives."""
    redacted = f"-{manifest.redactions[-1].sha256[:16]}" if manifest.redactions else ""
    return fingerprint + digest(repairs) + redacted


def _load(
    db: duckdb.DuckDBPyConnection,
    kind: Adapter,
    manifest: Manifest,
    feed: Feed,
    config: Config,
    folder: Path,
    scratch: Path,
    repairs: Mapping[int, Repair],
) -> _Loaded:
    """Read and judge an object."""
    prepared, columns = read_object(db, kind, manifest, feed, folder / ORIGINAL, scratch)
    absent = kind.absent(feed, columns)
    for missing in absent:
        db.execute(f"alter table raw add column {quote(missing)} varchar")
    context = Context(
        db=db,
        feed=feed,
        config=config,
        contract=feed.contract,
        manifest=manifest,
        raw_columns=(*columns, *absent),
        known_until=f"timestamp {literal((manifest.looks[-1] + CLOCK_SLACK).isoformat(' '))}",
        clock_changes=has_changes(db, feed.zone, config.centre.first_date.year - 1, manifest.looks[-1].year + 1),
    )
    judge(db, kind, context)
    shape = drift.shape_of(db, feed, columns, absent)
    return _Loaded(prepared, context, shape, put_repaired(db, kind, context, prepared, repairs))


def _missing(manifest: Manifest, shape: drift.Shape) -> list[str]:
    """What to say of columns that a file lacks and that may be missing."""
    shown = [masking.mask_text(name) or "" for name in shape.columns]
    return [
        f"{manifest.name}: there is no column {name!r}{nearest(name, shown)}; it is taken as empty"
        for name, is_required in (shape.absent or {}).items()
        if not is_required
    ]


def _put(db: duckdb.DuckDBPyConnection, query: str, target: Path, meta: dict[str, Any]) -> None:
    written = paths.hidden(target)
    write_parquet(db, query, written, meta, "snappy")  # read once or twice, so quick beats small
    paths.put(written, target)


# --- quarantine ------------------------------------------------------------------------------------------


def _quarantine(feed: Feed, root: Path, typed: Sequence[Typed], days: int | None) -> None:
    """quarantine/<object>.parquet for each live object with refused rows that was seen within `days` before the feed's
    last landing, and for no other."""
    last = max((item.manifest.looks[-1] for item in typed), default=datetime.max)
    since = datetime.min if days is None else last - timedelta(days=days)
    wanted = {
        item.manifest.object_id: item
        for item in live(feed, typed, [])
        if item.refused and item.manifest.retired_at is None and item.manifest.looks[-1] >= since
    }
    targets = {paths.refused_path(root, feed.name, object_id): item for object_id, item in wanted.items()}
    with connect(root) as db:
        folder = paths.make_private(paths.quarantine_dir(root, feed.name), root)
        for file in folder.glob("*.parquet"):
            if not file.name.startswith("dt=") and file.stem not in wanted:
                file.unlink()
        known = read_meta(db, list(targets))
        for target, item in targets.items():
            if known.get(target, {}).get("fingerprint") != item.fingerprint:
                written = paths.hidden(target)
                shutil.copyfile(paths.object_dir(root, feed.name, item.manifest.object_id) / REFUSED, written)
                paths.put(written, target)
