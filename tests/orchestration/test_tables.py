"""The same rows give the same lake whatever kind of file they come in; what can't be read is refused with its line.

Here belongs: JSON, Parquet, workbooks and what they are packed in. Not here: CSV (test_text.py, test_typing.py).
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from orchestration.errors import InputError
from orchestration.extract import landing
from orchestration.extract.landing import read_manifests
from tests.orchestration.extract_kit import CONTACT, Kit, column, read

ROWS: list[dict[str, Any]] = [
    {"id": "c1", "start": "2026-03-05 10:00:00", "outcome": "answered", "phone": "13800138000", "talk": 61.5,
     "updated": "2026-03-05 11:00:00"},
    {"id": "c2", "start": "2026-03-05 10:01:00", "outcome": "abandoned_queue", "phone": None, "talk": None,
     "updated": "2026-03-05 11:00:00"},
    {"id": "c3", "start": "2026-03-06 09:00:00", "outcome": "answered", "phone": "010-62345678", "talk": 7,
     "updated": "2026-03-06 09:30:00"},
]  # fmt: skip
LINEAGE = ("source_file", "source_line")


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    lines = [",".join(rows[0]), *(",".join("" if v is None else str(v) for v in row.values()) for row in rows)]
    return "\n".join(lines).encode() + b"\n"


def as_json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[dict[str, Any]], folder: Path) -> bytes:
    source, target = folder / "rows.jsonl", folder / "rows.parquet"
    source.write_bytes(as_json_lines(rows))
    with duckdb.connect() as db:
        rows_read = f"select * replace (start::timestamp as start) from read_json('{source}')"
        db.execute(f"copy ({rows_read}) to '{target}' (format parquet)")
    return target.read_bytes()


def as_workbook(rows: list[dict[str, Any]], **sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in rows:
        moment = row["start"] and dt.datetime.fromisoformat(row["start"])
        sheet.append([moment if name == "start" else value for name, value in row.items()])
    for title, cells in sheets.items():
        other = book.create_sheet(title)
        for line in cells:
            other.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_zip(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def kit_of(folder: Path, more: str = "") -> Kit:
    folder.mkdir(exist_ok=True)
    return Kit(folder, "canonical.contact").configure(CONTACT.replace('["*.csv"]', '["in/*"]') + more)


def put(kit: Kit, name: str, content: bytes) -> None:
    (kit.base / "in").mkdir(exist_ok=True)
    (kit.base / "in" / name).write_bytes(content)


def lake(kit: Kit) -> list[dict[str, Any]]:
    rows = [row for candidate in kit.refresh() for row in read(candidate.target)]
    return [{name: value for name, value in row.items() if name not in LINEAGE} for row in rows]


def test_the_same_rows_in_every_kind_of_file_give_the_same_lake(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    kinds = {
        "rows.csv": as_csv(ROWS),
        "rows.jsonl": as_json_lines(ROWS),
        "rows.ndjson.gz": gzip.compress(as_json_lines(ROWS)),
        "rows.parquet": as_parquet(ROWS, scratch),
        "rows.xlsx": as_workbook(ROWS),
        "rows.csv.zip": as_zip(**{"rows.csv": as_csv(ROWS)}),
        "rows.xlsx.zip": as_zip(**{"rows.xlsx": as_workbook(ROWS)}),
    }
    found = {}
    for number, (name, content) in enumerate(kinds.items()):
        kit = kit_of(tmp_path / str(number))
        put(kit, name, content)
        found[name] = lake(kit)
        assert kit.accounting().rows_in == kit.accounting().loaded == 3
    assert len(found["rows.csv"]) == 3
    for name, rows in found.items():
        assert rows == found["rows.csv"], name


def test_the_kind_that_the_configuration_names_counts_whatever_the_files_name(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", "        format: {kind: json_lines}\n")
    put(kit, "export.txt", as_json_lines(ROWS))
    assert len(lake(kit)) == 3


def test_lines_that_are_no_json_object_are_refused_with_their_line_and_text(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre")
    good = as_json_lines(ROWS).decode().splitlines()
    put(kit, "a.jsonl", "\n".join([good[0], '{"id": "c9",', "", '"text"', good[1], "null"]).encode())
    assert column(kit.typed(), "source_line") == [1, 5]
    refused = kit.refused()
    assert [(row["source_line"], row["rule"], row["raw"]) for row in refused] == [
        (2, "malformed_json", '{"id": "c9",'), (4, "malformed_json", '"text"'), (6, "malformed_json", "null")
    ]  # fmt: skip
    assert kit.accounting().rows_in == 5


def test_a_member_that_a_record_lacks_is_empty_and_one_that_all_lack_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = kit_of(tmp_path / "centre")
    rows = [{name: value for name, value in row.items() if name != "phone"} for row in ROWS]
    put(kit, "a.jsonl", as_json_lines([rows[0], {n: v for n, v in rows[1].items() if n != "talk"}]))
    assert column(kit.typed(), "talk_s") == [61.5, None]
    assert "no record has 'phone'" in capsys.readouterr().err


def test_what_is_nested_is_reached_by_the_mapping(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre")
    text = (kit.base / "callmart.yaml").read_text("utf-8")
    kit.configure(text.replace("outcome: outcome", "outcome: result ->> '$.code'"))
    rows = [{**row, "result": {"code": row["outcome"]}} for row in ROWS]
    put(kit, "a.jsonl", as_json_lines([{n: v for n, v in row.items() if n != "outcome"} for row in rows]))
    assert column(kit.typed(), "outcome") == ["answered", "abandoned_queue", "answered"]


def test_one_json_array_is_told_with_the_way_out(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre")
    put(kit, "a.json", json.dumps(ROWS, indent=1).encode())
    with pytest.raises(InputError, match=r"a\.json: the file is one JSON array.*kind: json"):
        kit.type()


JSON = "        format: {kind: json}\n"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2, ensure_ascii=False).replace("\n", "\r\n"),
        "\n".join(json.dumps(row, indent=1) for row in ROWS),
        "\ufeff" + json.dumps(ROWS[:2]) + json.dumps(ROWS[2]) + "[]\n",
    ],
    ids=["array", "pretty array", "documents", "array and document"],
)
def test_json_over_any_number_of_lines_gives_the_same_lake_as_csv(tmp_path: Path, content: str) -> None:
    csv_kit, kit = kit_of(tmp_path / "csv"), kit_of(tmp_path / "json", JSON)
    put(csv_kit, "rows.csv", as_csv(ROWS))
    put(kit, "rows.json.gz", gzip.compress(content.encode()))
    assert lake(kit) == lake(csv_kit)


def test_one_document_to_a_file_is_one_record(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    for number, row in enumerate(ROWS):
        put(kit, f"{number}.json", json.dumps(row | {"phone": "张"}, indent=1, ensure_ascii=False).encode("gb18030"))
    assert sorted(column(kit.typed(), "contact_id")) == ["c1", "c2", "c3"]
    assert kit.accounting().rows_in == 3


@pytest.mark.parametrize(
    ("content", "loaded", "refused"),
    [
        (json.dumps(ROWS)[:-1], 3, [(4, "[")]),
        (json.dumps(ROWS)[:-9], 2, [(3, json.dumps(ROWS[2])[:-8])]),
        (json.dumps([ROWS[0], 7, "x", [1], None]), 1, [(2, "7"), (3, '"x"'), (4, "[1]"), (5, "null")]),
        (json.dumps(ROWS[0]) + " and more", 1, [(2, "and more")]),
        (f"[{json.dumps(ROWS[0])} {json.dumps(ROWS[1])}]", 1, [(2, json.dumps(ROWS[1]) + "]")]),
        (f"[{json.dumps(ROWS[0])},]", 1, [(2, "]")]),
        ("[" * 100_000, 0, [(1, "[" * 999)]),
        ("]", 0, [(1, "]")]),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_and_the_objects_before_it_count(
    tmp_path: Path, content: str, loaded: int, refused: list[tuple[int, str]]
) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    put(kit, "a.json", content.encode())
    assert len(kit.typed()) == loaded
    assert [(row["source_line"], row["raw"][:999]) for row in kit.refused()] == refused
    assert {row["rule"] for row in kit.refused()} == {"malformed_json"}


@pytest.mark.parametrize("content", ["", " \n", "[]", "[ ]\n"])
def test_a_file_of_no_objects_has_no_rows_and_says_so(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    put(kit, "a.json", content.encode())
    assert kit.typed() == [] and "the file has no objects" in capsys.readouterr().err


def test_json_that_is_text_of_no_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", JSON + "        encoding: utf-8\n")
    put(kit, "a.json", b'[\n{"id": "\xff"}]')
    with pytest.raises(InputError, match=r"a\.json:2: .*not utf-8"):
        kit.type()


def test_cells_are_read_as_what_they_show(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre")
    text = (kit.base / "callmart.yaml").read_text("utf-8")
    kit.configure(
        text.replace("talk_s: cast(talk as double)", "talk_s: date_part('epoch', cast(talk as interval))")
        + "          declared_resolved: solved\n          priority: rank\n          line_of_business: line\n"
    )
    head = {"solved": True, "rank": 3.0, "line": "  售后  "}
    rows = [{**ROWS[0], **head, "phone": 13800138000.0, "talk": dt.timedelta(hours=1, minutes=1, seconds=1)}]
    put(kit, "a.xlsx", as_workbook(rows))
    (row,) = kit.typed()
    assert (row["talk_s"], row["declared_resolved"], row["priority"]) == (3661, True, 3)
    assert row["caller_masked"] == "138****8000" and row["line_of_business"] == "售后"
    assert row["started_at"] == dt.datetime(2026, 3, 5, 2)


def test_rows_of_a_sheet_keep_the_spreadsheets_numbers(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", "        format: {sheet: 明细, skip: 1}\n")
    cells = [["标题"], [], list(ROWS[0]), list(ROWS[0].values()), [], [*ROWS[1].values(), "too wide"], ["c9", "never"]]
    put(kit, "a.xlsx", as_workbook(ROWS, 明细=cells))
    assert [(row["source_line"], row["contact_id"]) for row in kit.typed()] == [(4, "c1")]
    refused = {row["source_line"]: row for row in kit.refused()}
    assert {line: row["rule"] for line, row in refused.items()} == {6: "too_many_columns", 7: "bad_time"}
    assert refused[7]["raw"].startswith('["c9","never",null') and "more columns than the header" in refused[6]["reason"]
    assert kit.accounting().rows_in == 3


def test_of_several_sheets_the_first_is_read_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit = kit_of(tmp_path / "centre")
    put(kit, "a.xlsx", as_workbook(ROWS, Notes=[["x"]]))
    assert len(kit.typed()) == 3
    assert "the first of its sheets (Sheet, Notes) is read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.parquet", b"PAR1 and then nothing", "can't be read as Parquet"),
        ("a.xlsx", b"PK\x03\x04 and then nothing", "can't be read as xlsx"),
        ("a.csv.zip", b"PK\x03\x04 and then nothing", "can't be read"),
        ("a.csv.zip", as_zip(a=b"x", b=b"y"), "it holds 2 files, one is read"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_told(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    kit = kit_of(tmp_path / "centre")
    put(kit, name, content)
    with pytest.raises(InputError, match=problem) as told:
        kit.type()
    assert str(told.value).startswith(f"in/{name}: ") and "What to do: " in str(told.value)


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", "        format: {sheet: 明细}\n")
    put(kit, "a.xlsx", as_workbook(ROWS, 汇总=[["x"]]))
    with pytest.raises(InputError, match=r"there is no sheet '明细' \(the workbook has: Sheet, 汇总"):
        kit.type()


def test_a_column_that_a_parquet_file_lacks_is_told(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre")
    put(kit, "a.parquet", as_parquet([{n: v for n, v in row.items() if n != "talk"} for row in ROWS], tmp_path))
    with pytest.raises(InputError, match="the column 'talk' is missing"):
        kit.type()


def document(number: int, **changes: Any) -> bytes:
    return json.dumps(ROWS[0] | {"id": f"c{number}"} | changes, indent=1).encode()


def test_small_documents_are_one_object_and_each_is_landed_once(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    for number in range(30):
        put(kit, f"{number:02}.json", document(number))
    assert len(lake(kit)) == 30
    assert kit.land().new_objects == [] and kit.land().read == 0
    put(kit, "30.json", document(30))
    assert len(lake(kit)) == 31
    manifests = read_manifests(kit.feed, kit.root)
    assert [(manifest.bundled, len(manifest.seen)) for manifest in manifests] == [(30, 30), (0, 1)]
    assert kit.accounting().rows_in == kit.accounting().loaded == 31


def test_a_document_that_is_written_anew_counts_in_its_new_version(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    for number in range(3):
        put(kit, f"{number}.json", document(number))
    assert column(lake(kit), "talk_s") == [61.5] * 3
    put(kit, "1.json", document(1, talk=7, updated="2026-03-05 12:00:00"))
    assert sorted(column(lake(kit), "talk_s")) == [7, 61.5, 61.5]
    done = kit.accounting()
    assert (done.rows_in, done.loaded, done.duplicates) == (4, 3, 1)


def test_a_broken_document_hides_none_of_its_neighbours(tmp_path: Path) -> None:
    kit = kit_of(tmp_path / "centre", JSON)
    texts = (document(0), document(1)[:40], b"", b"\xef\xbb\xbf" + document(3), b'{"id": "\xff"}', document(5), b"[1]")
    for number, content in enumerate((*texts, gzip.compress(document(7)))):
        put(kit, f"{number}.json", content)
    assert sorted(column(kit.typed(), "contact_id")) == ["c0", "c3", "c5", "c7"]
    assert sorted((row["rule"], row["raw"][:8]) for row in kit.refused()) == [
        ("malformed_json", "1"), ("malformed_json", '{  "id":'), ("undecodable", '{"id": "')
    ]  # fmt: skip
    assert kit.accounting().rows_in == 7


def test_documents_that_were_landed_when_the_process_was_killed_are_not_landed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "BUNDLED_FILES", 2)
    kit = kit_of(tmp_path / "centre", JSON)
    for number in range(5):
        put(kit, f"{number}.json", document(number))
    real = landing.put_object
    done: list[landing.Manifest] = []

    def killed(temporary: Path, folder: Path, manifest: landing.Manifest) -> None:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(manifest)
        real(temporary, folder, manifest)

    monkeypatch.setattr(landing, "put_object", killed)
    with pytest.raises(KeyboardInterrupt):
        kit.land()
    monkeypatch.setattr(landing, "put_object", real)
    assert len(lake(kit)) == 5
    assert [manifest.bundled for manifest in read_manifests(kit.feed, kit.root)] == [2, 2, 0]
    assert kit.accounting().duplicates == 0
