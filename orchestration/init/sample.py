"""The beginning of an export that nobody has described yet: what kind of file it is, where its table begins, its rows.

Here belongs: packing, kind, encoding, delimiter, quote, title lines, header, sheet. The rows themselves are read by the
code that will read them later. Not here: what a column means.
"""

from __future__ import annotations

import csv
import glob
import io
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from gzip import BadGzipFile
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration import paths
from orchestration.config import Feed, FileKind, Format, parse_config
from orchestration.errors import InputError
from orchestration.extract import tables
from orchestration.extract.adapters import adapter
from orchestration.extract.engine import connect
from orchestration.extract.expressions import literal, quote
from orchestration.extract.judging import read_object
from orchestration.extract.landing import GZIP_MAGIC, ORIGINAL, Manifest, Packing, land, open_stream, read_manifests
from orchestration.extract.masking import mask_text
from orchestration.extract.text import prepare
from orchestration.init.columns import Column, columns_of
from orchestration.init.synonyms import squeezed, synonyms

FEED = "canonical.contact"
MOST_BYTES = 8 << 20
MOST_ROWS = 20_000
_SLICE_SHARE = 16  # of these bytes one in so many is read in each of four later places too
_FIRST_COLUMNS = 3  # in which a line says that it is a sum
_LOOKED_AT = 300  # lines among which the header is looked for
_ZIP_MAGIC, _OLD_EXCEL_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",\t;|"


@dataclass(frozen=True)
class Form:
    """How the file must be read: what of it differs from the defaults goes into the configuration."""

    kind: FileKind = "csv"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip: int = 0
    sheet: str | None = None

    def settings(self, name: str) -> dict[str, Any]:
        """`format` of the configuration for a file of that name."""
        said: dict[str, Any] = {}
        if Format().kind_of(name) != self.kind:
            said["kind"] = self.kind
        if self.sheet is not None:
            said["sheet"] = self.sheet
        if self.kind == "csv":
            usual = Form()
            for key in ("delimiter", "quote", "escape"):
                if getattr(self, key) != getattr(usual, key):
                    said[key] = getattr(self, key).replace("\t", "tab")
        if self.skip:
            said["skip"] = self.skip
        return said


@dataclass
class Sample:
    """The rows looked at, as table `raw` of `db` (texts). `file` is the copy that was read: the whole export, or with
    `is_cut` its beginning. `totals`: SQL of lines that sum up others, which are not in `raw`; empty without any."""

    name: str
    file: Path
    form: Form
    encoding: str
    db: duckdb.DuckDBPyConnection
    columns: list[Column] = field(default_factory=list)
    rows: int = 0
    is_cut: bool = False
    totals: str = ""


@contextmanager
def open_sample(export: Path) -> Iterator[Sample]:
    """The sample of an export; its copy is private and goes with the block. Raises InputError for a file that can't be
    read, that holds no table, or whose header can't be found."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callmart-init-")))
        root = folder / "data"
        source, is_cut = _copied(export, folder)
        kind = _kind(source, export)
        if kind == "parquet":
            raise InputError("callmart init reads CSV, JSON lines and workbooks.", file=export, rule="kind",
                             todo="write the mapping by hand, see docs/sources.md.")  # fmt: skip
        db = stack.enter_context(connect(root))
        scratch = paths.make_private(folder / "scratch", folder)
        encoding = "auto"
        if kind == "xlsx":
            form, is_cut = _workbook_form(source, export)
            manifest, feed, original = _landed(source, root)
        else:
            manifest, feed, original = _landed(source, root)
            form = Form(kind)
            if kind == "csv":
                form, encoding = _text_form(manifest, original, scratch, export)
        said = {"format": Format(**form.settings(source.name)), "encoding": encoding}
        feed = feed.model_copy(update=said)
        prepared, names = read_object(db, adapter(FEED), manifest, feed, original, scratch)
        sample = Sample(source.name, source, form, prepared.encoding, db, rows=prepared.rows_in, is_cut=is_cut)
        if totals := _total_lines(db, names):
            sample.totals = totals
            db.execute(f"delete from raw where {totals}")
        sample.columns = columns_of(db, names, kind == "json_lines")
        if not prepared.records or not sample.columns:
            raise InputError("the file has no rows.", file=export, rule="no_rows", todo="name an export with calls.")
        yield sample


def _landed(source: Path, root: Path) -> tuple[Manifest, Feed, Path]:
    """The copy landed as a feed's file would be, by a configuration that maps nothing."""
    said = {
        "centre": {"site_id": "x", "name": {"zh": "x", "en": "x"}, "timezone": "UTC", "first_date": "1900-01-01"},
        "sources": {
            "canonical": {
                "feeds": {
                    "contact": {
                        "paths": [glob.escape(source.name)],
                        "mapping": {"contact_id": "''", "started_at": "''", "outcome": "''"},
                    }
                }
            }
        },
    }
    config = parse_config(yaml.safe_dump(said, allow_unicode=True), source.parent / "callmart.yaml")
    feed = config.feed(FEED)
    land(feed, root, datetime.now(UTC))
    (manifest,) = read_manifests(FEED, root)
    return manifest, feed, paths.object_dir(root, FEED, manifest.object_id) / ORIGINAL


def _total_lines(db: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """A condition over the export's columns that only lines with sums meet; empty when there is none."""
    words = "|".join(synonyms().totals)
    for name in names[:_FIRST_COLUMNS]:
        rows = db.execute(
            f"""select distinct {quote(name)} as v from raw
            where regexp_matches(lower(v), '^({words})[ :：]*$') order by v"""
        ).fetchall()
        if rows:
            return f"{quote(name)} in ({', '.join(literal(text) for (text,) in rows)})"
    return ""


# --- the copy ----------------------------------------------------------------------------------------------


def _copied(export: Path, folder: Path) -> tuple[Path, bool]:
    """The unpacked file, or of long text its first `MOST_BYTES` and, unless it is packed, some lines from later places:
    more dates tell more of the order of day and month. And whether something is left out."""
    if export.exists() and not export.is_file():  # to open a pipe could wait for ever
        raise InputError("this is no file.", file=export, rule="unreadable", todo="name an export.")
    target = paths.make_private(folder / "source", folder) / bare_name(export)
    try:
        with export.open("rb") as handle:
            begin = handle.read(4)
        packing: Packing = (
            "gzip" if begin.startswith(GZIP_MAGIC) else "zip" if export.suffix.lower() == ".zip" else "none"
        )
        with open_stream(export, packing) as stream, target.open("wb") as copy:
            head = stream.read(MOST_BYTES)
            is_whole = head.startswith(_ZIP_MAGIC)  # a workbook can't be cut
            copy.write(head)
            while (more := stream.read(MOST_BYTES)) and is_whole:
                copy.write(more)
    except (OSError, EOFError, BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"the file can't be read: {reason}.", file=export, rule="unreadable", todo="name a readable export."
        ) from error
    if more and not is_whole:
        target.write_bytes(_whole_records(head) + (_later_records(export, len(head)) if packing == "none" else b""))
    return target, bool(more) and not is_whole


def bare_name(export: Path) -> str:
    """A file's name without what it is packed in."""
    name = export.name
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in (".gz", ".zip") else name


def _whole_records(head: bytes) -> bytes:
    """The bytes up to the last line end outside quotes."""
    end = len(head)
    while (end := head.rfind(b"\n", 0, end)) > 0:
        if head.count(b'"', 0, end) % 2 == 0:
            return head[: end + 1]
    return head


def _later_records(export: Path, begin: int) -> bytes:
    """Whole lines from four places behind `begin`, the last of them the end of the file; none from a place where a
    quoted record may have been cut."""
    size, length, found = export.stat().st_size, MOST_BYTES // _SLICE_SHARE, b""
    with export.open("rb") as handle:
        for quarter in (1, 2, 3, 4):
            end = begin + (size - begin) * quarter // 4
            handle.seek(max(begin, end - length))
            part = handle.read(end - handle.tell())
            lines = part[part.find(b"\n") + 1 : None if end == size else part.rfind(b"\n") + 1]
            found += lines if lines.count(b'"') % 2 == 0 else b""
    return found


def _kind(source: Path, export: Path) -> FileKind:
    """Kind of the file by its first bytes, else by its name."""
    with source.open("rb") as handle:
        begin = handle.read(4096)
    if begin.startswith(_OLD_EXCEL_MAGIC):
        raise InputError("the file is a workbook of the old kind (.xls).", file=export, rule="kind",
                         todo="save it as .xlsx or CSV.")  # fmt: skip
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        raise InputError("the file is a page (HTML or XML), whatever its name.", file=export, rule="kind",
                         todo="open it in a spreadsheet and save it as .xlsx or CSV.")  # fmt: skip
    if begin.startswith(_ZIP_MAGIC):
        return "xlsx"
    named = Format().kind_of(source.name)
    if named == "xlsx":
        return "csv"
    return "json_lines" if named == "csv" and text.startswith(b"{") else named


# --- where the table is ------------------------------------------------------------------------------------


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Which of the rows is the header: the first with the most known headers; when fewer than two are known, the first
    as wide as most rows without a figure in it. None when there is none."""
    hits = [sum(_is_known(cell) for cell in row if cell.strip()) for row in rows]
    if hits and max(hits) >= 2:
        return hits.index(max(hits))
    widths = Counter(sum(bool(cell.strip()) for cell in row) for row in rows)
    usual = max((width for width, count in widths.items() if width > 1), key=lambda width: widths[width], default=0)
    for index, row in enumerate(rows):
        cells = [cell for cell in row if cell.strip()]
        if usual and len(cells) >= usual and not any(character.isdigit() for cell in cells for character in cell):
            return index
    return None


@lru_cache(maxsize=10_000)  # each way to split the lines asks again
def _is_known(cell: str) -> bool:
    known = synonyms()
    header = known.header(cell)
    return (header.key in known.meanings or header.key in known.alone) and not squeezed(cell).isdigit()


def _text_form(manifest: Manifest, original: Path, scratch: Path, export: Path) -> tuple[Form, str]:
    """Delimiter, quote and title lines of a CSV, and its encoding."""
    prepared = prepare(manifest, original, "auto", tables.JSON_LINES, scratch)
    lines: list[tuple[int, str]] = []
    with prepared.path.open(encoding="utf-8", newline="\n") as handle:
        for _, line in zip(range(_LOOKED_AT), handle, strict=False):
            number, _, text = line.rstrip("\n").split(tables.JSON_LINES.delimiter, 2)
            lines.append((int(number), text))
    best: tuple[tuple[int, float, int], Form] | None = None
    for delimiter in _DELIMITERS:
        for mark in ('"', "'"):
            rows, ends = _rows(lines, delimiter, mark)
            widths = Counter(len(row) for row in rows if len(row) > 1)
            at = header_row(rows)
            if not widths or at is None:
                continue
            known = sum(_is_known(cell) for cell in rows[at])
            score = (known, widths.most_common(1)[0][1] / len(rows), mark == '"')
            if best is None or score > best[0]:
                begin = ends[at - 1] if at else 0
                # lines above the header, blank ones among them
                first = next(number for number, _ in lines if number > begin)
                escape = "\\" if any('\\"' in text for _, text in lines) else ""
                best = score, Form("csv", delimiter, mark, escape, first - 1)
    if best is None:
        shown = mask_text(lines[0][1][:80]) if lines else ""
        raise InputError(
            f"no line of the file looks like a header (it begins with {shown!r}).",
            file=export,
            rule="header",
            todo="add a line with the names of the columns, or write the mapping by hand "
            "(format: {header: false}, columns: [...]), see docs/sources.md.",
        )
    return best[1], prepared.encoding


def _rows(lines: Sequence[tuple[int, str]], delimiter: str, quote: str) -> tuple[list[list[str]], list[int]]:
    """The lines as records, and the file's line on which each ends."""
    reader = csv.reader((text + "\n" for _, text in lines), delimiter=delimiter, quotechar=quote)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(lines[reader.line_num - 1][0])
    except csv.Error:  # what came before it will do
        pass
    return rows, ends


def _workbook_form(source: Path, export: Path) -> tuple[Form, bool]:
    """The sheet with the largest table and where its header stands; a long sheet is cut to its first rows."""
    import openpyxl  # a second to import, and only for workbooks

    try:
        book = openpyxl.load_workbook(io.BytesIO(source.read_bytes()), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"the file can't be read as xlsx: {error}.", file=export, rule="unreadable", todo="save it again."
        ) from error
    best: tuple[int, str, int] | None = None
    for sheet in book.worksheets:
        rows = [(number, row) for number, row in zip_rows(sheet, MOST_ROWS) if any(row)]
        at = header_row([row for _, row in rows[:_LOOKED_AT]])
        if at is None:
            continue
        cells = sum(sum(map(bool, row)) for _, row in rows[at:])
        if best is None or cells > best[0]:
            best = cells, sheet.title, rows[at][0]
    if best is None:
        raise InputError("no sheet has a header.", file=export, rule="header",
                         todo="add a row with the names of the columns.")  # fmt: skip
    _, title, number = best
    form = Form("xlsx", skip=number - 1, sheet=title if len(book.sheetnames) > 1 else None)
    values = list(zip(range(number + MOST_ROWS + 1), book[title].iter_rows(values_only=True), strict=False))
    book.close()
    if len(values) <= number + MOST_ROWS:
        return form, False
    short = openpyxl.Workbook(write_only=True)
    target = short.create_sheet(title)
    for _, row in values[:-1]:
        target.append(list(row))
    if form.sheet is not None:
        short.create_sheet("-" + title[:30])
    short.save(source)
    return form, True


def zip_rows(sheet: Any, most: int) -> Iterator[tuple[int, list[str]]]:
    """The first rows of a sheet as texts, with their numbers."""
    for _, row in zip(range(most), tables.sheet_rows(sheet, 0), strict=False):
        yield row
