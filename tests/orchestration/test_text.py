"""Claims about turning bytes into numbered records: encodings, line ends, quotes, and a count that always fits."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.errors import InputError
from orchestration.extract import text
from orchestration.extract.landing import BLOCK, Manifest
from orchestration.extract.text import Dialect, Prepared, prepare, raw_records

CSV = Dialect(",", '"', header=True)
LINES = Dialect("\x1f")


def run(
    folder: Path, content: bytes, dialect: Dialect = LINES, encoding: str = "auto", columns: int | None = None
) -> Prepared:
    folder.mkdir(exist_ok=True)
    (folder / "original").write_bytes(content)
    manifest = Manifest(
        "o", "canonical.contact", "file.csv", len(content), "", len(content), "", False, encoding, "", 1
    )
    return prepare(manifest, folder / "original", encoding, dialect, folder, columns)


def records(done: Prepared, dialect: Dialect = LINES) -> list[tuple[int, str, str]]:
    found = []
    for line in done.path.read_text("utf-8").split("\n")[:-1]:
        number, mark, record = line.split(dialect.delimiter, 2)
        found.append((int(number), mark, record))
    return found


def refused(done: Prepared) -> list[tuple[int, str, str]]:
    rows = [json.loads(line) for line in done.refused_path.read_text("utf-8").splitlines()]
    return [(row["source_line"], row["rule"], row["raw"]) for row in rows]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_is_a_line_end(tmp_path: Path, end: bytes) -> None:
    assert records(run(tmp_path, end.join([b"a", b"b", b"c"]) + end)) == [(1, "", "a"), (2, "", "b"), (3, "", "c")]


def test_mixed_line_ends_keep_line_numbers(tmp_path: Path) -> None:
    assert records(run(tmp_path, b"a\r\nb\nc\rd\n")) == [(1, "", "a"), (2, "", "b"), (3, "", "c"), (4, "", "d")]


def test_line_end_cut_by_a_block_is_one_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK", 2)
    assert records(run(tmp_path, b"a\r\nbcd\r\n\r\ne")) == [(1, "", "a"), (2, "", "bcd"), (4, "t", "e")]


def test_blank_lines_are_no_rows_and_are_counted(tmp_path: Path) -> None:
    done = run(tmp_path, b"a\n\n\nb\n")
    assert (records(done), done.blank_lines, done.rows_in) == ([(1, "", "a"), (4, "", "b")], 2, 2)


def test_last_line_without_line_end_is_marked(tmp_path: Path) -> None:
    assert records(run(tmp_path, b"a\nb")) == [(1, "", "a"), (2, "t", "b")]


def test_nul_bytes_are_removed_and_marked(tmp_path: Path) -> None:
    assert records(run(tmp_path, b"a\n\0\0b\0c\n\0\0\n")) == [(1, "", "a"), (2, "n", "bc")]


@pytest.mark.parametrize("text", ["\ufeff中".encode(), "\ufeff中".encode("gb18030")])
def test_byte_order_mark_is_not_part_of_the_first_field(tmp_path: Path, text: bytes) -> None:
    assert records(run(tmp_path / "line", text)) == [(1, "t", "中")]
    assert run(tmp_path, b"\xef\xbb\xbfid,b\n1,2\n", CSV).header == ["id", "b"]


def test_gb18030_is_found_and_read(tmp_path: Path) -> None:
    done = run(tmp_path, "销售|示例\n客服|测试\n".encode("gb18030"))
    assert done.encoding == "gb18030"
    assert records(done) == [(1, "", "销售|示例"), (2, "", "客服|测试")]


def test_one_broken_line_does_not_make_a_utf8_file_gb18030(tmp_path: Path) -> None:
    done = run(tmp_path, "一\n二\n三\n".encode() + "四".encode()[:2] + b"\n" + "五\n".encode())
    assert done.encoding == "utf-8"
    assert [number for number, _, _ in records(done)] == [1, 2, 3, 5]
    assert refused(done) == [(4, "undecodable", r"\xe5\x9b")]


def test_line_that_is_no_gb18030_is_refused_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "销售\n客服\n".encode("gb18030") + b"\xff\xff\n")
    assert (done.encoding, [r[:2] for r in refused(done)]) == ("gb18030", [(3, "undecodable")])


def test_given_encoding_is_not_doubted(tmp_path: Path) -> None:
    done = run(tmp_path, "销售\nabc\n".encode("gb18030"), encoding="utf-8")
    assert [r[:2] for r in refused(done)] == [(1, "undecodable")] and records(done) == [(2, "", "abc")]


def test_utf16_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-16"):
        run(tmp_path, "a,b\n".encode("utf-16"))


def test_empty_file_and_header_alone_are_warnings(tmp_path: Path) -> None:
    assert run(tmp_path, b"", CSV).warnings == ["file.csv: the file is empty"]
    done = run(tmp_path, b"a,b\n", CSV)
    assert (done.rows_in, done.warnings) == (0, ["file.csv: the file has a header and no rows"])


def test_quoted_line_break_keeps_the_number_of_its_first_line(tmp_path: Path) -> None:
    done = run(tmp_path, b'h,i\n1,"a\nb,""c"""\r\n2,x\n', CSV)
    assert done.records == 2 and done.multiline
    assert list(raw_records(done, ",", {2, 4})) == [(2, '1,"a\nb,""c"""'), (4, "2,x")]


def test_quote_that_never_closes_costs_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, b'h,i\n1,"a\n2,b\n3,c\n', CSV)
    assert refused(done) == [(2, "unclosed_quote", '1,"a')]
    assert [r[0] for r in records(done, CSV)] == [3, 4]


def test_text_behind_a_closing_quote_is_refused(tmp_path: Path) -> None:
    assert refused(run(tmp_path, b'h,i\n"a"b,2\n3,4\n', CSV)) == [(2, "malformed_quotes", '"a"b,2')]


def test_quote_inside_a_bare_field_is_a_character(tmp_path: Path) -> None:
    assert records(run(tmp_path, b'h,i\n5" x,2\n', CSV), CSV) == [(2, "", '5" x,2')]


def test_backslash_escapes_when_configured(tmp_path: Path) -> None:
    dialect = Dialect(",", '"', escape="\\", header=True)
    assert records(run(tmp_path, b'h,i\n"a\\"b",2\n', dialect), dialect) == [(2, "", '"a\\"b",2')]


def test_overlong_line_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, b"a\n" + b"x" * (text.MAX_LINE_BYTES + 1) + b"\nb\n")
    assert [r[:2] for r in refused(done)] == [(2, "line_too_long")] and len(records(done)) == 2


def test_header_with_a_name_twice_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'ID' twice") as caught:
        run(tmp_path, b"id,b,ID\n1,2,3\n", CSV)
    assert caught.value.line == 1


def test_lines_above_the_header_are_skipped(tmp_path: Path) -> None:
    done = run(tmp_path, b"Report of May\n\nid,b\n1,2\n", Dialect(",", '"', header=True, skip=1))
    assert (done.header, done.header_line, records(done, CSV)) == (["id", "b"], 3, [(4, "", "1,2")])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text('ab,"\n\r 中', max_size=6), min_size=2, max_size=2), max_size=12))
def test_what_a_csv_writer_writes_is_read_record_by_record(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    done = run(tmp_path_factory.mktemp("csv"), out.getvalue().encode(), Dialect(",", '"'))
    assert done.records == len(rows) and not done.refused


FIELDS = ["", "7", '""', '"7"', '"7,7"', '"7""7"', 'in"side', '"open', '"shut"x', "\\", "中"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5), max_size=6),
    st.sampled_from([Dialect(",", '"'), Dialect(",", '"', "\\"), Dialect(",", '"', header=True), Dialect(",")]),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_lines_split_at_once_give_what_they_give_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], dialect: Dialect, encoding: str
) -> None:
    lines = ["a,b,c", *(",".join(row) for row in rows), "1,2,3"]
    content = ("\n".join(lines) + "\n").encode(encoding)

    def said() -> tuple[object, ...]:
        done = run(tmp_path_factory.mktemp("lines"), content, dialect, encoding, 3)
        return records(done, dialect), refused(done), done.records, done.refused, done.blank_lines, done.multiline

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", 12)
        in_blocks = said()
        patch.setattr(text._Writer, "_are_records", lambda *_: False)
        assert in_blocks == said()


PARTS = [
    b"a,b",
    b'"',
    b'"x',
    b'y"',
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b",",
    b"\\",
    b"7,,x",
    "中".encode(),
    b"\x84\x31",
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=4)), max_size=30),
    st.sampled_from([LINES, Dialect(",", '"'), Dialect(",", '"', "\\"), Dialect(";", "'", skip=1)]),
    st.sampled_from(["auto", "utf-8", "gb18030"]),
)
def test_whatever_the_bytes_every_line_is_a_record_refused_blank_or_skipped(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], dialect: Dialect, encoding: str
) -> None:
    content = b"".join(parts)
    try:
        done = run(tmp_path_factory.mktemp("any"), content, dialect, encoding)
    except InputError as error:
        assert error.rule == "encoding" and content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return
    mark = b"\xef\xbb\xbf" if done.encoding == "utf-8" else "\ufeff".encode("gb18030")
    lines = content.removeprefix(mark).splitlines()

    def text(number: int) -> str:
        return lines[number - 1].replace(b"\0", b"").decode(done.encoding, "backslashreplace")

    told = dict(raw_records(done, dialect.delimiter, set(range(len(lines) + 1))))
    assert len(told) == done.records
    told |= {number: raw for number, _, raw in refused(done)}
    assert len(told) == done.rows_in
    spent = [number + further for number, raw in told.items() for further in range(raw.count("\n") + 1)]
    for number, raw in told.items():
        assert raw.split("\n") == [text(number + further) for further in range(raw.count("\n") + 1)]
    left = sorted(set(range(1, len(lines) + 1)) - set(spent))
    assert len(spent) == len(set(spent)) and len(left) == done.blank_lines + min(dialect.skip, len(lines))
    assert all(text(number) == "" for number in left if number > dialect.skip)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_line_of_100_megabytes_costs_itself_alone_and_no_memory(tmp_path: Path, encoding: str) -> None:
    head = "中" * 10
    with (tmp_path / "original").open("wb") as handle:
        handle.write(f"{head}a\r\n".encode(encoding))
        for _ in range(100):
            handle.write("中".encode(encoding) * 500_000)
        handle.write(b"\rb\n")
        size = handle.tell()
    manifest = Manifest("o", "asterisk.queue_log", "log", size, "", size, "", False, "auto", "", 1)
    tracemalloc.start()
    done = prepare(manifest, tmp_path / "original", encoding, LINES, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000 < size
    assert records(done) == [(1, "", f"{head}a"), (3, "", "b")]
    ((number, rule, raw),) = refused(done)
    assert (number, rule, raw.removesuffix(raw[-8:])) == (2, "line_too_long", "中" * (len(raw) - 8)) and len(raw) > 300


def test_nul_bytes_that_fill_a_gap_of_megabytes_leave_the_line_behind_them(tmp_path: Path) -> None:
    done = run(tmp_path, b"a\n" + b"\0" * (3 * BLOCK) + b"b\nc")
    assert records(done) == [(1, "", "a"), (2, "n", "b"), (3, "t", "c")]


def test_quotes_that_never_close_cost_each_line_a_few_looks_however_many_lines_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    class Counted:
        def __init__(self, pattern: re.Pattern[bytes]) -> None:
            self.pattern = pattern
            self.sub = pattern.sub

        def fullmatch(self, line: bytes) -> re.Match[bytes] | None:
            looks.append(len(line))
            return self.pattern.fullmatch(line)

    real = text._patterns
    monkeypatch.setattr(text, "_patterns", lambda dialect: tuple(Counted(pattern) for pattern in real(dialect)))
    content = b'a","b\n' * 5000
    done = run(tmp_path, content, Dialect(",", '"'))
    assert done.refused == {"unclosed_quote": 5000} and sum(looks) <= 5 * len(content)


def test_a_line_inside_quotes_that_looks_like_another_record_is_none(tmp_path: Path) -> None:
    done = run(tmp_path, b'"a\n9,,x\n3,,y",b\nc,d\n', Dialect(",", '"'))
    assert list(raw_records(done, ",", {1, 3, 4, 9})) == [(1, '"a\n9,,x\n3,,y",b'), (4, "c,d")]


def test_a_line_that_is_no_text_breaks_off_the_record_it_stands_in(tmp_path: Path) -> None:
    done = run(tmp_path, b'"a\n\x80\nb"\n"c","d"\n', Dialect(",", '"'))
    assert refused(done) == [(1, "unclosed_quote", '"a'), (2, "undecodable", "\\x80")]
    assert [record for _, _, record in records(done, CSV)] == ['b"', '"c","d"']


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xff\n1,2\n", "not text in the encoding"),
        (b'"id,b\n1,2\n', "a quote opens and does not close"),
        (b'"id"x,b\n1,2\n', "text follows a closing quote"),
        (b"x" * (text.MAX_LINE_BYTES + 1) + b"\n1,2\n", "more than 1048576 bytes"),
        (b'id,"' + b"x" * 200_000 + b'"\n1,2\n', "field limit"),
        (b"," * text.MAX_COLUMNS + b"\n1,2\n", "names 2001 columns; 2000 are read"),
    ],
)
def test_a_header_that_cannot_be_read_is_an_input_error_and_no_row_takes_its_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        run(tmp_path, content, CSV)
    assert (caught.value.line, caught.value.rule) == (1, "header") and caught.value.todo


def test_a_record_with_a_value_behind_the_last_column_is_refused_and_empty_fields_there_are_none(
    tmp_path: Path,
) -> None:
    good = ["1,2,3", "1,2", "1,2,3,,,", '1,"2,2","3",""', '1,2,"3\n3",', "1,,"]
    bad = ["1,2,3,4", "1,2,3,,,4", '1,2,3,"4"', '1,"2,2",3," "', '1,2,"3\n3",,4']
    done = run(tmp_path, ("a,b,c\n" + "\n".join([*good, *bad]) + "\n").encode(), CSV)
    assert [raw for _, rule, raw in refused(done) if rule == "too_many_columns"] == bad
    assert [raw for _, raw in raw_records(done, ",", set(range(99)))] == good
