"""From the bytes of a landed file to one UTF-8 text file with one numbered record after another.

Here belongs: decompression, encoding, line ends, NUL bytes, blank lines, quoted line breaks, the header. Not here: what
a field means. Each record goes out as `line number, mark, record` separated by the feed's delimiter, so that the CSV
reader of DuckDB can't lose count; each record that can't be a record is refused here with its rule. Lines are counted
twice, by splitting and by counting line ends, and must agree.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from orchestration.errors import AccountingError, InputError
from orchestration.extract.landing import BLOCK, Manifest, open_stream

MAX_LINE_BYTES = 1 << 20
MAX_RECORD_LINES = 100
MAX_BLOCK_BYTES = 1 << 26
NUL_MARK, TAIL_MARK = "n", "t"

REASONS = {
    "undecodable": "the line is not text in the encoding of the file",
    "line_too_long": f"the line has more than {MAX_LINE_BYTES} bytes",
    "unclosed_quote": "a quote opens and does not close",
    "malformed_quotes": "text follows a closing quote",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Dialect:
    """How records are told apart. Without `quote` a line is a record."""

    delimiter: str
    quote: str = ""
    escape: str = ""
    header: bool = False
    skip: int = 0


@dataclass
class Prepared:
    """The numbered file and what was met on the way. `rows_in` = `records` + refused ones; blank lines and the header
    are not rows. `header` is None when the dialect has none or the file is empty."""

    path: Path
    refused_path: Path
    encoding: str
    records: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    header: list[str] | None = None
    header_line: int = 0
    blank_lines: int = 0
    multiline: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def rows_in(self) -> int:
        """Physical records of the file."""
        return self.records + self.refused.total()


def prepare(manifest: Manifest, original: Path, encoding: str, dialect: Dialect, folder: Path) -> Prepared:
    """Write the numbered file of a landed object into `folder`.

    Raises InputError for UTF-16 and for a header that can't be read, AccountingError when the two line counts differ.
    """
    chosen, strict = _encoding(manifest, original, encoding)
    done = Prepared(folder / "numbered.txt", folder / "refused.jsonl", chosen)
    if manifest.stream_size == 0:
        done.warnings.append(f"{manifest.name}: the file is empty")
    with done.path.open("wb") as target, done.refused_path.open("w", encoding="utf-8") as refused:
        writer = _Writer(manifest, dialect, done, target, refused, chosen, strict)
        with open_stream(original, manifest.is_gzip) as stream:
            for block, is_last in _line_blocks(stream, manifest.name):
                writer.block(block, is_last)
        writer.finish()
    if dialect.header and done.header is not None and done.rows_in == 0:
        done.warnings.append(f"{manifest.name}: the file has a header and no rows")
    return done


def raw_records(prepared: Prepared, delimiter: str, lines: set[int]) -> Iterator[tuple[int, str]]:
    """Text of the records that begin at `lines`, as prepared (without number and mark)."""
    begin = re.compile(rb"(\d+)" + re.escape(delimiter.encode()) + rb"[a-z]*" + re.escape(delimiter.encode()))
    current: int | None = None
    parts: list[bytes] = []
    with prepared.path.open("rb") as handle:
        for line in handle:
            # A continuation of a quoted record may look like a beginning only if its number were the next one expected.
            match = begin.match(line)
            if match and not (prepared.multiline and current is not None and int(match[1]) <= current):
                if current in lines:
                    yield current, b"".join(parts).decode("utf-8").rstrip("\n")
                current, parts = int(match[1]), [line[match.end() :]]
            else:
                parts.append(line)
    if current is not None and current in lines:
        yield current, b"".join(parts).decode("utf-8").rstrip("\n")


# --- encoding --------------------------------------------------------------------------------------------


def _encoding(manifest: Manifest, original: Path, said: str) -> tuple[str, bool]:
    """The encoding of the file, and whether all of it decodes."""
    with open_stream(original, manifest.is_gzip) as stream:
        begin = stream.read(4)
    if begin.startswith(_UTF16):
        raise InputError(
            "the file is UTF-16.", file=manifest.name, rule="encoding", todo="save or convert it as UTF-8."
        )
    if said != "auto":
        return said, _decodes(manifest, original, said)
    if _decodes(manifest, original, "utf-8"):
        return "utf-8", True
    foreign = utf8 = gb18030 = 0
    with open_stream(original, manifest.is_gzip) as stream:
        for block, _ in _line_blocks(stream, manifest.name):
            for line in block.splitlines():
                if not line.isascii():
                    foreign += 1
                    utf8 += _decodable(line, "utf-8")
                    gb18030 += _decodable(line, "gb18030")
    # GB18030 text is hardly ever valid UTF-8, while UTF-8 text often happens to be valid GB18030: hence the majority.
    if 2 * utf8 > foreign or utf8 >= gb18030:
        return "utf-8", False
    return "gb18030", gb18030 == foreign


def _decodes(manifest: Manifest, original: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with open_stream(original, manifest.is_gzip) as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


# --- records ---------------------------------------------------------------------------------------------


def _line_blocks(stream: BinaryIO, name: str) -> Iterator[tuple[bytes, bool]]:
    """Blocks that end at a line end (only the last one may not), and whether it is the last one."""
    rest = b""
    while True:
        block = stream.read(BLOCK)
        if not block:
            yield rest, True
            return
        block = rest + block
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1) if b"\r" in block else -1) + 1
        rest = block[cut:]
        if cut:
            yield block[:cut], False
        elif len(rest) > MAX_BLOCK_BYTES:
            raise InputError(
                f"{MAX_BLOCK_BYTES} bytes without a line end.",
                file=name,
                rule="not_text",
                todo="check that the path names a text file.",
            )


class _Writer:
    """Splits blocks into records, counts, and writes them."""

    def __init__(
        self,
        manifest: Manifest,
        dialect: Dialect,
        done: Prepared,
        target: BinaryIO,
        refused: TextIO,
        encoding: str,
        strict: bool,
    ) -> None:
        self._manifest, self._dialect, self._done = manifest, dialect, done
        self._target, self._refused = target, refused
        self._encoding, self._strict = encoding, strict
        self._delimiter = dialect.delimiter.encode()
        self._quote = dialect.quote.encode()
        self._line = 0  # lines split so far
        self._counted = 0  # line ends counted so far
        self._spent = 0  # lines that became records, refusals, blanks or header
        self._waiting: deque[tuple[int, bytes, str]] = deque()  # lines of a record whose quote is open
        self._to_skip = dialect.skip
        if dialect.quote:
            self._closed, self._open = _patterns(dialect)

    def block(self, block: bytes, is_last: bool) -> None:
        """Take the next block of whole lines."""
        if self._counted == 0 and block.startswith(codecs.BOM_UTF8):
            block = block[len(codecs.BOM_UTF8) :]
        self._counted += block.count(b"\n")
        if b"\r" in block:
            self._counted += block.count(b"\r") - block.count(b"\r\n")
        tail = is_last and bool(block) and not block.endswith((b"\n", b"\r"))
        self._counted += tail
        if self._encoding != "utf-8" and self._strict:
            block = block.decode(self._encoding).encode("utf-8")
        lines = block.splitlines()
        plain = (
            self._strict
            and not tail
            and not self._waiting
            and self._line >= self._to_skip
            and not (self._dialect.header and self._done.header is None)
            and b"\0" not in block
            and not (self._quote and self._quote in block)
            and all(lines)
            and (not lines or len(max(lines, key=len)) <= MAX_LINE_BYTES)
        )
        if plain:
            between = self._delimiter * 2
            self._target.writelines(
                [b"%d%b%b\n" % (number, between, line) for number, line in enumerate(lines, self._line + 1)]
            )
            self._line += len(lines)
            self._spent += len(lines)
            self._done.records += len(lines)
            return
        for index, line in enumerate(lines):
            self._line += 1
            self._take(self._line, line, TAIL_MARK if tail and index == len(lines) - 1 else "")

    def finish(self) -> None:
        """Give up open quotes and compare the counts."""
        while self._waiting:
            self._give_up()
        if not self._counted == self._line == self._spent:
            raise AccountingError(
                f"{self._counted} lines were counted, {self._line} were split, {self._spent} were used.",
                file=self._manifest.name,
                rule="accounting",
                todo="report this file's form as a defect of callmart.",
            )

    def _take(self, number: int, line: bytes, mark: str) -> None:
        if number <= self._to_skip:
            self._spent += 1
            return
        if b"\0" in line:
            line, mark = line.replace(b"\0", b""), NUL_MARK + mark
        if len(line) > MAX_LINE_BYTES:
            self._refuse(number, line[:1000], "line_too_long")
            return
        if not self._strict:
            try:
                line = line.decode(self._encoding).encode("utf-8")
            except UnicodeDecodeError:
                self._refuse(number, line, "undecodable")
                return
        self._assemble(number, line, mark)

    def _assemble(self, number: int, line: bytes, mark: str) -> None:
        """Add a line to the record that waits for it, or begin one."""
        if self._waiting:
            self._waiting.append((number, line, mark))
            if self._quote in line:
                text = b"\n".join(part for _, part, _ in self._waiting)
                if self._closed.fullmatch(text):
                    marks = "".join(sorted({m for _, _, ms in self._waiting for m in ms}))
                    first, count = self._waiting[0][0], len(self._waiting)
                    self._waiting.clear()
                    self._done.multiline = True
                    self._emit(first, text, marks, count)
                    return
                if not self._open.fullmatch(text):
                    self._give_up()
                    return
            if len(self._waiting) > MAX_RECORD_LINES:
                self._give_up()
            return
        if not line:
            self._done.blank_lines += 1
            self._spent += 1
        elif not self._quote or self._quote not in line or self._closed.fullmatch(line):
            self._emit(number, line, mark, 1)
        elif self._open.fullmatch(line):
            self._waiting.append((number, line, mark))
        else:
            self._refuse(number, line, "malformed_quotes")

    def _give_up(self) -> None:
        """Refuse the line whose quote does not close, and read the lines after it on their own."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self._refuse(waiting[0][0], waiting[0][1], "unclosed_quote")
        for number, line, mark in waiting[1:]:
            self._assemble(number, line, mark)

    def _emit(self, number: int, record: bytes, mark: str, lines: int) -> None:
        self._spent += lines
        if self._dialect.header and self._done.header is None:
            self._done.header = self._names(number, record)
            self._done.header_line = number
            return
        self._done.records += 1
        self._target.write(b"%d%b%b%b%b\n" % (number, self._delimiter, mark.encode(), self._delimiter, record))

    def _refuse(self, number: int, line: bytes, rule: str) -> None:
        self._spent += 1
        self._done.refused[rule] += 1
        encoding = "utf-8" if self._strict else self._encoding
        row = {
            "source_line": number,
            "column_name": None,
            "rule": rule,
            "reason": REASONS[rule],
            "raw": line.decode(encoding, "backslashreplace"),
        }
        self._refused.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _names(self, number: int, record: bytes) -> list[str]:
        text = record.decode("utf-8")
        if self._dialect.quote:
            reader = csv.reader(
                io.StringIO(text),
                delimiter=self._dialect.delimiter,
                quotechar=self._dialect.quote,
                escapechar=self._dialect.escape or None,
                doublequote=not self._dialect.escape,
            )
            names = next(reader)
        else:
            names = text.split(self._dialect.delimiter)
        names = [name.strip() for name in names]
        seen: set[str] = set()
        for name in names:
            if name.casefold() in seen:
                raise InputError(
                    f"the header names the column {name!r} twice.",
                    file=self._manifest.name,
                    line=number,
                    rule="header",
                    todo="name the columns in the configuration (format: {header: false, skip: 1}, columns: [...]).",
                )
            seen.add(name.casefold())
        return names


def _patterns(dialect: Dialect) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A whole record; and a record whose last field has an open quote."""
    quote, delimiter = re.escape(dialect.quote.encode()), re.escape(dialect.delimiter.encode())
    if dialect.escape and dialect.escape != dialect.quote:
        escape = re.escape(dialect.escape.encode())
        inside = rb"(?:[^" + quote + escape + rb"]|" + escape + rb"[\s\S])*+"
    else:
        inside = rb"[^" + quote + rb"]*+(?:" + quote + quote + rb"[^" + quote + rb"]*+)*+"
    bare = rb"(?:[^" + quote + delimiter + rb"\n][^" + delimiter + rb"\n]*+)?"
    whole = rb"(?:" + quote + inside + quote + rb"|" + bare + rb")"
    closed = whole + rb"(?:" + delimiter + whole + rb")*+"
    opened = rb"(?:" + whole + delimiter + rb")*" + quote + inside
    return re.compile(closed), re.compile(opened)
