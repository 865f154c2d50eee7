"""Landed objects of every form lose an erased person and nothing else, and the person does not come back with a file.

Here belongs: landing, the lake and the quarantine. Not here: the other zones (test_erasure.py).
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY
from orchestration.extract.landing import read_manifests
from orchestration.extract.masking import keyed_hash
from orchestration.extract.suppression import Erased, add_erased, mark_of, read_erased
from tests.orchestration.byte_scan import files_naming
from tests.orchestration.extract_kit import CDR, CENTRE, NOW, QUEUE_LOG, Kit, column

LATER = NOW + timedelta(hours=1)
NUMBER, OTHER = "13812345678", "13900001111"
HASH = keyed_hash(DEMO_HASH_KEY, NUMBER) or ""
ID_HASH = keyed_hash(DEMO_HASH_KEY, "C-77") or ""
SPELLINGS = ["13812345678", "+86 138-1234-5678", "0086 138 1234 5678", "(138) 1234.5678", "１３８１２３４５６７８"]
CONTACT = (
    CENTRE
    + """\
sources:
  canonical:
    feeds:
      contact:
        paths: ["calls*"]
        mapping:
          contact_id: id
          started_at: start
          outcome: outcome
          caller_number: 主叫
          customer_id: 客户
          talk_s: cast(talk as double)
"""
)
DOCUMENTS = CONTACT.replace("        mapping:", "        format: {kind: json}\n        mapping:")
FIELDS = ("id", "start", "outcome", "主叫", "客户", "talk", "姓名", "备注")


def rows() -> list[dict[str, str]]:
    """Calls of the person in every spelling, one known by the customer id alone, and one of somebody else that
    mentions the number; each with a name."""
    calls = [(spelling, "", "张三", "") for spelling in SPELLINGS]
    calls += [("", "C-77", "张三", "他的电话"), (OTHER, "C-1", "李四", f"转 {NUMBER} 20260308")]
    return [
        dict(
            zip(
                FIELDS, (f"c{n}", f"2026-03-08 09:0{n}:00", "answered", number, customer, "60", name, note), strict=True
            )
        )
        for n, (number, customer, name, note) in enumerate(calls)
    ]


def as_csv(found: list[dict[str, str]], encoding: str = "utf-8") -> bytes:
    lines = [",".join(FIELDS), *(",".join(f'"{value}"' for value in row.values()) for row in found)]
    return "\r\n".join(lines).encode(encoding) + b"\r\n"


def as_json(found: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found).encode()


def as_workbook(found: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(FIELDS)
    for row in found:
        sheet.append([int(value) if value == NUMBER else value for value in row.values()])
    book.create_sheet("说明").append(["联系", SPELLINGS[1]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet(found: list[dict[str, str]], folder: Path) -> bytes:
    file = folder / "made.json"
    file.write_bytes(as_json(found))
    with duckdb.connect() as db:
        db.execute(
            f"""copy (select * replace (talk::integer as talk) from read_json('{file}', columns = {{{
                ", ".join(f"'{name}': 'varchar'" for name in FIELDS)
            }}})) to '{folder / "made.parquet"}' (format parquet)"""
        )
    return (folder / "made.parquet").read_bytes()


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


FORMS: dict[str, Callable[[list[dict[str, str]], Path], bytes]] = {
    "calls.csv": lambda found, _: as_csv(found),
    "calls.csv.gz": lambda found, _: gzip.compress(as_csv(found, "gb18030")),
    "calls.jsonl.zip": lambda found, _: zipped("a.jsonl", as_json(found)),
    "calls.json": lambda found, _: json.dumps(found, ensure_ascii=False, indent=1).encode(),
    "calls.parquet": as_parquet,
    "calls.xlsx": lambda found, _: as_workbook(found),
}


def erase(kit: Kit, *hashes: str) -> Erased:
    return add_erased(kit.root, DEMO_HASH_KEY, hashes)


@pytest.mark.parametrize("name", FORMS)
def test_a_file_of_any_form_is_rewritten_without_the_person_and_keeps_every_call(name: str, tmp_path: Path) -> None:
    kit = Kit(tmp_path / "centre", "canonical.contact")
    kit.base.mkdir()
    kit.configure(DOCUMENTS if name == "calls.json" else CONTACT).write(name, FORMS[name](rows(), tmp_path))
    kit.refresh()
    before = {row["contact_id"]: row for row in kit.partition("2026-03-08")}
    (manifest,) = read_manifests(kit.feed, kit.root)
    original = f"landing/canonical/contact/{manifest.object_id}/original"
    assert original in files_naming(kit.root, NUMBER) & files_naming(kit.root, "张三")
    assert any(file.startswith("lake/") for file in files_naming(kit.root, HASH))
    erase(kit, HASH, ID_HASH)
    kit.refresh(LATER)
    assert files_naming(kit.root, NUMBER, HASH, ID_HASH, "张三", "C-77") == set()
    after = {row["contact_id"]: row for row in kit.partition("2026-03-08")}
    assert after.keys() == before.keys()
    for contact_id, row in after.items():
        kept = ("started_at", "talk_s", "outcome", "source_line", "ingested_at")
        assert [row[key] for key in kept] == [before[contact_id][key] for key in kept]
    assert {row["caller_hash"] for row in after.values()} == {None, keyed_hash(DEMO_HASH_KEY, OTHER)}
    assert after["c6"]["customer_key"] == keyed_hash(DEMO_HASH_KEY, "C-1")
    assert files_naming(kit.root, "李四") == {original}
    (manifest,) = read_manifests(kit.feed, kit.root)
    (redaction,) = manifest.redactions
    assert redaction.records == len(rows()) + (name == "calls.xlsx")  # and the row of the other sheet


def test_documents_that_were_landed_together_are_rewritten_together(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(DOCUMENTS)
    for number, row in enumerate(rows()):
        kit.write(f"calls-{number}.json", json.dumps(row, ensure_ascii=False, indent=1))
    kit.write("calls-broken.json", b'{"id": "\xff", "caller": "' + NUMBER.encode() + b'"}')
    kit.refresh()
    before = {row["contact_id"]: row["source_line"] for row in kit.partition("2026-03-08")}
    assert len(before) == len(rows()) and files_naming(kit.root, NUMBER)
    erase(kit, HASH, ID_HASH)
    kit.refresh(LATER)
    assert kit.land(LATER).new_objects == []
    for file in kit.base.glob("*.json"):
        file.unlink()
    assert files_naming(kit.root, NUMBER, HASH, ID_HASH, "张三", "C-77") == set()
    assert {row["contact_id"]: row["source_line"] for row in kit.partition("2026-03-08")} == before
    kit.accounting().check()


def test_the_same_file_again_is_known_and_a_grown_one_is_redacted_on_its_way(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    data = as_csv(rows())
    kit.write("calls.csv", data)
    kit.refresh()
    erase(kit, HASH, ID_HASH)
    kit.refresh(LATER)
    kit.write("calls-again.csv", data)
    assert kit.land(LATER).new_objects == [] and kit.refresh(LATER) == []
    more = {**rows()[0], "id": "c9", "start": "2026-03-08 10:00:00"}
    kit.write("calls.csv", data + as_csv([more]).split(b"\r\n", 1)[1])
    kit.refresh(LATER + timedelta(hours=1))
    (kit.base / "calls.csv").unlink()
    (kit.base / "calls-again.csv").unlink()
    assert len(kit.partition("2026-03-08")) == len(rows()) + 1
    assert files_naming(kit.root, NUMBER, HASH, ID_HASH, "张三") == set()


LOG = (
    f"1772900000|1.1|q|NONE|ENTERQUEUE||{SPELLINGS[1]}|1\n"
    "1772900009|1.1|q|NONE|ABANDON|1|1|9\n"
    f"1772900100|1.2|q|NONE|ENTERQUEUE||{OTHER}|1\n"
    f"1772900101|1.3|q|NONE|DID|sip:{NUMBER}@trunk\n"
    f"broken {NUMBER}\n"
)


def test_a_log_keeps_its_events_and_the_refused_line_loses_the_number(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "asterisk.queue_log").configure(QUEUE_LOG)
    kit.write("queue_log", LOG)
    kit.refresh()
    assert any(file.startswith("quarantine/") for file in files_naming(kit.root, NUMBER))
    erase(kit, HASH)
    kit.refresh(LATER)
    (kit.base / "queue_log").unlink()
    assert files_naming(kit.root, NUMBER, HASH) == set()
    found = kit.partition("2026-03-08")
    assert sorted(column(found, "event")) == ["ABANDON", "DID", "ENTERQUEUE", "ENTERQUEUE"]
    assert sorted(row["caller_number_type"] or "" for row in found) == ["", "", "anonymous", "mobile"]
    assert kit.accounting().refused == 1


def test_a_call_record_keeps_its_direction(tmp_path: Path) -> None:
    fields = ["", "1001", NUMBER, "internal", f'"张三" <{NUMBER}>', f"SIP/{NUMBER}-1", "", "Dial", f"SIP/t/{NUMBER}"]
    fields += [
        "2026-03-08 12:00:00",
        "2026-03-08 12:00:05",
        "2026-03-08 12:01:00",
        "60",
        "55",
        "ANSWERED",
        "3",
        "1.1",
        "",
    ]
    kit = Kit(tmp_path, "asterisk.cdr").configure(CDR)
    kit.write("Master.csv", ",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\n")
    kit.refresh()
    (before,) = kit.partition("2026-03-08")
    erase(kit, HASH)
    kit.refresh(LATER)
    (after,) = kit.partition("2026-03-08")
    changed = {name for name in after if after[name] != before[name]} - {"row_hash"}
    assert (before["direction"], after["direction"]) == ("outbound", "outbound")
    assert {"customer_hash", "customer_masked", "customer_prefix", "customer_number_type"} <= changed
    assert changed <= {"customer_hash", "customer_masked", "customer_prefix", "customer_number_type", "source_peer"}
    assert files_naming(kit.root, NUMBER, HASH, "张三") == set()


IDENTITY = (
    CENTRE
    + """\
sources:
  canonical:
    feeds:
      customer_identity:
        paths: ["*.csv"]
        mapping: {customer_id: id, identity_type: kind, identity_number: number, linked_at: since}
"""
)


def test_a_record_that_is_nothing_without_the_person_goes_and_no_other_moves(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "canonical.customer_identity").configure(IDENTITY)
    kit.write(
        "a.csv",
        f'id,kind,number,since,note\nC-77,phone,{NUMBER},2026-03-08 10:00:00,"two\nlines"\n'
        f"C-1,phone,{OTHER},2026-03-08 10:00:00,x\n",
    )
    kit.refresh()
    erase(kit, HASH, ID_HASH)
    kit.refresh(LATER)
    (row,) = kit.partition("2026-03-08")
    assert (row["customer_key"], row["source_line"]) == (keyed_hash(DEMO_HASH_KEY, "C-1"), 4)
    (kit.base / "a.csv").unlink()
    assert files_naming(kit.root, NUMBER, HASH, ID_HASH, "C-77", "two") == set()
    assert kit.accounting().rows_in == 1


def test_killed_between_manifest_and_bytes_the_next_look_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    kit.write("calls.csv", as_csv(rows()))
    kit.refresh()
    erase(kit, HASH, ID_HASH)
    put = paths.put

    def killed(written: Path, target: Path) -> None:
        if target.name == "original":
            raise KeyboardInterrupt
        put(written, target)

    with monkeypatch.context() as patch:
        patch.setattr(paths, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            kit.refresh(LATER)
    (kit.base / "calls.csv").write_bytes(as_csv(rows()))
    kit.refresh(LATER)
    (kit.base / "calls.csv").unlink()
    assert files_naming(kit.root, NUMBER, HASH, ID_HASH, "张三") == set()
    assert len(kit.partition("2026-03-08")) == len(rows())


def test_the_list_names_nobody_and_is_void_under_another_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = add_erased(tmp_path, DEMO_HASH_KEY, [HASH])
    assert files_naming(tmp_path, HASH, NUMBER) == set()
    assert listed.marks == {mark_of(DEMO_HASH_KEY, HASH)} == read_erased(tmp_path, DEMO_HASH_KEY).marks
    assert not read_erased(tmp_path, "another key, long enough").marks
    assert "another hash key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("2026-03-08 13812345678 20260308", "2026-03-08 X 20260308"),
        ("call 138 1234 5678, then 139 0000 1111", "call X, then 139 0000 1111"),
        ("id 9913812345678 and 138123456789", "id 9913812345678 and 138123456789"),
        ("+8613812345678/０１３８１２３４５６７８", "X/X"),
        ("nothing 42", "nothing 42"),
    ],
)
def test_a_number_is_found_among_other_figures_and_never_inside_a_longer_one(text: str, left: str) -> None:
    erased = Erased(DEMO_HASH_KEY, frozenset({mark_of(DEMO_HASH_KEY, HASH)}))
    assert erased.without(text, "X") == left
