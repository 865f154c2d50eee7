"""From the bytes of a landed file to one UTF-8 text file with one numbered record after another.

Here belongs: decompression, encoding, line ends, NUL bytes, blank lines, quoted line breaks, the header. Not here: what
a field means. Each record goes out as `line number, mark, record` separated by the feed's delimiter, so that the CSV
reader of DuckDB can't lose count; a mark is the number of further lines of the record, if any, and letters. Each record
that can't be a record is refused here with its rule. Lines are counted twice, by splitting and by counting line ends,
and must agree. Memory and time are bounded whatever the bytes: no line is kept beyond a block, none is scanned twice.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import methodcaller
from pathlib import Path
from typing import BinaryIO, TextIO

from orchestration.errors import AccountingError, InputError
from orchestration.extract.landing import BLOCK, Manifest, open_stream

MAX_LINE_BYTES = 1 << 20
MAX_RECORD_LINES = 100
MAX_COLUMNS = 2000
LINE, MARK = "#line", "#mark"
NUL_MARK, TAIL_MARK = "n", "t"
_SHOWN_BYTES = 1000

REASONS = {
    "undecodable": "the line is not text in the encoding of the file",
    "line_too_long": f"the line has more than {MAX_LINE_BYTES} bytes; its beginning is shown",
    "unclosed_quote": f"a quote opens and does not close within {MAX_RECORD_LINES} lines and {MAX_LINE_BYTES} bytes",
    "malformed_quotes": "text follows a closing quote",
    "too_many_columns": "the record has more columns than the file",
}
_BOM = {"utf-8": codecs.BOM_UTF8, "gb18030": "\ufeff".encode("gb18030")}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Dialect:
    """How records are told apart. Without `quote` a line is a record."""

    delimiter: str
    quote: str = ""
    escape: str = ""
    header: bool = False
    skip: int = 0

    @property
    def doubles_quotes(self) -> bool:
        """Whether a quote inside a quoted field is written twice."""
        return self.escape in ("", self.quote)


@dataclass
class Prepared:
    """The numbered file and what was met on the way. `rows_in` = `records` + refused ones; blank lines and the header
    are not rows. `header` is None when the dialect has none or the file is empty. Without `is_text`
    neither file is there, as what was read was no text (tables.py)."""

    path: Path
    refused_path: Path
    encoding: str
    records: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    header: list[str] | None = None
    header_line: int = 0
    blank_lines: int = 0
    multiline: bool = False
    is_text: bool = True
    warnings: list[str] = field(default_factory=list)

    @property
    def rows_in(self) -> int:
        """Physical records of the file."""
        return self.records + self.refused.total()


def prepare(
    manifest: Manifest, original: Path, encoding: str, dialect: Dialect, folder: Path, columns: int | None = None
) -> Prepared:
    """Write the numbered file of a landed object into `folder`. A file has the columns of its header, else `columns`.

    Raises InputError for UTF-16 and for a header that can't be read, AccountingError when the two line counts differ.
    """
    chosen, strict = _encoding(manifest, original, encoding)
    done = Prepared(folder / "numbered.txt", folder / "refused.jsonl", chosen)
    if manifest.stream_size == 0:
        done.warnings.append(f"{manifest.name}: the file is empty")
    with done.path.open("wb") as target, done.refused_path.open("w", encoding="utf-8") as refused:
        writer = _Writer(manifest, dialect, done, target, refused, chosen, strict, columns)
        with open_stream(original, manifest.packing) as stream:
            for block, is_last in _line_blocks(stream):
                writer.block(block, is_last)
        writer.finish()
    if dialect.header and done.header is not None and done.rows_in == 0:
        done.warnings.append(f"{manifest.name}: the file has a header and no rows")
    return done


def whole_text(
    manifest: Manifest, original: Path, encoding: str, most_bytes: int
) -> tuple[list[tuple[str, bool]], str]:
    """All of a landed text file, or each file of a bundle, and its encoding. Of a file of a bundle that does not decode
    the text shows the bytes, and False stands beside it.

    Raises InputError for a file that is longer than `most_bytes`, or that is no bundle and does not decode.
    """
    if manifest.stream_size > most_bytes:
        raise InputError(
            f"the file has {manifest.stream_size >> 20} MiB; of this kind at most {most_bytes >> 20} are read at once.",
            file=manifest.name,
            rule="too_large",
            todo="write one object to a line (`jq -c '.[]' export.json > export.jsonl` does): these have no limit.",
        )
    chosen, _ = _encoding(manifest, original, encoding)
    with open_stream(original, manifest.packing) as stream:
        content = stream.read()
    found: list[tuple[str, bool]] = []
    begin = 0
    for size in manifest.part_sizes or [len(content)]:
        part = content[begin : begin + size].removeprefix(_BOM[chosen])
        begin += size + 1  # a line break stands between them
        try:
            found.append((part.decode(chosen), True))
        except UnicodeDecodeError as error:
            if not manifest.bundled:
                raise InputError(
                    f"the file is not {chosen}.",
                    file=manifest.name,
                    line=part[: error.start].count(b"\n") + 1,
                    rule="encoding",
                    todo="save it as UTF-8, or say what it is in the configuration (encoding: gb18030).",
                ) from error
            found.append((part.decode(chosen, "backslashreplace"), False))
    return found, chosen


def raw_records(prepared: Prepared, delimiter: str, lines: set[int]) -> Iterator[tuple[int, str]]:
    """Text of the records that begin at `lines`, as prepared (without number and mark)."""
    between = re.escape(delimiter.encode())
    begin = re.compile(rb"(\d+)" + between + rb"(\d*)[a-z]*" + between)
    with prepared.path.open("rb") as handle:
        for line in handle:
            match = begin.match(line)
            assert match is not None  # each record was written so
            parts = [line[match.end() :], *(next(handle) for _ in range(int(match[2] or 0)))]
            if int(match[1]) in lines:
                yield int(match[1]), b"".join(parts)[:-1].decode("utf-8")


# --- encoding --------------------------------------------------------------------------------------------


def _encoding(manifest: Manifest, original: Path, said: str) -> tuple[str, bool]:
    """The encoding of the file, and whether all of it decodes."""
    with open_stream(original, manifest.packing) as stream:
        begin = stream.read(4)
    if begin.startswith(_UTF16):
        raise InputError(
            "the file is UTF-16.", file=manifest.name, rule="encoding", todo="save or convert it as UTF-8."
        )
    if said != "auto":
        return said, _decodes(manifest, original, said)
    if _decodes(manifest, original, "utf-8"):
        return "utf-8", True
    if begin.startswith(codecs.BOM_UTF8):
        return "utf-8", False
    foreign = utf8 = gb18030 = 0
    with open_stream(original, manifest.packing) as stream:
        for block, _ in _line_blocks(stream):
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
        with open_stream(original, manifest.packing) as stream:
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


def _line_blocks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Blocks that end at a line end (only the last one may not), and whether it is the last one. Of a line longer than
    a block only so much is kept as shows that it is too long."""
    rest = b""
    while block := stream.read(BLOCK):
        block = rest + block
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
        rest = block[cut:]
        if cut:
            yield block[:cut], False
        if len(rest) > BLOCK:
            rest = _shortened(rest)
    yield rest, True


def _shortened(line: bytes) -> bytes:
    """The beginning of a line that has no end yet, too long to pass for a line. A file system may fill what a power cut
    left with NUL bytes: the line behind them is none the longer for them."""
    end = b"\r" if line.endswith(b"\r") else b""
    mark = b"\0" if b"\0" in line else b""
    return mark + line.removesuffix(end).replace(b"\0", b"")[: MAX_LINE_BYTES + 1] + end


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
        columns: int | None,
    ) -> None:
        self._manifest, self._dialect, self._done = manifest, dialect, done
        self._target, self._refused = target, refused
        self._encoding, self._strict = encoding, strict
        self._columns = sys.maxsize if columns is None else columns
        self._delimiter = dialect.delimiter.encode()
        self._quote = dialect.quote.encode()
        self._line = 0  # lines split so far
        self._counted = 0  # line ends counted so far
        self._spent = 0  # lines that became records, refusals, blanks or header
        self._waiting: deque[tuple[int, bytes, str]] = deque()  # lines of a record whose quote is open
        self._waiting_bytes = 0
        self._to_skip = dialect.skip
        if dialect.quote:
            self._closed, self._open, self._closes, self._stays, self._quoted = _patterns(dialect)

    def block(self, block: bytes, is_last: bool) -> None:
        """Take the next block of whole lines."""
        if self._counted == 0:
            block = block.removeprefix(_BOM[self._encoding])
        self._counted += block.count(b"\n")
        if b"\r" in block:
            self._counted += block.count(b"\r") - block.count(b"\r\n")
        tail = is_last and bool(block) and not block.endswith((b"\n", b"\r"))
        self._counted += tail
        lines = block.splitlines()
        plain = (
            self._strict
            and not tail
            and not self._waiting
            and self._line >= self._to_skip
            and not (self._dialect.header and self._done.header is None)
            and b"\0" not in block
            and all(lines)
            and (not lines or len(max(lines, key=len)) <= MAX_LINE_BYTES)
            and self._are_records(block, lines)
        )
        if plain:
            if self._encoding != "utf-8":
                lines = block.decode(self._encoding).encode("utf-8").splitlines()
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

    def _are_records(self, block: bytes, lines: list[bytes]) -> bool:
        """Whether it is quickly seen that each line is a record of no more than the file's columns."""
        if self._quote and self._quote in block:
            # in GB18030 a delimiter's byte may be half a character
            return self._encoding == "utf-8" and all(map(_narrow(self._dialect, self._columns).fullmatch, lines))
        if self._columns == sys.maxsize or self._delimiter not in block:
            return True
        count = methodcaller("count", self._delimiter)
        return all(count(line) < self._columns for line in lines)

    def finish(self) -> None:
        """Give up open quotes and compare the counts."""
        self._give_up_all()
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
            self._give_up_all()
            self._spent += 1
            self._refuse(number, line[:_SHOWN_BYTES], "line_too_long", self._encoding)
            return
        if self._encoding != "utf-8" or not self._strict:
            try:
                line = line.decode(self._encoding).encode("utf-8")
            except UnicodeDecodeError:
                self._give_up_all()
                self._spent += 1
                self._refuse(number, line, "undecodable", self._encoding)
                return
        self._assemble(number, line, mark)

    def _assemble(self, number: int, line: bytes, mark: str) -> None:
        """Add a line to the record that waits for it, or begin one."""
        if not self._waiting:
            self._begin(number, line, mark)
            return
        if self._quote in line and not self._stays.fullmatch(line + b"\n"):
            if self._closes.fullmatch(line):
                self._wait(number, line, mark)
                text = b"\n".join(part for _, part, _ in self._waiting)
                marks = "".join(sorted({letter for _, _, letters in self._waiting for letter in letters}))
                first, count = self._waiting[0][0], len(self._waiting)
                self._waiting.clear()
                self._waiting_bytes = 0
                self._emit(first, text, marks, count)
                return
            self._give_up_all()  # the line fits behind no open quote, whichever line opened it
            self._begin(number, line, mark)
            return
        self._wait(number, line, mark)
        while len(self._waiting) > MAX_RECORD_LINES or self._waiting_bytes > MAX_LINE_BYTES:
            self._give_up()

    def _begin(self, number: int, line: bytes, mark: str) -> None:
        """Take a line that no record waits for."""
        if not line:
            self._done.blank_lines += 1
            self._spent += 1
        elif not self._quote or self._quote not in line or self._closed.fullmatch(line):
            self._emit(number, line, mark, 1)
        elif self._open.fullmatch(line + b"\n"):
            self._wait(number, line, mark)
        else:
            self._spent += 1
            self._refuse(number, line, "malformed_quotes")

    def _wait(self, number: int, line: bytes, mark: str) -> None:
        self._waiting.append((number, line, mark))
        self._waiting_bytes += len(line) + 1

    def _give_up(self) -> None:
        """Refuse the line whose quote does not close, and read the lines behind it on their own, up to one that opens a
        quote itself: as the lines after that one left a quote open, they leave this one open too."""
        number, line, _ = self._next_waiting()
        self._spent += 1
        self._refuse(number, line, "unclosed_quote")
        while self._waiting and not self._open.fullmatch(self._waiting[0][1] + b"\n"):
            self._begin(*self._next_waiting())

    def _give_up_all(self) -> None:
        """What comes next belongs to no record that waits."""
        while self._waiting:
            self._give_up()

    def _next_waiting(self) -> tuple[int, bytes, str]:
        first = self._waiting.popleft()
        self._waiting_bytes -= len(first[1]) + 1
        return first

    def _emit(self, number: int, record: bytes, mark: str, lines: int) -> None:
        self._spent += lines
        if self._dialect.header and self._done.header is None:
            self._done.header = self._names(number, record)
            self._done.header_line = number
            self._columns = len(self._done.header)
            return
        # Each field too many would cost DuckDB a copy of the whole line.
        if record.count(self._delimiter) >= self._columns and self._is_too_wide(record):
            self._refuse(number, record, "too_many_columns")
            return
        self._done.records += 1
        if lines > 1:
            self._done.multiline = True
            mark = f"{lines - 1}{mark}"
        self._target.write(b"%d%b%b%b%b\n" % (number, self._delimiter, mark.encode(), self._delimiter, record))

    def _is_too_wide(self, record: bytes) -> bool:
        """Whether a record has a value behind the last column."""
        if self._quote:
            record = self._quoted.sub(lambda field: field[1] + b"x" * (field[2] != b""), record)
        return record.decode("utf-8").rstrip(self._dialect.delimiter).count(self._dialect.delimiter) >= self._columns

    def _refuse(self, number: int, line: bytes, rule: str, encoding: str = "utf-8") -> None:
        """Refuse a record that begins at line `number`."""
        if self._dialect.header and self._done.header is None:
            raise bad_header(self._manifest, number, f"can't be read: {REASONS[rule]}")
        self._done.refused[rule] += 1
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
                escapechar=None if self._dialect.doubles_quotes else self._dialect.escape,
                doublequote=self._dialect.doubles_quotes,
            )
            try:
                names = next(reader)
            except csv.Error as error:
                raise bad_header(self._manifest, number, f"can't be read: {error}") from error
        else:
            names = text.split(self._dialect.delimiter)
        return header_names(self._manifest, number, names)


def header_names(manifest: Manifest, number: int, names: Sequence[str]) -> list[str]:
    """Names of a file's columns from the header on line `number`. Raises InputError for too many, and for one that is
    there twice."""
    if len(names) > MAX_COLUMNS:
        raise bad_header(manifest, number, f"names {len(names)} columns; {MAX_COLUMNS} are read")
    # A column without a name (a delimiter at the end of the line) can't be mapped and does no harm; one with a name of
    # ours would do some.
    named = ((index, name.strip()) for index, name in enumerate(names, 1))
    found = [f"#{index}" if name.casefold() in ("", LINE, MARK) else name for index, name in named]
    seen: set[str] = set()
    for name in found:
        if name.casefold() in seen:
            raise bad_header(manifest, number, f"names the column {name!r} twice")
        seen.add(name.casefold())
    return found


def bad_header(manifest: Manifest, number: int, problem: str) -> InputError:
    """The error of a header on line `number` that can't be used."""
    return InputError(
        f"the header {problem}.",
        file=manifest.name,
        line=number,
        rule="header",
        todo="correct it, or name the columns in the configuration (format: {header: false, skip: 1}, columns: [...]).",
    )


def _field(dialect: Dialect) -> tuple[bytes, bytes]:
    """Patterns of what is in a quoted field, and of a whole field."""
    quote, delimiter = re.escape(dialect.quote.encode()), re.escape(dialect.delimiter.encode())
    if not dialect.doubles_quotes:
        escape = re.escape(dialect.escape.encode())
        inside = rb"(?:[^" + quote + escape + rb"]|" + escape + rb"[\s\S])*+"
    else:
        inside = rb"[^" + quote + rb"]*+(?:" + quote + quote + rb"[^" + quote + rb"]*+)*+"
    bare = rb"(?:[^" + quote + delimiter + rb"\n][^" + delimiter + rb"\n]*+)?"
    return inside, rb"(?:" + quote + inside + quote + rb"|" + bare + rb")"


@lru_cache(maxsize=8)
def _narrow(dialect: Dialect, columns: int) -> re.Pattern[bytes]:
    """A whole record of at most so many columns (of any number for `sys.maxsize`)."""
    _, whole = _field(dialect)
    further = b"*+" if columns == sys.maxsize else b"{0,%d}+" % (columns - 1)
    return re.compile(whole + rb"(?:" + re.escape(dialect.delimiter.encode()) + whole + rb")" + further)


def _patterns(dialect: Dialect) -> tuple[re.Pattern[bytes], ...]:
    """A whole record; a line that ends within a quote; behind an open quote: a line that ends the record; one that ends
    within a quote. A line that may end within a quote is matched with its line end, which an escape may precede. Last,
    a quoted field with the delimiter before it (1) and what is in it (2)."""
    quote, delimiter = re.escape(dialect.quote.encode()), re.escape(dialect.delimiter.encode())
    inside, whole = _field(dialect)
    closed = whole + rb"(?:" + delimiter + whole + rb")*+"
    opened = rb"(?:" + whole + delimiter + rb")*+" + quote + inside
    closes = inside + quote + rb"(?:" + delimiter + whole + rb")*+"
    stays = inside + rb"|" + inside + quote + delimiter + opened
    quoted = rb"(^|" + delimiter + rb")" + quote + rb"(" + inside + rb")" + quote
    return tuple(re.compile(pattern) for pattern in (closed, opened, closes, stays, quoted))
