"""How the columns of a feed's files differ from those that its mapping names, and which files are held for it.

Here belongs: the four changes, what shows each of them, and their record for people and marts. Not here: reading a
file, and what becomes of a held one (typing.py, lake.py leave it out; feeds.py tells it).

    new                a column that no earlier file had; it is kept in landing and does no harm
    missing_optional   a column that the mapping names and the file lacks; what is made of it is NULL
    missing_required   the same, and no row has a value without which it means nothing: the file is held
    retyped            nearly no value of a column can be read, and in an earlier file they could: the file is held

A held file stays out of the lake with all its rows; earlier and other files of the feed go on counting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from expectations.contracts import Contract
from orchestration import paths
from orchestration.config import Feed, nearest
from orchestration.errors import InputError
from orchestration.extract.adapters import adapter
from orchestration.extract.engine import parquet, read_meta, write_parquet
from orchestration.extract.expressions import literal, quote, referenced_columns
from orchestration.extract.masking import mask_text

if TYPE_CHECKING:  # which knows this module
    from orchestration.extract.typing import Typed

Change = Literal["new", "missing_optional", "missing_required", "retyped"]
# Of fewer values nothing is concluded, and so many of a hundred unreadable ones are no chance.
FEWEST_VALUES = 10
UNREADABLE_SHARE = 0.95


@dataclass(frozen=True)
class Finding:
    """One change of one column that a file brought. `first_seen_at` (UTC, ISO) is when the file was landed; `is_held`
    says that the file is kept out of the lake for it now; `detail` says in words what was expected and found."""

    feed: str
    object_id: str
    file: str
    column_name: str
    change: Change
    first_seen_at: str
    is_held: bool
    detail: str


@dataclass(frozen=True)
class Shape:
    """What typing found out about the columns of an object. `columns` as the file has them; `absent`: columns that the
    configuration names and the file lacks -> whether the rows mean nothing without them; `unreadable`: column of the
    contract -> (values that can't be read, values given), where nearly none can."""

    columns: tuple[str, ...] = ()
    absent: Mapping[str, bool] | None = None
    unreadable: Mapping[str, tuple[int, int]] | None = None

    def to_meta(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "columns": list(self.columns),
            "absent": dict(self.absent or {}),
            "unreadable": {name: list(counts) for name, counts in (self.unreadable or {}).items()},
        }

    @classmethod
    def from_meta(cls, said: Mapping[str, Any]) -> Shape:
        """From what `to_meta` gave."""
        unreadable = {name: (bad, given) for name, (bad, given) in said["unreadable"].items()}
        return cls(tuple(said["columns"]), said["absent"], unreadable)

    @property
    def lacks_required(self) -> list[str]:
        """Columns without which the rows mean nothing."""
        return [name for name, is_required in (self.absent or {}).items() if is_required]


def shape_of(db: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[str], absent: Sequence[str]) -> Shape:
    """The shape of the object whose rows stand in table `judged` (see typing.py)."""
    return Shape(tuple(columns), _weighed(db, feed, absent), _unreadable(db, feed))


def findings(feed: Feed, typed: Sequence[Typed], held: Mapping[str, str]) -> list[Finding]:
    """Every change that the landed objects of a feed brought, in landing order. `held`: ids of the objects that are
    held now."""
    found: list[Finding] = []
    seen: set[str] = set()
    for item in typed:
        manifest, shape = item.manifest, item.shape

        def tell(column: str, change: Change, detail: str, item: Typed = item) -> None:
            manifest = item.manifest
            is_held = manifest.object_id in held and change in ("missing_required", "retyped")
            shown = mask_text(column) or ""
            at = manifest.extracted_at
            found.append(Finding(feed.name, manifest.object_id, manifest.name, shown, change, at, is_held, detail))

        named = {name.casefold() for name in (*shape.columns, *(feed.columns or ()))}
        if not shape.lacks_required:  # else what is taken for a header may be a row
            for column in shape.columns if seen else ():
                if column.casefold() not in seen:
                    tell(column, "new", "no earlier file had it; no expression reads it until the mapping names it")
            seen |= named
        for column, is_required in (shape.absent or {}).items():
            tell(column, "missing_required" if is_required else "missing_optional", _difference(feed, shape, column))
        for column, (bad, given) in (shape.unreadable or {}).items():
            if _was_readable(column, manifest.seq, typed):
                tell(column, "retyped", _unread(feed, column, bad, given))
    return found


def drifted(feed: Feed, typed: Sequence[Typed]) -> dict[str, str]:
    """Ids of the objects that no partition may be made of -> why, in words. A function of the typed objects alone."""
    told: dict[str, str] = {}
    for item in typed:
        reasons = [_difference(feed, item.shape, column) for column in item.shape.lacks_required[:1]]
        reasons += [
            _unread(feed, column, bad, given)
            for column, (bad, given) in (item.shape.unreadable or {}).items()
            if not reasons and _was_readable(column, item.manifest.seq, typed)
        ]
        if reasons:
            told[item.manifest.object_id] = f"{item.manifest.name}: {' '.join(reasons)}"
    return told


def write_findings(db: duckdb.DuckDBPyConnection, root: Path, feed: str, found: Sequence[Finding]) -> None:
    """Keep the findings of a feed as one Parquet file, none as one without rows; left alone while they are the same."""
    target = paths.drift_path(root, feed)
    rows = [list(astuple(finding)) for finding in found]
    fingerprint = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()[:16]
    if read_meta(db, [target]).get(target, {}).get("fingerprint") == fingerprint:
        return
    types = dict.fromkeys((field.name for field in fields(Finding)), "varchar")
    types |= {"first_seen_at": "timestamp", "is_held": "boolean"}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    db.execute(f"create or replace temp table found ({columns})")
    if rows:
        holes = ", ".join("cast(? as timestamptz)::timestamp" if n == "first_seen_at" else "?" for n in types)
        db.executemany(f"insert into found values ({holes})", rows)
    paths.make_private(target.parent, root)
    written = paths.hidden(target)
    write_parquet(db, "select * from found", written, {"fingerprint": fingerprint})
    paths.put(written, target)
    db.execute("drop table found")


def read_findings(db: duckdb.DuckDBPyConnection, root: Path, feed: str) -> list[dict[str, Any]]:
    """What `write_findings` wrote last, a row each."""
    file = paths.drift_path(root, feed)
    if not file.exists():
        return []
    cursor = db.execute(f"select * from {parquet([file])} order by first_seen_at, file, column_name")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def held_files(root: Path, feed: str) -> list[str]:
    """Why files of a feed are held now, in words, one text a file in landing order."""
    target = paths.drift_path(root, feed)
    if not target.exists():
        return []
    with duckdb.connect() as db:
        rows = db.execute(
            f"select file || ': ' || first(detail) from {parquet([target])} where is_held "
            "group by object_id, file order by min(first_seen_at), file"
        ).fetchall()
    return [text for (text,) in rows]


def stopping(feed: Feed, why: Sequence[str]) -> InputError:
    """The error of a feed whose held files stop the build, as the feed is critical."""
    file, _, problem = why[0].partition(": ")
    more = f" {len(why) - 1} more files are held." if len(why) > 1 else ""
    return InputError(
        problem + more,
        file=file,
        rule="columns",
        todo="correct the export and put it in the place of this file, or follow it in the mapping "
        f"({feed.config_file}); `critical: false` on the feed would let everything else be released meanwhile.",
    )


# --- one object ------------------------------------------------------------------------------------------


def _weighed(db: duckdb.DuckDBPyConnection, feed: Feed, absent: Sequence[str]) -> dict[str, bool]:
    """Absent columns -> whether some value that the contract requires is made of them and is there in no row. So
    `coalesce("new name", "old name")` may name a column that a file lacks."""
    if not absent:
        return {}
    gone = {name.casefold() for name in absent}
    required = {column: names for column, names in _names_by_required(db, feed).items() if names & gone}
    counts = ", ".join(["count(*)", *(f"count({quote(column)})" for column in required)])
    row = db.execute(f"select {counts} from judged").fetchone()
    assert row is not None
    lost: set[str] = set()
    for (_, names), count in zip(required.items(), row[1:], strict=True):
        # Without a row to judge by, an expression that has nothing left to read is lost.
        if count == 0 if row[0] else names <= gone:
            lost |= names
    return {name: name.casefold() in lost for name in absent}


def _names_by_required(db: duckdb.DuckDBPyConnection, feed: Feed) -> dict[str, set[str]]:
    """Required columns of the contract that the mapping makes of something -> names (folded) of what it is made of."""
    found: dict[str, set[str]] = {}
    for column in feed.contract.columns:
        if column.required:
            sources = _sources(feed.contract, column.name)
            names = {
                name.casefold()
                for source in sources
                if source in feed.mapping
                for name in referenced_columns(db, feed.mapping[source])
            }
            if names:
                found[column.name] = names
    return found


def _sources(contract: Contract, column: str) -> list[str]:
    """Keys of the mapping that fill a column."""
    return [item.name for item in contract.inputs if column in item.fills] or [column]


def _unreadable(db: duckdb.DuckDBPyConnection, feed: Feed) -> dict[str, tuple[int, int]]:
    """Mapped columns of which nearly no value could be read."""
    rows = db.execute(
        """select flag[5:], count(*) as bad
        from (select unnest(string_split(flags, ',')) as flag from judged where flags is not null)
        where starts_with(flag, 'bad_') group by all order by all"""
    ).fetchall()
    found = {}
    for column, bad in rows:
        if bad < FEWEST_VALUES or column not in feed.mapping or column not in feed.contract.column_names:
            continue
        is_bad = f"list_contains(string_split(coalesce(flags, ''), ','), {literal(f'bad_{column}')})"
        row = db.execute(f"select count(*) from judged where {quote(column)} is not null and not {is_bad}").fetchone()
        given = bad + (row[0] if row else 0)
        if bad >= UNREADABLE_SHARE * given:
            found[column] = (bad, given)
    return found


def _was_readable(column: str, seq: int, typed: Sequence[Typed]) -> bool:
    """Whether an earlier object with rows enough to judge by had values of a column that could be read."""
    return any(
        item.manifest.seq < seq
        and item.rows >= FEWEST_VALUES
        and not item.shape.lacks_required
        and column not in (item.shape.unreadable or {})
        for item in typed
    )


def _difference(feed: Feed, shape: Shape, column: str) -> str:
    """What was expected and what was found, for a column that is missing."""
    shown = [mask_text(name) or "" for name in shape.columns]
    wanted = list(shape.absent or {})
    lost = ", ".join(repr(name) for name in wanted if name != column)
    more = f" (so {'are' if ',' in lost else 'is'} {lost})" if lost else ""
    expected = ", ".join(adapter(feed.name).absent(feed, ()))
    said = f"the column {column!r} is missing{more}{nearest(column, shown)}"
    end = "" if said.endswith("?") else "."
    return f"{said}{end} Expected: {expected}; the header has: {', '.join(shown)}."


def _unread(feed: Feed, column: str, bad: int, given: int) -> str:
    """What was expected and what was found, for a column whose values became something else."""
    wanted = feed.contract.column(column)
    kind = f"one of {', '.join(wanted.enum)}" if wanted.enum else wanted.type
    return (
        f"{bad} of {given} values of {column} can't be read ({feed.mapping[column]} should give {kind}); in an earlier "
        "file they could."
    )
