"""Publishing: the marts of the warehouse as one immutable release that readers can use without locks.

Belongs here: copying marts to Parquet, the manifest, the `current` link, the catalogue of views, retention.
Does not belong here: what a mart means (dbt_project), whether it may be released (the checks run before), the board.

What is on disk, for one scope, under `published/<scope>/`:

    releases/<id>/<mart>.parquet   one file a mart; `release.parquet` and `manifest.json` beside them
    current -> releases/<id>       the only thing that changes when a release goes live
    callmart.duckdb                views over the absolute paths `current/<mart>.parquet`, with comments
    _catalogue.json                what the catalogue was made from; written after it, removed before it

Every step leaves a state that serves: names that begin with `_` are of no reader's concern and are swept at the next
release. The catalogue is replaced only when views or comments change. While it changes, a catalogue that is pinned to
the former release stands in, so that at no instant a view names a file that the current release doesn't have.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.errors import CallmartError, storing
from orchestration.paths import WHOLE, hidden, published_dir, put_json, sync_dir

MANIFEST = "manifest.json"
RELEASE_MART = "release"
# A reader that resolved `current` just before the swap still opens files of the former release.
KEEP_AT_LEAST = 2
# What both Parquet readers and Metabase's driver understand; anything else is dropped or changed by one of them.
PUBLISHED_TYPES = (
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "VARCHAR",
    "DATE",
    "TIMESTAMP",
    "TIME",
)

RELEASE_COMMENTS = {
    "release_id": "发布编号 / Id of the release",
    "created_at": "发布时间（UTC）/ When it was made, UTC",
    "as_of": "数据截止时间（本地）/ End of the last local date that the data cover",
    "window_from": "本次重算的首日 / First local date that this release rebuilt",
    "window_to": "本次重算的末日 / Last local date that this release rebuilt",
    "stale_feed": "滞后的数据源；没有则为空 / A feed that is behind; null when none is",
    "stale_dates": "缺少或未更新的日期，逗号分隔 / Its missing or outdated dates, separated by commas",
    "transform_fingerprint": "模型与种子的指纹 / Fingerprint of the models and seeds that made the marts",
}


@dataclass(frozen=True)
class MartSpec:
    """One table to publish. `columns` maps a column to its comment, already in both languages ("中文 / English").
    `query` gives its rows where not all of them are published; its columns are those of the table."""

    name: str
    comment_zh: str
    comment_en: str
    columns: Mapping[str, str] = field(default_factory=dict)
    schema: str = "marts"
    query: str | None = None

    @property
    def comment(self) -> str:
        return f"{self.comment_zh} / {self.comment_en}"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class MartFacts:
    """What a release knows of one of its files. `content_hash` doesn't depend on the order of rows."""

    rows: int
    size_bytes: int
    content_hash: str
    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Manifest:
    """What a release was made from. Dates are local dates, both ends of the window included; `created_at` is UTC. `seq`
    counts releases: their order, whatever the clock said. `repaired`: feed -> rows that count as people corrected
    them. `rules` names what limits a scope; empty for the whole centre."""

    release_id: str
    scope: str
    created_at: datetime
    as_of: datetime
    window_from: date | None
    window_to: date | None
    transform_fingerprint: str
    inputs: dict[str, str]
    stale: dict[str, list[date]]
    marts: dict[str, MartFacts]
    seq: int = 0
    repaired: dict[str, int] = field(default_factory=dict)
    rules: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=_iso, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        raw = json.loads(text)
        return cls(
            release_id=raw["release_id"],
            scope=raw["scope"],
            created_at=datetime.fromisoformat(raw["created_at"]),
            as_of=datetime.fromisoformat(raw["as_of"]),
            window_from=_date(raw["window_from"]),
            window_to=_date(raw["window_to"]),
            transform_fingerprint=raw["transform_fingerprint"],
            inputs=raw["inputs"],
            stale={feed: [date.fromisoformat(day) for day in days] for feed, days in raw["stale"].items()},
            marts={
                name: MartFacts(**{**facts, "columns": tuple(Column(**column) for column in facts["columns"])})
                for name, facts in raw["marts"].items()
            },
            seq=raw.get("seq", 0),
            repaired=raw.get("repaired", {}),
            rules=raw.get("rules", ""),
        )


@dataclass(frozen=True)
class Release:
    """A release that is now being served. `removed` are the ids that retention took away."""

    release_id: str
    path: Path
    catalogue: Path
    manifest: Manifest
    catalogue_rebuilt: bool
    removed: list[str]


def no_hook(step: str) -> None:
    """The default of `on_step`: nobody listens."""


def publish_release(
    warehouse: Path,
    marts: Sequence[MartSpec],
    root: Path,
    *,
    release_id: str,
    created_at: datetime,
    as_of: datetime,
    window: tuple[date, date] | None,
    inputs: Mapping[str, str],
    transform_fingerprint: str,
    stale: Mapping[str, Sequence[date]],
    keep: int,
    repaired: Mapping[str, int] | None = None,
    scope: str = WHOLE,
    rules: str = "",
    prepare: Sequence[str] = (),
    on_step: Callable[[str], None] = no_hook,
) -> Release:
    """Copies `marts` out of `warehouse` and makes them the release that readers see.

    The caller holds the lock of the data root and has closed every connection to `warehouse`. `created_at` is UTC, with
    or without a zone; `as_of` is local. `prepare` are statements that the marts' queries need first. `on_step`
    is told each step after it was done, for progress and for tests that stop there. Ends with CallmartError (70) when a
    mart has a column of a type that readers lose, a comment names a column that isn't there, or the id is the one being
    served; with InputError when the disk is full.
    """
    created_at = _utc(created_at)
    place = _Place(root, scope)
    with storing(place.base):
        place.sweep()
        former = last_release(root, scope)
        _check_specs(marts, release_id, place)

        building = hidden(place.releases / release_id)
        building.mkdir(parents=True)
        tables = _copy_marts(warehouse, marts, prepare, building, on_step)
        tables.append(_copy_release_mart(building, release_id, created_at, as_of, window, stale, transform_fingerprint))
        on_step("copied")

        hashes = mart_hashes(building)
        manifest = Manifest(
            release_id=release_id,
            scope=scope,
            created_at=created_at,
            as_of=as_of,
            window_from=window[0] if window else None,
            window_to=window[1] if window else None,
            transform_fingerprint=transform_fingerprint,
            inputs=dict(sorted(inputs.items())),
            stale={feed: sorted(days) for feed, days in sorted(stale.items())},
            marts={
                table.name: MartFacts(
                    rows=table.rows,
                    size_bytes=(building / f"{table.name}.parquet").stat().st_size,
                    content_hash=hashes[table.name],
                    comment=table.comment,
                    columns=table.columns,
                )
                for table in tables
            },
            seq=1 + place.last_seq(),
            repaired=dict(sorted((repaired or {}).items())),
            rules=rules,
        )
        (building / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        on_step("manifest written")

        final = place.releases / release_id
        if final.exists():  # complete, but never served: a former run was stopped before the swap
            shutil.rmtree(final)
        _sync(building)
        os.replace(building, final)
        sync_dir(place.releases)
        on_step("renamed")

        rebuild = not place.catalogue_is(_signature(manifest, place.current))
        if rebuild and former is not None:
            # A stand-in over the fixed folder of the former release: right before the swap and after it.
            served = place.releases / former.release_id
            _write_catalogue(place, former, served, lambda step: on_step(f"stand-in: {step}"))
        place.swap_current(release_id, on_step)
        if rebuild:
            _write_catalogue(place, manifest, place.current, on_step)
        removed = place.retire(max(keep, KEEP_AT_LEAST), former)
        on_step("retired")
        return Release(release_id, final, place.catalogue, manifest, rebuild, removed)


def ensure_catalogue(root: Path, scope: str = WHOLE) -> bool:
    """Makes the catalogue again when it is not the one of the current release; True when it had to.

    Call it at the start of a build, under its lock: a run that was stopped around its swap leaves a catalogue that
    still serves the former release, and a build with nothing to do would leave it so.
    """
    place = _Place(root, scope)
    manifest = last_release(root, scope)
    if manifest is None or place.catalogue_is(_signature(manifest, place.current)):
        return False
    place.sweep()
    _write_catalogue(place, manifest, place.current, no_hook)
    return True


def last_release(root: Path, scope: str = WHOLE) -> Manifest | None:
    """The manifest of the release that is served now, or None before the first one."""
    current = _Place(root, scope).current
    if not current.is_symlink():
        return None
    manifest = current / MANIFEST
    if not manifest.exists():
        raise CallmartError(
            f"points to a release without {MANIFEST}",
            file=current,
            rule="a release is complete or absent",
            todo="point `current` to a folder under releases/ that has one, or remove the link and build again.",
        )
    return Manifest.from_json(manifest.read_text(encoding="utf-8"))


def remove_releases(root: Path, is_gone: Callable[[Path], bool], scope: str = WHOLE) -> list[str]:
    """Removes former releases for whose folder `is_gone` holds; their ids. The one that is served stays in any case.

    The caller holds the lock of the data root. A catalogue that is pinned to one of them never outlives a build.
    """
    place = _Place(root, scope)
    if not place.releases.exists():
        return []
    place.sweep()
    served = last_release(root, scope)
    return place.remove(
        path for path in place.complete() if (served is None or path.name != served.release_id) and is_gone(path)
    )


def mart_hashes(release_dir: Path) -> dict[str, str]:
    """Content of every mart of a release as one hash each: equal rows, columns and types, in any order, give
    equal hashes.

    The row hash is DuckDB's, which may differ between its versions: the version is part of the result.
    """
    hashes = {}
    with closing(duckdb.connect()) as con:
        for path in sorted(release_dir.glob("*.parquet")):
            source = f"read_parquet({_text(str(path))})"
            columns = [(name, kind) for name, kind, *_ in con.execute(f"describe select * from {source}").fetchall()]
            names = [_name(column) for column, _ in columns]
            # Two independent sums of 64 bits; a sum, unlike an exclusive or, sees rows that come twice.
            facts = con.execute(
                f"select count(*), sum(hash(row({', '.join(names)}))::hugeint), "
                f"sum(hash(row({', '.join(reversed(names))}, 'callmart'))::hugeint) from {source}"
            ).fetchone()
            text = json.dumps([duckdb.__version__, columns, [str(fact) for fact in facts or ()]])
            hashes[path.stem] = hashlib.sha256(text.encode()).hexdigest()
    return hashes


# --- marts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    name: str
    comment: str
    columns: tuple[Column, ...]
    rows: int


def _check_specs(marts: Sequence[MartSpec], release_id: str, place: _Place) -> None:
    names = [mart.name for mart in marts]
    if RELEASE_MART in names or len(set(names)) != len(names):
        raise CallmartError(
            f"marts to publish: {', '.join(names)}",
            rule=f"each is named once, and `{RELEASE_MART}` is made by the release itself",
            todo="correct the list of marts.",
        )
    if release_id.startswith(("_", ".")) or "/" in release_id:
        raise CallmartError(
            f"release id {release_id!r}",
            rule="it names a folder: no `/`, and neither `_` nor `.` in front",
            todo="use another id.",
        )
    if place.current.is_symlink() and os.readlink(place.current) == f"releases/{release_id}":
        raise CallmartError(
            f"release {release_id} is being served", rule="a release never changes", todo="use a new id."
        )


def _copy_marts(
    warehouse: Path,
    marts: Sequence[MartSpec],
    prepare: Sequence[str],
    building: Path,
    on_step: Callable[[str], None],
) -> list[_Table]:
    spill = building / "_spill"
    tables = []
    with closing(duckdb.connect(str(warehouse), read_only=True, config={"temp_directory": str(spill)})) as con:
        # Types first, for all marts: a defect is told at once, not after minutes of copying.
        columns_of = {mart.name: _columns(con, mart) for mart in marts}
        for statement in prepare:
            con.execute(statement)
        for mart in marts:
            source = f"{_name(mart.schema)}.{_name(mart.name)}" if mart.query is None else f"({mart.query})"
            rows = _copy(con, f"from {source}", building / f"{mart.name}.parquet")
            tables.append(_Table(mart.name, mart.comment, columns_of[mart.name], rows))
            on_step(f"copied {mart.name}")
    shutil.rmtree(spill, ignore_errors=True)
    return tables


def _columns(con: duckdb.DuckDBPyConnection, mart: MartSpec) -> tuple[Column, ...]:
    relation = f"{mart.schema}.{mart.name}"
    try:
        found = con.execute(f"describe from {_name(mart.schema)}.{_name(mart.name)}").fetchall()
    except duckdb.CatalogException as error:
        raise CallmartError(
            f"{relation} is not in the warehouse", todo="build the model, or take it off the list of marts."
        ) from error
    columns = tuple(Column(name, kind, mart.columns.get(name, "")) for name, kind, *_ in found)
    for column in columns:
        if column.type not in PUBLISHED_TYPES and not column.type.startswith("DECIMAL("):
            raise CallmartError(
                f"type {column.type}",
                column=f"{relation}.{column.name}",
                rule=f"a published column is {', '.join(PUBLISHED_TYPES)} or DECIMAL: readers lose or change others",
                todo="cast it in the model (a sum of integers to BIGINT).",
            )
    unknown = sorted(set(mart.columns) - {column.name for column in columns})
    if unknown:
        raise CallmartError(
            f"described columns that it doesn't have: {', '.join(unknown)}", column=relation, todo="correct its .yml."
        )
    return columns


def _copy_release_mart(
    building: Path,
    release_id: str,
    created_at: datetime,
    as_of: datetime,
    window: tuple[date, date] | None,
    stale: Mapping[str, Sequence[date]],
    fingerprint: str,
) -> _Table:
    """One row for each stale feed, or one row that names none: `as_of` is there in any case."""
    first, last = window if window else (None, None)
    feeds: list[tuple[str | None, str | None]] = [
        (feed, ",".join(day.isoformat() for day in sorted(days))) for feed, days in sorted(stale.items())
    ]
    with closing(duckdb.connect()) as con:
        con.execute(
            "create table release (release_id varchar, created_at timestamp, as_of timestamp, window_from date, "
            "window_to date, stale_feed varchar, stale_dates varchar, transform_fingerprint varchar)"
        )
        con.executemany(
            "insert into release values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (release_id, created_at, as_of, first, last, feed, days, fingerprint)
                for feed, days in feeds or [(None, None)]
            ],
        )
        found = con.execute("describe release").fetchall()
        columns = tuple(Column(name, kind, RELEASE_COMMENTS[name]) for name, kind, *_ in found)
        rows = _copy(con, "from release", building / f"{RELEASE_MART}.parquet")
    comment = (
        "当前发布与滞后的数据源 / The release being read, one row for each stale feed, one row with null when none is"
    )
    return _Table(RELEASE_MART, comment, columns, rows)


def _copy(con: duckdb.DuckDBPyConnection, source: str, path: Path) -> int:
    # A fixed order makes equal content equal bytes, and neighbours alike: the files are smaller.
    copied = con.execute(
        f"copy (select * {source} order by all) to {_text(str(path))} (format parquet, compression zstd)"
    )
    row = copied.fetchone()
    assert row is not None  # COPY always answers with its number of rows
    return int(row[0])


# --- the catalogue of views ------------------------------------------------------------------------------------------


def _signature(manifest: Manifest, folder: Path) -> str:
    content = {
        name: (facts.comment, [asdict(column) for column in facts.columns]) for name, facts in manifest.marts.items()
    }
    text = json.dumps([str(folder), duckdb.__version__, content], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_catalogue(place: _Place, manifest: Manifest, folder: Path, on_step: Callable[[str], None]) -> None:
    """Puts a catalogue of views over the files in `folder` in place of the present one."""
    draft = hidden(place.catalogue)
    draft.unlink(missing_ok=True)
    with closing(duckdb.connect(str(draft))) as con:
        # No catalogue name in any statement: a view keeps it, and breaks when its file is renamed.
        con.execute("create schema marts")
        for name, facts in sorted(manifest.marts.items()):
            view = f"marts.{_name(name)}"
            source = _text(str(folder / f"{name}.parquet"))
            # `*` is bound at each query: a connection that is older than a change of columns goes on working.
            con.execute(f"create view {view} as select * from read_parquet({source})")
            con.execute(f"comment on view {view} is {_text(facts.comment)}")
            for column in facts.columns:
                if column.comment:
                    con.execute(f"comment on column {view}.{_name(column.name)} is {_text(column.comment)}")
        # Closing does this too, but is silent when the disk is full, and the views stay in a file beside.
        con.execute("checkpoint")
    on_step("catalogue drafted")
    # In this order a kill can only lead to a catalogue made once too often, never to a wrong one that is trusted.
    place.signature.unlink(missing_ok=True)
    os.replace(draft, place.catalogue)
    on_step("catalogue replaced")
    put_json(place.signature, {"signature": _signature(manifest, folder)})
    on_step("catalogue signed")


# --- folders ---------------------------------------------------------------------------------------------------------


class _Place:
    """The folder of one scope: its paths, and the moves that must be atomic."""

    def __init__(self, root: Path, scope: str) -> None:
        # Absolute, because views hold these paths; `current` itself stays a link.
        self.base = published_dir(root.absolute(), scope)
        self.releases = self.base / "releases"
        self.current = self.base / "current"
        self.catalogue = self.base / "callmart.duckdb"
        self.signature = self.base / "_catalogue.json"

    def sweep(self) -> None:
        """Removes what a killed process left half made."""
        self.releases.mkdir(parents=True, exist_ok=True)
        for leftover in [*self.base.glob("_*.tmp"), *self.base.glob("_*.tmp.wal"), *self.releases.glob("_*.tmp")]:
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()

    def catalogue_is(self, signature: str) -> bool:
        if not (self.catalogue.exists() and self.signature.exists()):
            return False
        return bool(json.loads(self.signature.read_text(encoding="utf-8"))["signature"] == signature)

    def swap_current(self, release_id: str, on_step: Callable[[str], None]) -> None:
        draft = hidden(self.current)
        draft.symlink_to(f"releases/{release_id}")  # relative: the folder can be moved or mounted as a whole
        on_step("link drafted")
        os.replace(draft, self.current)
        sync_dir(self.base)
        on_step("swapped")

    def last_seq(self) -> int:
        """Highest number of a release that is kept."""
        return max((_age(path)[0] for path in self.complete()), default=0)

    def complete(self) -> list[Path]:
        """Folders of the releases that are whole."""
        return [path for path in self.releases.iterdir() if (path / MANIFEST).exists()]

    def retire(self, keep: int, former: Manifest | None) -> list[str]:
        """Removes all but the newest `keep` releases and the one served until now; returns the ids that went.

        A run that was killed before its swap leaves a release that counts as one of the newest.
        """
        newest_first = sorted(self.complete(), key=_age, reverse=True)
        return self.remove(path for path in newest_first[keep:] if former is None or path.name != former.release_id)

    def remove(self, releases: Iterable[Path]) -> list[str]:
        """Removes releases; their ids, sorted."""
        removed = list(releases)
        for path in removed:
            # Out of sight first: a kill in the middle leaves no half release under a valid name.
            gone = hidden(path)
            os.replace(path, gone)
            shutil.rmtree(gone)
        return sorted(path.name for path in removed)


def _age(release: Path) -> tuple[int, datetime, str]:
    manifest = Manifest.from_json((release / MANIFEST).read_text(encoding="utf-8"))
    return manifest.seq, manifest.created_at, manifest.release_id


def _sync(folder: Path) -> None:
    """To the disk before it gets its name: after a power cut a complete name must not hold empty files."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_dir(folder)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _iso(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")


def _utc(moment: datetime) -> datetime:
    """Plain UTC: with a zone DuckDB would store the wall time of whoever runs the build."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
