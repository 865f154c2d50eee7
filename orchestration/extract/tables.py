"""Files that are no text of separated values: JSON, Parquet and workbooks, as the texts that adapters read.

Here belongs: table `raw` ("#line", "#mark" and the file's columns, all VARCHAR) from such a file, and what can't be
read of it. Not here: CSV (text.py), and what a column means (adapters).

"#line" is the line of JSON lines, the number of the object in other JSON, the row of a sheet as the spreadsheet counts
it, the row of Parquet from 1. Values become the texts that they have in ISO form: a time without zone stays without
one, a whole number gets no decimals.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.config import Format
from orchestration.errors import InputError
from orchestration.extract.expressions import literal, quote
from orchestration.extract.landing import Manifest, open_stream
from orchestration.extract.text import LINE, MARK, REASONS, Dialect, Prepared, header_names, prepare, whole_text

Columns = Callable[[list[str] | None, int], list[str]]
"""The raw columns that a header on a line gives; raises InputError when one is missing."""

# One field to a line: a control character can't stand in JSON unescaped.
JSON_LINES = Dialect("\x1f")
_RECORD = "record"
_SPACE = re.compile(r"[ \t\n\r]*")
_SHOWN = 1000
_MOST_JSON_BYTES = 256 << 20  # a document is read as a whole


def read_json_lines(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, original: Path, encoding: str, columns: Columns, scratch: Path
) -> tuple[Prepared, list[str]]:
    """One object to a line; its names are the columns, and a name that an object lacks is NULL. What is nested stays
    JSON text. Lines that are no object are told in table `unread`."""
    prepared = prepare(manifest, original, encoding, JSON_LINES, scratch, 1)
    with prepared.path.open("rb") as handle:
        first = handle.readline().rpartition(JSON_LINES.delimiter.encode())[2].strip()
    if first.startswith(b"["):
        raise InputError(
            "the file is one JSON array.",
            file=manifest.name,
            rule="json_array",
            todo="say so in the configuration (format: {kind: json}), or write one object to a line.",
        )
    return prepared, _objects(db, manifest, prepared, columns)


def read_json(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, original: Path, encoding: str, columns: Columns, scratch: Path
) -> tuple[Prepared, list[str]]:
    """One object, an array of objects, or several of these one after another, over any number of lines; or many files
    of that kind. What follows a place of a file that is no JSON is one record, told in table `unread` like elements
    that are no object."""
    texts, chosen = whole_text(manifest, original, encoding, _MOST_JSON_BYTES)
    prepared = Prepared(scratch / "numbered.txt", scratch / "refused.jsonl", chosen)
    number = 0
    with (
        prepared.path.open("w", encoding="utf-8", newline="") as target,
        prepared.refused_path.open("w", encoding="utf-8") as refused,
    ):
        for text, is_decoded in texts:
            for record in _values(text) if is_decoded else [text[:_SHOWN]]:
                number += 1
                if is_decoded:
                    # between the values of JSON a line break is as good as a space, and in one it can't stand
                    line = record.replace("\n", " ").replace("\r", " ").replace("\0", " ")
                    target.write(f"{number}{JSON_LINES.delimiter}{JSON_LINES.delimiter}{line}\n")
                    continue
                prepared.refused["undecodable"] += 1
                reason = {"rule": "undecodable", "reason": REASONS["undecodable"]}
                row = {"source_line": number, "column_name": None, **reason, "raw": record}
                refused.write(json.dumps(row, ensure_ascii=False) + "\n")
    prepared.records = number - prepared.refused.total()
    if not number:
        prepared.warnings.append(f"{manifest.name}: the file has no objects")
    return prepared, _objects(db, manifest, prepared, columns)


def _values(text: str) -> Iterator[str]:
    """Texts of the top values and of the elements of top arrays; last, if any, the beginning of what is no JSON."""
    decoder = json.JSONDecoder()
    at, depth, wants_value = _next(text, 0), 0, True
    while at < len(text):
        sign = text[at]
        if sign == "[" and not depth:
            depth, wants_value = 1, True
            at = _next(text, at + 1)
            if text.startswith("]", at):
                wants_value = False
        elif sign == "]" and depth and not wants_value:
            depth, wants_value = 0, True
            at = _next(text, at + 1)
        elif sign == "," and depth and not wants_value:
            wants_value = True
            at = _next(text, at + 1)
        else:
            try:
                if depth and not wants_value:
                    raise ValueError("two elements without a comma")
                _, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                yield text[at : at + _SHOWN]
                return
            yield text[at:end]
            at, wants_value = _next(text, end), not depth
    if depth:  # the array does not end: the elements before count, and that it breaks off is told
        yield "["


def _next(text: str, at: int) -> int:
    """Where the next sign stands that is no space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _objects(db: duckdb.DuckDBPyConnection, manifest: Manifest, prepared: Prepared, columns: Columns) -> list[str]:
    """Tables `raw` and `unread` from a numbered file of one JSON value to a line; the names of the columns."""
    types = f"{{{literal(LINE)}: 'BIGINT', {literal(MARK)}: 'VARCHAR', {literal(_RECORD)}: 'VARCHAR'}}"
    db.execute(
        f"""create or replace temp table record as
        select *, json_valid({_RECORD}) and json_type(try_cast({_RECORD} as json)) = 'OBJECT' as is_object
        from read_csv({literal(str(prepared.path))}, auto_detect = false, header = false, columns = {types},
            delim = {literal(JSON_LINES.delimiter)}, quote = '', escape = '', new_line = '\\n')"""
    )
    db.execute(
        f"""create or replace temp table unread as select "{LINE}" as source_line, null::varchar as column_name,
            'malformed_json' as rule from record where not coalesce(is_object, false)"""
    )
    found = db.execute(
        f"select distinct unnest(json_keys({_RECORD}::json)) as name from record where is_object order by name"
    ).fetchall()
    members = [name for (name,) in found]
    known = {name.casefold() for name in members}
    for name in columns(None, 0):
        if name.casefold() not in known:
            members.append(name)
            if prepared.records:
                prepared.warnings.append(f"{manifest.name}: no record has {name!r}; it is taken as empty")
    names = header_names(manifest, 1, members)
    values = ", ".join(
        f"json_extract_string({_RECORD}, {literal(_path(member))}) as {quote(name)}"
        for member, name in zip(members, names, strict=True)
    )
    db.execute(
        f"create temp table raw as select {quote(LINE)}, {quote(MARK)}, {values or 'null as nothing'} "
        "from record where is_object"
    )
    db.execute("drop table record")
    return names


def read_parquet(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, original: Path, columns: Columns, scratch: Path
) -> tuple[Prepared, list[str]]:
    """The rows of a Parquet file; what is nested becomes JSON text."""
    source = f"read_parquet({literal(str(_unpacked(manifest, original, scratch)))}, file_row_number = true)"
    try:
        shape = db.execute(f"describe select * exclude (file_row_number) from {source}").fetchall()
        names = header_names(manifest, 1, [row[0] for row in shape])
        values = [_text(quote(row[0]), row[1]) for row in shape]
        texts = ", ".join(f"{value} as {quote(name)}" for value, name in zip(values, names, strict=True))
        db.execute(
            f"""create temp table raw as
            select file_row_number + 1 as {quote(LINE)}, '' as {quote(MARK)}, {texts} from {source}"""
        )
    except duckdb.Error as error:
        raise _damaged(manifest, "Parquet", error) from error
    return _prepared(db, manifest, names, 1, columns)


def read_workbook(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, original: Path, form: Format, columns: Columns, scratch: Path
) -> tuple[Prepared, list[str]]:
    """The rows of a sheet, formulas by the value that the spreadsheet last saw. Without a header the columns are those
    of the configuration."""
    import openpyxl  # a second to import, and only for workbooks

    file = io.BytesIO(_unpacked(manifest, original, scratch).read_bytes())  # openpyxl goes by the name of a path
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise _damaged(manifest, "xlsx", error) from error
    sheets = book.sheetnames
    if form.sheet is not None and form.sheet not in sheets:
        raise InputError(
            f"there is no sheet {form.sheet!r} (the workbook has: {', '.join(sheets)}).",
            file=manifest.name,
            rule="missing_sheet",
            todo="correct the name of the sheet in the configuration (format: {sheet: ...}) or in the workbook.",
        )
    rows = sheet_rows(book[form.sheet] if form.sheet else book.worksheets[0], form.skip)
    header, header_line = None, 0
    if form.header:
        header_line, names = next(rows, (0, []))
        while names and not names[-1]:
            names.pop()
        header = header_names(manifest, header_line, names) if names else None
    known = header or columns(None, 0)
    written, blank, wide = scratch / "sheet.csv", 0, []
    with written.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        for number, values in rows:
            if not any(values):
                blank += 1
                continue
            if any(values[len(known) :]):
                wide.append(number)
            writer.writerow([number, "", *(values + [""] * len(known))[: len(known)]])
    book.close()
    types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in _types(known).items())
    db.execute(
        f"""create temp table raw as select * from read_csv({literal(str(written))}, auto_detect = false,
            header = false, columns = {{{types}}}, delim = ',', quote = '"', escape = '"', new_line = '\\n',
            parallel = false)"""
    )
    prepared, found = _prepared(db, manifest, header, header_line, columns)
    prepared.blank_lines = blank
    if wide:
        db.execute(
            f"""insert into unread
            select "{LINE}", null, 'too_many_columns' from raw where "{LINE}" in (select unnest(?))""",
            [wide],
        )
        db.execute(f"""delete from raw where "{LINE}" in (select source_line from unread)""")
    if form.sheet is None and len(sheets) > 1:
        prepared.warnings.append(f"{manifest.name}: the first of its sheets ({', '.join(sheets)}) is read")
    return prepared, found


def _prepared(
    db: duckdb.DuckDBPyConnection, manifest: Manifest, header: list[str] | None, header_line: int, columns: Columns
) -> tuple[Prepared, list[str]]:
    """What was read into `raw`, with an empty table `unread`. Raises what `columns` raises."""
    names = columns(header, header_line)
    db.execute("create or replace temp table unread (source_line bigint, column_name varchar, rule varchar)")
    counted = db.execute("select count(*) from raw").fetchone()
    rows = counted[0] if counted else 0
    prepared = Prepared(Path(), Path(), "utf-8", records=rows, header=header, header_line=header_line, is_text=False)
    if not rows:
        prepared.warnings.append(f"{manifest.name}: the file has no rows")
    return prepared, names


def _types(names: Sequence[str]) -> dict[str, str]:
    return {LINE: "BIGINT", MARK: "VARCHAR"} | dict.fromkeys(names, "VARCHAR")


def _path(name: str) -> str:
    """JSON path of a member, whatever signs its name has."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _text(column: str, kind: str) -> str:
    """SQL of a column of Parquet as text."""
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column})::varchar"
    return f"decode({column})" if kind == "BLOB" else f"{column}::varchar"


def sheet_rows(sheet: Any, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Rows of a sheet with their numbers, from the first behind `skip` that is not blank."""
    begun = False
    for number, row in enumerate(sheet.iter_rows(min_row=skip + 1, values_only=True), skip + 1):
        values = [_shown(value) for value in row]
        begun = begun or any(values)
        if begun:
            yield number, values


def _shown(value: Any) -> str:
    """A cell as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.timedelta):  # a duration beyond a day has hours beyond 23
        seconds, part = divmod(round(value / datetime.timedelta(microseconds=1)), 1_000_000)
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return f"{text}.{part:06}" if part else text
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value).strip()


def _unpacked(manifest: Manifest, original: Path, scratch: Path) -> Path:
    if manifest.packing == "none":
        return original
    plain = scratch / "unpacked"
    with open_stream(original, manifest.packing) as stream, plain.open("wb") as target:
        shutil.copyfileobj(stream, target)
    return plain


def _damaged(manifest: Manifest, kind: str, error: Exception) -> InputError:
    return InputError(
        f"the file can't be read as {kind}: {str(error).splitlines()[0] if str(error) else type(error).__name__}.",
        file=manifest.name,
        rule="unreadable",
        todo="send it again, or say what it is in the configuration (format: {kind: csv}).",
    )
