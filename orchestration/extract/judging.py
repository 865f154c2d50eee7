"""Judging: the records of one landed object as rows of a contract, each loaded or refused with its rule.

Here belongs: reading an object into tables, the rules on key, time and meaning that hold for all feeds, lineage, the
records of repairs, and the refused rows with their text. Not here: what a feed's fields mean (adapters), which objects
are read and what is kept of them (typing.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import duckdb

from orchestration.config import Feed
from orchestration.errors import InputError
from orchestration.extract import tables
from orchestration.extract.adapters import Adapter, Context
from orchestration.extract.engine import case, json_row, to_local
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import CLOCK_SLACK, Manifest, moment
from orchestration.extract.repairs import REPAIRED, Repair
from orchestration.extract.text import LINE, MARK, Dialect, Prepared, prepare, raw_records

ISO = "%Y-%m-%dT%H:%M:%S.%f"
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


def ahead_of_the_clock(db: duckdb.DuckDBPyConnection, context: Context, mark: Path) -> tuple[str | None, list[str]]:
    """The first time (UTC, ISO) of a record that lies in the future, which `mark` tells the landing; and warnings.

    Raises InputError when this machine's clock has gone back since an earlier look and most records lie in the future
    now: taking them back would be wrong.
    """
    manifest, event = context.manifest, quote(context.contract.event_time or "")
    is_ahead = f"{event} > {context.known_until}"
    row = db.execute(
        f"""select strftime(min({event}) filter ({is_ahead}), {literal(ISO)}),
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


def judge(db: duckdb.DuckDBPyConnection, kind: Adapter, context: Context) -> None:
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
        dated as (
            select *, {local_date} as dt from adapted),
        typed as (
            select "#line" as source_line, {said}, dt, _written_at,
                {case((when, rule) for when, rule, _, _ in rules)} as rule,
                {case((when, column) for when, _, column, _ in rules)} as column_name,
                {case((when, reason) for when, _, _, reason in rules)} as reason
            from dated)
        select *, {literal(manifest.source_file)} as source_file, timestamp {literal(landed)} as ingested_at,
            case when rule is null then md5({json_row(names)}) end as row_hash
        from typed"""
    )


def put_repaired(
    db: duckdb.DuckDBPyConnection,
    kind: Adapter,
    context: Context,
    prepared: Prepared,
    repairs: Mapping[int, Repair],
) -> set[int]:
    """Judge the repaired records in the place of the refused ones, in table `judged`; the lines that were replaced."""
    if not repairs:
        return set()
    lines = {line for (line,) in db.execute(
        "select source_line from unread union select source_line from judged where rule is not null"
    ).fetchall()}  # fmt: skip
    if prepared.refused:
        with prepared.refused_path.open(encoding="utf-8") as handle:
            lines |= {json.loads(text)["source_line"] for text in handle}
    chosen = {line: repair for line, repair in repairs.items() if line in lines}
    if not chosen:
        return set()
    names = context.raw_columns
    db.execute("alter table judged rename to judged_first")
    db.execute("alter table raw rename to raw_first")
    db.execute("create temp table raw as from raw_first limit 0")
    holes = ", ".join("?" for _ in range(len(names) + 2))
    fields = ", ".join(map(quote, (LINE, MARK, *names)))
    rows = [[line, "", *(repair.record.get(name) for name in names)] for line, repair in chosen.items()]
    db.executemany(f"insert into raw ({fields}) values ({holes})", rows)
    judge(db, kind, context)
    db.executemany(
        "update judged set source_file = source_file || ?, ingested_at = ? where source_line = ?",
        [[f"{REPAIRED}{repair.repair_id}", moment(repair.landed_at), line] for line, repair in chosen.items()],
    )
    db.execute("delete from judged_first where source_line in (select source_line from judged)")
    db.execute("delete from unread where source_line in (select source_line from judged)")
    db.execute("insert into judged_first by name from judged")
    for table in ("judged", "raw"):
        db.execute(f"drop table {table}")
        db.execute(f"alter table {table}_first rename to {table}")
    return set(chosen)


def refuse(
    db: duckdb.DuckDBPyConnection,
    prepared: Prepared,
    dialect: Dialect,
    manifest: Manifest,
    columns: Sequence[str],
    scratch: Path,
    repaired: Set[int],
) -> Counter[str]:
    """Table `refused`: rows refused while lines were told apart, while they were read, and by a rule. A `repaired` line
    is refused for what is wrong with its repair, if anything; its text is the file's."""
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
        "create or replace temp table replaced as from refused where list_contains(?, source_line)", [[*repaired]]
    )
    db.execute("delete from refused where source_line in (select source_line from replaced)")
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
                    as reason, coalesce(text.raw, replaced.raw) as raw
            from broken
            left join replaced on replaced.source_line = broken.source_line
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


def summary(db: duckdb.DuckDBPyConnection, event: str) -> tuple[int, dict[str, str | None], dict[str, int]]:
    """Rows typed, the range of their times (ISO, UTC), and rows per local date."""
    text = f"strftime({{}}, {literal(ISO)})"
    row = db.execute(
        f"""select count(*), {text.format(f"min({event})")}, {text.format(f"max({event})")},
            {text.format("min(_written_at)")}, {text.format("max(_written_at)")} from judged where rule is null"""
    ).fetchone()
    assert row is not None
    dates = db.execute("select dt::varchar, count(*) from judged where rule is null group by dt order by dt").fetchall()
    names = ("first_event_at", "last_event_at", "first_written_at", "last_written_at")
    return row[0], dict(zip(names, row[1:], strict=True)), dict(dates)
