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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration import paths
from orchestration.config import Config, Feed, hash_key
from orchestration.errors import AccountingError, InputError, storing
from orchestration.extract import masking, tables
from orchestration.extract.adapters import Adapter, Context, adapter
from orchestration.extract.adapters.asterisk_queue_log import agent_names
from orchestration.extract.engine import (
    case,
    connect,
    has_changes,
    json_row,
    read_meta,
    side_by_side,
    to_local,
    write_parquet,
)
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import AHEAD, CLOCK_SLACK, ORIGINAL, Manifest, live_objects, moment, read_manifests
from orchestration.extract.text import LINE, MARK, Dialect, Prepared, prepare, raw_records
from orchestration.progress import step, warn

TYPED, REFUSED = "typed.parquet", "refused.parquet"
REFUSED_COLUMNS = {
    "source_file": "VARCHAR", "source_line": "BIGINT", "column_name": "VARCHAR", "rule": "VARCHAR", "reason": "VARCHAR",
    "raw": "VARCHAR",
}  # fmt: skip
_MAX_RAW_LINE = 4 << 20
_REASONS = [
    ("broken.rule = 'missing_columns'", "'the record has fewer columns than the file'"),
    ("broken.rule = 'too_many_columns'", "'the row has more columns than the header'"),
    ("broken.rule = 'malformed_json'", "'the record is no JSON object'"),
]
_ISO = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True)
class Typed:
    """What typing an object gave. `rows_in` = `rows` + refused; `dates`: local date (ISO) -> typed rows."""

    manifest: Manifest
    fingerprint: str
    rows_in: int
    rows: int
    refused: dict[str, int] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    encoding: str = "utf-8"
    blank_lines: int = 0
    warnings: tuple[str, ...] = ()

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

    Returns all objects, superseded ones too, in landing order. Raises InputError for a missing column or hash key,
    AccountingError when a row is lost. `key` is for trials, whose hashes nobody keeps; by default the centre's.
    """
    key = key or hash_key()
    fingerprint = typing_fingerprint(feed, config, key)
    manifests = read_manifests(feed.name, root)
    with connect(root) as db:
        known = _known(db, feed, root, manifests, fingerprint)
        todo = [manifest for manifest in manifests if manifest.object_id not in known]
        if todo:
            with step(f"type {feed.name}") as current:

                def begin(connection: duckdb.DuckDBPyConnection) -> None:
                    length, own = config.centre.number_length_internal, config.own_numbers
                    masking.install(connection, key, length, own, agent_names(config))

                def work(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> Typed:
                    return _type_object(connection, manifest, feed, config, root, fingerprint)

                done = side_by_side(db, todo, work, begin)
                known |= {item.manifest.object_id: item for item in done}
                current.rows = sum(known[manifest.object_id].rows_in for manifest in todo)
                current.note = f"{len(todo)} files"
            for manifest in todo:
                for text in known[manifest.object_id].warnings:
                    warn(text)
    typed = [known[manifest.object_id] for manifest in manifests]
    _quarantine(feed, root, typed)
    return typed


def live(typed: Sequence[Typed], warnings: list[str] | None = None) -> list[Typed]:
    """The typed objects that count, in landing order (see `live_objects`)."""
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
        "engine.py",
        "masking.py",
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
    db: duckdb.DuckDBPyConnection, feed: Feed, root: Path, manifests: Sequence[Manifest], fingerprint: str
) -> dict[str, Typed]:
    files = {paths.object_dir(root, feed.name, m.object_id) / TYPED: m for m in manifests}
    found = {}
    for file, meta in read_meta(db, list(files)).items():
        manifest = files[file]
        if meta.get("settings") == fingerprint and _is_judged(manifest, meta):
            found[manifest.object_id] = _from_meta(manifest, meta)
    return found


def _is_judged(manifest: Manifest, meta: dict[str, Any]) -> bool:
    """Whether the last look at the object leaves in the future just what lay there when it was typed."""
    limit = (manifest.looks[-1] + CLOCK_SLACK).strftime(_ISO)
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
        dates=meta["dates"],
        encoding=meta["encoding"],
        blank_lines=meta["blank_lines"],
        warnings=tuple(meta["warnings"]),
    )


# --- one object ------------------------------------------------------------------------------------------


def _type_object(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, feed: Feed, config: Config, root: Path, fingerprint: str
) -> Typed:
    kind = adapter(feed.name)
    is_json = feed.file_kind(manifest.name) in ("json", "json_lines")
    dialect = tables.JSON_LINES if is_json else kind.dialect(feed)
    folder = paths.object_dir(root, feed.name, manifest.object_id)
    scratch = paths.make_private(paths.temp_dir(root), root)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="typing-") as name, storing(scratch):
        prepared, columns = read_object(db, kind, manifest, feed, folder / ORIGINAL, Path(name))
        context = Context(
            db=db,
            feed=feed,
            config=config,
            contract=feed.contract,
            manifest=manifest,
            raw_columns=tuple(columns),
            known_until=f"timestamp {literal((manifest.looks[-1] + CLOCK_SLACK).isoformat(' '))}",
            clock_changes=has_changes(db, feed.zone, config.centre.first_date.year - 1, manifest.looks[-1].year + 1),
        )
        _judge(db, kind, context)
        first_ahead, warnings = _ahead(db, context, folder / AHEAD)
        warnings = [*prepared.warnings, *warnings]
        refused = _refuse(db, prepared, dialect, manifest, columns, Path(name))
        rows, bounds, dates = _summary(db, feed.contract.event_time or "")
        if rows + refused.total() != prepared.rows_in:
            raise AccountingError(
                f"{prepared.rows_in} records went in, {rows} were typed and {refused.total()} refused.",
                file=manifest.name,
                rule="accounting",
                todo="report this file's form as a defect of callmart.",
            )
        meta = {
            "settings": fingerprint,
            # which records lie in the future decides the rows as much as the settings do
            "fingerprint": f"{fingerprint}@{first_ahead}" if first_ahead else fingerprint,
            "first_ahead_at": first_ahead,
            "rows_in": prepared.rows_in,
            "rows": rows,
            "refused": dict(refused),
            "dates": dates,
            "encoding": prepared.encoding,
            "blank_lines": prepared.blank_lines,
            "warnings": warnings,
            **bounds,
        }
        _put(
            db,
            f"select {', '.join(map(quote, REFUSED_COLUMNS))} from refused order by source_line",
            folder / REFUSED,
            meta,
        )
        names = ", ".join(quote(column.name) for column in feed.contract.lake_columns)
        _put(db, f"select {names}, dt from judged where rule is null", folder / TYPED, meta)
    for table in ("raw", "unread", "judged", "refused"):
        db.execute(f"drop table if exists {table}")
    return _from_meta(manifest, meta)


def _put(db: duckdb.DuckDBPyConnection, query: str, target: Path, meta: dict[str, Any]) -> None:
    written = paths.hidden(target)
    write_parquet(db, query, written, meta, "snappy")  # read once or twice, so quick beats small
    paths.put(written, target)


def read_object(
    db: duckdb.DuckDBPyConnection, kind: Adapter, manifest: Manifest, feed: Feed, original: Path, scratch: Path
) -> tuple[Prepared, list[str]]:
    """A landed object as table `raw` (see adapters), and in table `unread` the lines that could not be read into it."""
    for table in ("raw", "unread", "reject_errors", "reject_scans"):
        db.execute(f"drop table if exists {table}")

    def columns(header: list[str] | None, line: int) -> list[str]:
        return kind.raw_columns(feed, header, manifest, line)

    match feed.file_kind(manifest.name):
        case "json_lines":
            return tables.read_json_lines(db, manifest, original, feed.encoding, columns, scratch)
        case "json":
            return tables.read_json(db, manifest, original, feed.encoding, columns, scratch)
        case "parquet":
            return tables.read_parquet(db, manifest, original, columns, scratch)
        case "xlsx":
            return tables.read_workbook(db, manifest, original, feed.csv, columns, scratch)
    dialect = kind.dialect(feed)
    width = None if dialect.header else len(columns(None, 0))
    prepared = prepare(manifest, original, feed.encoding, dialect, scratch, width)
    names = columns(prepared.header, prepared.header_line)
    types = {LINE: "BIGINT", MARK: "VARCHAR"} | dict.fromkeys(names, "VARCHAR")
    struct = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    db.execute(
        f"""create temp table raw as select * from read_csv({literal(str(prepared.path))},
            auto_detect = false, header = false, columns = {{{struct}}}, delim = {literal(dialect.delimiter)},
            quote = {literal(dialect.quote)}, escape = {literal(dialect.escape or dialect.quote)}, new_line = '\\n',
            strict_mode = true, null_padding = false, store_rejects = true, rejects_limit = 0,
            max_line_size = {_MAX_RAW_LINE}, parallel = {"false" if prepared.multiline else "true"})"""
    )
    rejected = "select null::bigint as source_line, null::varchar as column_name, null::varchar as rule where false"
    if _has_rejects(db):
        rejected = f"""
            select try_cast(split_part(csv_line, {literal(dialect.delimiter)}, 1) as bigint) as source_line,
                min_by(column_name, line_byte_position) as column_name,
                min(lower(replace(error_type::varchar, ' ', '_'))) as rule
            from reject_errors group by all"""
    db.execute(f"create temp table unread as {rejected}")
    return prepared, names


def _ahead(db: duckdb.DuckDBPyConnection, context: Context, mark: Path) -> tuple[str | None, list[str]]:
    """The first time (UTC, ISO) of a record that lies in the future, which `mark` tells the landing; and warnings.

    Raises InputError when this machine's clock has gone back since an earlier look and most records lie in the future
    now: taking them back would be wrong.
    """
    manifest, event = context.manifest, quote(context.contract.event_time or "")
    is_ahead = f"{event} > {context.known_until}"
    row = db.execute(
        f"""select strftime(min({event}) filter ({is_ahead}), {literal(_ISO)}),
            2 * count(*) filter ({is_ahead}) > count({event}) from judged"""
    ).fetchone()
    assert row is not None
    first, is_most = row
    if first is None:
        mark.unlink(missing_ok=True)
        return None, []
    clock = f"{manifest.looks[-1]:%Y-%m-%d %H:%M} UTC, the time by this machine's clock when the file was read"
    if is_most and max(manifest.looks) > manifest.looks[-1] + CLOCK_SLACK:
        raise InputError(
            f"most records lie after {clock}, though it was there at {max(manifest.looks):%Y-%m-%d %H:%M} UTC already.",
            file=manifest.name,
            rule="clock",
            todo="set this machine's clock and build again; what was loaded stays as it is.",
        )
    mark.write_text(first, "utf-8")
    return first, [f"{manifest.name}: most records lie after {clock}; is the clock right?"] if is_most else []


def _judge(db: duckdb.DuckDBPyConnection, kind: Adapter, context: Context) -> None:
    """Table `judged`: lake columns, `dt`, `_written_at`, and for a refused row `rule`, `column_name`, `reason`."""
    contract, manifest = context.contract, context.manifest
    event = quote(contract.event_time or "")
    first = f"date {literal(context.config.centre.first_date.isoformat())}"
    local_date = f"cast({to_local(event, context.feed.zone)} as date)"
    if contract.entity:
        local_date = f"greatest({local_date}, {first})"
    keys = [name for name in contract.natural_key if name != "row_hash"]
    rules = [("_rule is not null", "_rule::varchar", "_column::varchar", "_reason::varchar")]
    rules += [(f"{quote(name)} is null", "'missing_key'", literal(name), "'the row has no key'") for name in keys]
    rules += [
        (f"{event} is null", "'bad_time'", literal(contract.event_time or ""), "'the time is missing or no time'"),
        (f"{event} > {context.known_until}", "'future_event'", literal(contract.event_time or ""),
         "'the time lies more than a day after the file was read'"),
        (f"dt < {first}", "'before_first_date'", literal(contract.event_time or ""),
         "'the local date lies before the first date of the centre'"),
    ]  # fmt: skip
    senseless = "'a value without which the row means nothing'"
    rules += [
        (f"{quote(column.name)} is null", "'missing_meaning'", literal(column.name), senseless)
        for column in contract.columns
        if column.required and column.name not in (*keys, contract.event_time)
    ]  # fmt: skip
    names = [column.name for column in contract.columns]
    landed = moment(manifest.extracted_at).isoformat(" ")
    said = ", ".join(
        f"cast({quote(column.name)} as {column.type}) as {quote(column.name)}" for column in contract.columns
    )
    db.execute(
        f"""create or replace temp table judged as
        with adapted as ({kind.select(context)}),
        flagged as (
            select * exclude (_flags), nullif(array_to_string(list_sort(list_distinct(_flags)), ','), '') as flags,
                {local_date} as dt
            from adapted),
        typed as (
            select "#line" as source_line, {said}, dt, _written_at,
                {case((when, rule) for when, rule, _, _ in rules)} as rule,
                {case((when, column) for when, _, column, _ in rules)} as column_name,
                {case((when, reason) for when, _, _, reason in rules)} as reason
            from flagged)
        select *, {literal(manifest.source_file)} as source_file, timestamp {literal(landed)} as ingested_at,
            case when rule is null then md5({json_row(names)}) end as row_hash
        from typed"""
    )


def _refuse(
    db: duckdb.DuckDBPyConnection,
    prepared: Prepared,
    dialect: Dialect,
    manifest: Manifest,
    columns: Sequence[str],
    scratch: Path,
) -> Counter[str]:
    """Table `refused`: rows refused while lines were told apart, while they were read, and by a rule."""
    db.execute(
        "create or replace temp table refused ("
        + ", ".join(f"{name} {kind}" for name, kind in REFUSED_COLUMNS.items())
        + ")"
    )
    file = literal(manifest.source_file)
    if prepared.refused:
        struct = ", ".join(f"{name}: '{kind}'" for name, kind in REFUSED_COLUMNS.items() if name != "source_file")
        db.execute(
            f"""insert into refused by name select {file} as source_file, * from read_json(
                {literal(str(prepared.refused_path))}, format = 'newline_delimited', columns = {{{struct}}},
                maximum_object_size = {_MAX_RAW_LINE * 4})"""
        )
    db.execute(
        """create or replace temp table broken as from unread union all
        select source_line, column_name, rule from judged where rule is not null"""
    )
    lines = {line for (line,) in db.execute("select source_line from broken").fetchall()}
    if lines:
        db.execute(
            f"""insert into refused by name
            select {file} as source_file, broken.source_line, broken.column_name, broken.rule,
                coalesce(judged.reason, {case(_REASONS, "'the record does not follow the dialect of the file'")})
                    as reason, text.raw
            from broken
            left join judged on judged.source_line = broken.source_line and judged.rule is not null
            left join ({_texts(prepared, dialect, columns, lines, scratch)}) as text
                on text.source_line = broken.source_line"""
        )
    db.execute("drop table broken")
    return Counter(dict(db.execute("select rule, count(*) from refused group by rule order by rule").fetchall()))


def _texts(prepared: Prepared, dialect: Dialect, columns: Sequence[str], lines: set[int], scratch: Path) -> str:
    """SQL of the records that begin at `lines`: `source_line`, and as `raw` what stands in the file."""
    if not prepared.is_text:
        return f'select "{LINE}" as source_line, {json_row(columns)} as raw from raw'
    file = scratch / "raw.jsonl"
    with file.open("w", encoding="utf-8") as target:
        for line, raw in raw_records(prepared, dialect.delimiter, lines):
            target.write(json.dumps({"source_line": line, "raw": raw}, ensure_ascii=False) + "\n")
    return f"""select * from read_json({literal(str(file))}, format = 'newline_delimited',
        columns = {{source_line: 'BIGINT', raw: 'VARCHAR'}}, maximum_object_size = {_MAX_RAW_LINE * 4})"""


def _has_rejects(db: duckdb.DuckDBPyConnection) -> bool:
    row = db.execute("select count(*) from duckdb_tables() where table_name = 'reject_errors'").fetchone()
    return bool(row and row[0])


def _summary(db: duckdb.DuckDBPyConnection, event: str) -> tuple[int, dict[str, str | None], dict[str, int]]:
    """Rows typed, the range of their times (ISO, UTC), and rows per local date."""
    text = f"strftime({{}}, {literal(_ISO)})"
    row = db.execute(
        f"""select count(*), {text.format(f"min({event})")}, {text.format(f"max({event})")},
            {text.format("min(_written_at)")}, {text.format("max(_written_at)")} from judged where rule is null"""
    ).fetchone()
    assert row is not None
    dates = db.execute("select dt::varchar, count(*) from judged where rule is null group by dt order by dt").fetchall()
    names = ("first_event_at", "last_event_at", "first_written_at", "last_written_at")
    return row[0], dict(zip(names, row[1:], strict=True)), dict(dates)


# --- quarantine ------------------------------------------------------------------------------------------


def _quarantine(feed: Feed, root: Path, typed: Sequence[Typed]) -> None:
    """quarantine/<object>.parquet for each live object with refused rows, and for no other."""
    wanted = {item.manifest.object_id: item for item in live(typed, []) if item.refused}
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
