"""Redaction: a landed object rewritten without what it says of people who were erased.

Here belongs: finding their records in an object, and writing the object again in its own form. Not here: who was erased
(suppression.py), what follows for the other zones (orchestration/erasure.py).

A record that is an event of the centre stays, for the counts are the centre's: of its columns only those are left that
the mapping reads for something that is not personal. A record that is nothing without the person (a customer, an
identity) becomes a blank line or row. So no other record changes its line. A number that is only mentioned in a record
of somebody else is blanked alone. The object keeps its id, which is that of the source's bytes: sent again, they are
known. Its manifest says that and when it was redacted, before the bytes change.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts import Contract
from orchestration import paths
from orchestration.config import Feed
from orchestration.extract.engine import parquet
from orchestration.extract.expressions import literal, quote, referenced_columns
from orchestration.extract.landing import MANIFEST, ORIGINAL, Manifest, Redaction, manifest_json, open_stream
from orchestration.extract.suppression import PREFIX, Erased
from orchestration.extract.tables import MOST_JSON_BYTES, json_values
from orchestration.extract.text import LINE, MARK, Dialect, physical_lines, whole_text

# In the place of a number: what phones send when a caller is withheld, so that rules on the number's form still work.
WITHHELD = "anonymous"
_PERSONAL_CDR = frozenset({"clid", "userfield"})


@dataclass(frozen=True)
class Policy:
    """What is left of a record of an erased person. `removed`: nothing. Else each column (folded) is `kept`, gets
    `WITHHELD` when it is in `numbers`, or is emptied; `kept` None keeps all but numbers that are found."""

    removed: bool
    kept: frozenset[str] | None
    numbers: frozenset[str] = frozenset()

    def value(self, name: str, value: str | None, erased: Erased) -> str | None:
        """What a column's value becomes."""
        folded = name.casefold()
        if value is None or value == "":
            return value
        if folded in self.numbers:
            return WITHHELD
        if self.kept is not None and folded not in self.kept:
            return None
        return erased.without(value, WITHHELD)


def policy_of(db: duckdb.DuckDBPyConnection, feed: Feed) -> Policy:
    """How records of a feed are redacted."""
    contract = feed.contract
    if contract.source != "canonical":
        kept = None
        if feed.name == "asterisk.cdr":
            from orchestration.config import CDR_EXTRA_COLUMNS, CDR_STANDARD_COLUMNS

            names = feed.options.columns or (*CDR_STANDARD_COLUMNS, *CDR_EXTRA_COLUMNS)
            kept = frozenset(names) - _PERSONAL_CDR
        return Policy(removed=False, kept=kept)
    inputs = {item.name: item for item in contract.inputs}
    read: dict[str, set[str]] = {
        name: {column.casefold() for column in referenced_columns(db, sql)}
        for name, sql in [*feed.mapping.items(), *((f"rule {rule.name}", rule.when) for rule in feed.rules)]
    }
    numbers = {column for name, item in inputs.items() if item.is_number for column in read.get(name, ())}
    personal = {column for name in inputs for column in read.get(name, ())}
    others = {column for name, columns in read.items() if name not in inputs for column in columns}
    return Policy(_is_about_a_person(contract), frozenset(others - personal), frozenset(numbers))


def lines_of(db: duckdb.DuckDBPyConnection, contract: Contract, erased: Erased) -> dict[int, int]:
    """Lines of table `judged` whose hashes are those of erased people -> further lines of their records."""
    hashes = [column.name for column in contract.columns if column.pii == "keyed_hash"]
    if not hashes or not erased.marks:
        return {}
    db.execute(
        "create or replace temp table erased_mark as select unnest(?::varchar[]) as mark", [sorted(erased.marks)]
    )
    each = ", ".join(map(quote, hashes))
    found = db.execute(
        f"""with said as (select source_line, unnest([{each}]) as hash from judged),
        people as (
            select distinct hash from said
            where hash is not null and keyed_hash({literal(PREFIX)} || hash) in (from erased_mark))
        select distinct source_line, coalesce(regexp_extract({quote(MARK)}, '^[0-9]+'), '')
        from said semi join people using (hash) left join raw on {quote(LINE)} = source_line"""
    ).fetchall()
    return {line: int(further or 0) for line, further in found}


def redact(
    db: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    feed: Feed,
    folder: Path,
    scratch: Path,
    erased: Erased,
    at: str,
    *,
    encoding: str,
    dialect: Dialect,
    columns: Sequence[str],
    records: Mapping[int, int],
    is_last_resort: bool = False,
) -> Manifest | None:
    """Write the object in `folder` again without erased people; its manifest, or None when it says nothing of them.

    `records` are the lines of their records (see `lines_of`); numbers are looked for in all of the object. As a last
    resort nothing is left of these records. Killed anywhere, the next look finds what is left.
    """
    original, written = folder / ORIGINAL, scratch / "redacted"
    policy = Policy(removed=True, kept=None) if is_last_resort else policy_of(db, feed)
    kind = feed.file_kind(manifest.name)
    if kind == "parquet":
        changed = _rewrite_parquet(db, manifest, original, written, scratch, erased, policy, records)
    elif kind == "json":
        changed = _rewrite_documents(manifest, original, written, encoding, erased, policy, records)
        manifest = replace(manifest, bundled=0) if changed else manifest
    elif kind == "xlsx":
        changed = _rewrite_workbook(manifest, original, written, feed, columns, erased, policy, records)
    else:
        edit = _json_editor(erased, policy) if kind == "json_lines" else _text_editor(erased, policy, dialect, columns)
        changed = _rewrite_text(manifest, original, written, encoding, erased, policy, edit, records)
    if not changed:
        return None
    with written.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    done = Redaction(at, changed, written.stat().st_size, digest)
    manifest = replace(manifest, redactions=(*manifest.redactions, done))
    paths.put_json(folder / MANIFEST, manifest_json(manifest))
    beside = paths.hidden(original)
    beside.write_bytes(written.read_bytes())
    paths.put(beside, original)
    return manifest


def _is_about_a_person(contract: Contract) -> bool:
    """Whether a record means nothing without the person."""
    filled = {column for item in contract.inputs for column in item.fills}
    return any(column.required and column.name in filled for column in contract.columns)


# --- text ------------------------------------------------------------------------------------------------

Edit = Callable[[str], str]
"""A record's text, without its last line end -> what is left of it; never with a line end."""


def _text_editor(erased: Erased, policy: Policy, dialect: Dialect, columns: Sequence[str]) -> Edit:
    def edit(text: str) -> str:
        fields = _fields(text, dialect) if dialect.quote else None
        if fields is None or policy.kept is None:
            return _without_numbers(text, erased)
        names = [*columns, *("" for _ in fields[len(columns) :])]
        values = [policy.value(name, value, erased) or "" for name, value in zip(names, fields, strict=False)]
        out = io.StringIO()
        csv.writer(
            out,
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=None if dialect.doubles_quotes else dialect.escape,
            doublequote=dialect.doubles_quotes,
            lineterminator="",
        ).writerow([value.replace("\r", " ").replace("\n", " ") for value in values])
        return out.getvalue()

    return edit


def _without_numbers(text: str, erased: Erased) -> str:
    """A record that can't be taken apart; nothing of it when the person is known by a hash alone."""
    left = erased.without(text, WITHHELD)
    return left if left != text else ""


def _json_editor(erased: Erased, policy: Policy) -> Edit:
    def edit(text: str) -> str:
        try:
            record = json.loads(text)
        except ValueError:
            return _without_numbers(text, erased)
        values = {
            name: policy.value(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), erased)
            for name, value in record.items()
            if value is not None
        }
        return json.dumps({name: value for name, value in values.items() if value is not None}, ensure_ascii=False)

    return edit


def _fields(text: str, dialect: Dialect) -> list[str] | None:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=None if dialect.doubles_quotes else dialect.escape,
        doublequote=dialect.doubles_quotes,
        strict=True,
    )
    try:
        found = list(reader)
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _rewrite_text(
    manifest: Manifest,
    original: Path,
    written: Path,
    encoding: str,
    erased: Erased,
    policy: Policy,
    edit: Edit,
    records: Mapping[int, int],
) -> int:
    """Records that changed. Lines keep their number: of a record of several lines blank ones are left behind it."""
    changed = 0
    with open_stream(original, manifest.packing) as stream, _packed(written, manifest) as target:
        lines = enumerate(physical_lines(stream), 1)
        for number, line in lines:
            if number in records:
                parts = [line, *(next(lines)[1] for _ in range(records[number]))]
                ends = [part[len(part.rstrip(b"\r\n")) :] for part in parts]
                text = b"".join(parts).removesuffix(ends[-1]).decode(encoding, "surrogateescape")
                left = "" if policy.removed else edit(text)
                target.write(left.encode(encoding, "surrogateescape") + b"".join(ends))
                changed += 1
                continue
            body = line.rstrip(b"\r\n")
            text = body.decode(encoding, "surrogateescape")
            left = erased.without(text, WITHHELD)
            changed += left != text
            target.write(line if left == text else left.encode(encoding, "surrogateescape") + line[len(body) :])
    return changed


def _rewrite_documents(
    manifest: Manifest,
    original: Path,
    written: Path,
    encoding: str,
    erased: Erased,
    policy: Policy,
    records: Mapping[int, int],
) -> int:
    """Records of JSON documents that changed. All documents become one, a record to a line, and keep their number: of a
    removed one an empty object is left, of one that does not decode what is no number of theirs, as a text."""
    edit = _json_editor(erased, policy)
    texts, chosen = whole_text(manifest, original, encoding, MOST_JSON_BYTES)
    changed, number = 0, 0
    with _packed(written, manifest) as target:
        for text, is_decoded in texts:
            for record in json_values(text) if is_decoded else [json.dumps(text, ensure_ascii=False)]:
                number += 1
                if number in records:
                    left = "{}" if policy.removed else edit(record)
                else:
                    left = erased.without(record, WITHHELD)
                changed += left != record
                target.write(" ".join(left.splitlines()).encode(chosen) + b"\n")
    return changed


class _packed:
    """A file that is written in the packing of an object."""

    def __init__(self, file: Path, manifest: Manifest) -> None:
        self._file, self._manifest = file, manifest

    def __enter__(self) -> Any:
        match self._manifest.packing:
            case "gzip":
                self._target: Any = gzip.GzipFile(self._file, "wb", mtime=0)
            case "zip":
                self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
                self._target = self._archive.open(zipfile.ZipInfo("export"), "w", force_zip64=True)
            case _:
                self._target = self._file.open("wb")
        return self._target

    def __exit__(self, *_: object) -> None:
        self._target.close()
        if self._manifest.packing == "zip":
            self._archive.close()


# --- tables ----------------------------------------------------------------------------------------------


def _rewrite_parquet(
    db: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    original: Path,
    written: Path,
    scratch: Path,
    erased: Erased,
    policy: Policy,
    records: Mapping[int, int],
) -> int:
    """Rows that changed. A removed row becomes one of nothing but NULL, which is read as a blank line."""
    plain = scratch / "rows.parquet"
    with open_stream(original, manifest.packing) as stream:
        plain.write_bytes(stream.read())
    source = parquet([plain]).replace("])", "], file_row_number = true)")
    db.execute(f"create or replace temp table redacted as select * from {source}")
    shape = db.execute(f"describe select * exclude (file_row_number) from {source}").fetchall()
    names, kinds = [row[0] for row in shape], {row[0]: row[1] for row in shape}
    texts = ", ".join(f"{quote(name)}::varchar" for name in names)
    cursor = db.cursor()
    rows = cursor.execute(f"select file_row_number, {texts} from {source}")
    changed = 0
    while batch := rows.fetchmany(10_000):
        for number, *values in batch:
            left = _left(dict(zip(names, values, strict=True)), number + 1 in records, erased, policy)
            if not left:
                continue
            changed += 1
            # What is no text loses its value whole: a shortened number would be another value.
            put = ", ".join(f"{quote(name)} = ?" for name in left)
            said = [value if kinds[name] == "VARCHAR" else None for name, value in left.items()]
            db.execute(f"update redacted set {put} where file_row_number = ?", [*said, number])
    if changed:
        out = scratch / "redacted.parquet"
        db.execute(
            f"copy (select * exclude (file_row_number) from redacted order by file_row_number) "
            f"to {literal(str(out))} (format parquet, compression zstd)"
        )
        with _packed(written, manifest) as target:
            target.write(out.read_bytes())
    db.execute("drop table redacted")
    return changed


def _left(values: Mapping[str, str | None], is_record: bool, erased: Erased, policy: Policy) -> dict[str, str | None]:
    """Values of a row that change."""
    if is_record and policy.removed:
        return dict.fromkeys(values)
    found: dict[str, str | None] = {}
    for name, value in values.items():
        if value is not None:
            left = policy.value(name, value, erased) if is_record else erased.without(value, WITHHELD)
            if left != value:
                found[name] = left
    return found


def _rewrite_workbook(
    manifest: Manifest,
    original: Path,
    written: Path,
    feed: Feed,
    columns: Sequence[str],
    erased: Erased,
    policy: Policy,
    records: Mapping[int, int],
) -> int:
    """Rows that changed, on any sheet; formulas become the values that were read. Comments of changed rows go too."""
    import openpyxl

    with open_stream(original, manifest.packing) as stream:
        book = openpyxl.load_workbook(io.BytesIO(stream.read()), data_only=True)
    read = book[feed.csv.sheet] if feed.csv.sheet else book.worksheets[0]
    changed = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            is_record = sheet is read and row[0].row in records
            cells = {name: cell for name, cell in _named(row, columns)}
            values = {name: None if cell.value is None else str(cell.value) for name, cell in cells.items()}
            left = _left(values, is_record, erased, policy)
            said = [cell for cell in cells.values() if cell.comment and (is_record or erased.spans(cell.comment.text))]
            for cell in said:
                cell.comment = None
            for name, value in left.items():
                cells[name].value = value
            changed += bool(left or said)
    if changed:
        out = io.BytesIO()
        book.save(out)
        with _packed(written, manifest) as target:
            target.write(out.getvalue())
    book.close()
    return changed


def _named(row: Sequence[Any], columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Cells with the names of their columns; those beyond the header by their place."""
    for index, cell in enumerate(row):
        yield (columns[index] if index < len(columns) else f"#{index + 1}"), cell
