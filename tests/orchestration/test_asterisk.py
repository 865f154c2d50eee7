"""Asterisk's channel events from files, and its channel events and call records from the tables of a database.

Here belongs: what the typed rows of asterisk.cel are, and that a table gives the rows that a file gives. Not here: the
other claims about Master.csv (test_typing.py), databases as such (test_databases.py).
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import CDR_EXTRA_COLUMNS, CDR_STANDARD_COLUMNS, CEL_STANDARD_COLUMNS
from orchestration.errors import InputError
from orchestration.extract.adapters.asterisk_cel import EVENTS
from tests.orchestration.extract_kit import CENTRE, Kit, column

HEAD = (
    CENTRE
    + """\
agents:
  - {agent_id: "1001", names: [PJSIP/13900001111]}
numbers:
  - {number: "4008001001", channel: voice_400}
sources:
  asterisk:
    feeds:
"""
)
FROM_FILE = 'paths: ["Master.csv*"]'
FROM_TABLE = "database: {url: 'sqlite:pbx.db', table: NAME, at_most_every_s: 0}"
LINEAGE = ("source_file", "source_line", "ingested_at")
AT = 1773018000  # 2026-03-09 01:00:00 UTC


def kit_of(folder: Path, feed: str, source: str, more: str = "") -> Kit:
    folder.mkdir(exist_ok=True)
    name = feed.partition(".")[2]
    return Kit(folder, feed).configure(f"{HEAD}      {name}: {{{source.replace('NAME', name)}{more}}}\n")


def facts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({n: v for n, v in row.items() if n not in LINEAGE} for row in rows), key=lambda row: str(row))


def as_csv(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        ["" if row.get(name) is None else row[name] for name in columns] for row in rows
    )
    return out.getvalue()


def as_table(folder: Path, name: str, rows: list[dict[str, Any]], types: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    with sqlite3.connect(folder / "pbx.db") as db:
        db.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in types.items())})")
        db.executemany(
            f"insert into {name} values ({', '.join('?' * len(types))})",
            [[row.get(column) for column in types] for row in rows],
        )
    db.close()


# --- channel events --------------------------------------------------------------------------------------


def event(kind: str, after_s: float = 0, extra: Any = None, **changes: Any) -> dict[str, Any]:
    """One event of the agent's channel."""
    return {
        "eventtype": kind, "eventtime": f"{AT + after_s:.6f}", "cid_name": "Zhang San", "cid_num": "13812345678",
        "exten": "s", "context": "from-queue", "channame": "PJSIP/1001-0000001b", "appname": "AppQueue",
        "appdata": "(Outgoing Line)", "uniqueid": "1773018000.2", "linkedid": "1773018000.1",
        "extra": json.dumps(extra, separators=(",", ":")) if isinstance(extra, dict) else extra,
    } | changes  # fmt: skip


BLIND = {
    "extension": "13712345678", "context": "from-internal", "bridge_id": "5d-b1",
    "transferee_channel_name": "PJSIP/trunk-0000001a", "transferee_channel_uniqueid": "1773018000.1",
}  # fmt: skip
ATTENDED = {
    "bridge1_id": "b1", "channel2_name": "PJSIP/1001-0000001d", "channel2_uniqueid": "1773018000.4", "bridge2_id": "b2",
    "transferee_channel_name": "Local/600@from-queue-0000001e;2", "transferee_channel_uniqueid": "1773018000.1",
    "transfer_target_channel_name": "PJSIP/13900001111-0000001f", "transfer_target_channel_uniqueid": "N/A",
}  # fmt: skip


@pytest.fixture
def cel(tmp_path: Path) -> Kit:
    return kit_of(tmp_path, "asterisk.cel", FROM_FILE)


def write(kit: Kit, *events: dict[str, Any]) -> None:
    kit.write("Master.csv", as_csv(list(events), CEL_STANDARD_COLUMNS))


def test_an_event_is_typed_field_by_field(cel: Kit) -> None:
    ended = {"hangupcause": 16, "hangupsource": "PJSIP/1001-0000001b", "dialstatus": "ANSWER"}
    write(cel, event("APP_START", 0.25, appname="Queue", appdata="sales,t,,,300"), event("HANGUP", 60, ended))
    begun, over = cel.typed()
    assert (begun["event_at"], begun["dt"]) == (datetime(2026, 3, 9, 1, 0, 0, 250000), date(2026, 3, 9))
    assert (begun["event"], begun["queue_id"], begun["channel_peer"]) == ("APP_START", "sales", "PJSIP/1001")
    assert (begun["call_id"], begun["linked_id"], begun["caller_masked"]) == (
        "1773018000.2", "1773018000.1", "138****5678"
    )  # fmt: skip
    assert (over["hangup_cause"], over["hangup_peer"], over["dial_status"]) == ("16", "PJSIP/1001", "ANSWER")
    assert begun["flags"] is None and over["queue_id"] is None


def test_a_blind_transfer_tells_who_was_handed_on_and_whether_outside(cel: Kit) -> None:
    targets = ("13712345678", "+4930123456", "600", "4008001001", "95588", "queue-sales")
    write(cel, *(event("BLINDTRANSFER", number, BLIND | {"extension": to}) for number, to in enumerate(targets)))
    rows = cel.typed()
    assert column(rows, "is_target_external") == [True, True, False, False, False, False]
    assert column(rows, "target_extension")[:3] == ["137****5678", "+4****56", "600"]
    assert {(row["transferee_call_id"], row["transferee_peer"], row["bridge_id"]) for row in rows} == {
        ("1773018000.1", "PJSIP/trunk", "5d-b1")
    }


def test_an_attended_transfer_names_its_parties_and_what_asterisk_does_not_know_is_empty(cel: Kit) -> None:
    write(cel, event("ATTENDEDTRANSFER", 0, ATTENDED))
    (row,) = cel.typed()
    assert (row["second_call_id"], row["bridge_id"], row["second_bridge_id"]) == ("1773018000.4", "b1", "b2")
    # a number that names an agent of the configuration is no customer's
    assert (row["transferee_peer"], row["target_peer"], row["target_call_id"]) == (
        "Local/600@from-queue", "PJSIP/13900001111", None
    )  # fmt: skip
    assert row["is_target_external"] is None and row["flags"] is None


def test_every_documented_event_is_known_and_one_that_the_dial_plan_made_is_its_own_kind(cel: Kit) -> None:
    made = event("BLINDTRANSFER", 90, "callback 13812345678", userdeftype="BLINDTRANSFER")
    write(cel, *(event(kind, number) for number, kind in enumerate(EVENTS)), made, event("WHATEVER", 91))
    rows = cel.typed()
    assert column(rows, "is_known_event") == [True] * (len(EVENTS) + 1) + [False]
    assert (rows[-2]["event"], rows[-2]["user_event"], rows[-2]["flags"]) == (
        "USER_DEFINED", "BLINDTRANSFER", "bad_extra"
    )  # fmt: skip


def test_nobodys_number_or_name_is_in_a_typed_event(cel: Kit) -> None:
    number = "13812345678"
    write(
        cel,
        event("CHAN_START", 0, exten=number, channame=f"Local/{number}@out-0000001c;1", accountcode=number),
        event("BLINDTRANSFER", 1, BLIND | {"extension": number, "transferee_channel_name": f"SIP/{number}-0000001d"}),
        event("USER_DEFINED", 2, userdeftype=f"CALLED {number}", appname="Queue", appdata="sales"),
        event("HANGUP", 3, {"hangupsource": f"SIP/{number}-0000001d", "dialstatus": number}),
    )
    assert len(cel.typed()) == 4
    (file,) = (cel.root / "landing").rglob("typed.parquet")
    assert number.encode() not in file.read_bytes() and b"Zhang" not in file.read_bytes()


def test_times_of_every_form_are_the_same_instant(cel: Kit) -> None:
    said = (f"{AT}.500000", f"{AT}", "2026-03-09 09:00:00", "2026-03-09 09:00:00.5", "2026-03-09 03:00:00+02")
    write(cel, *(event("ANSWER", eventtime=text, uniqueid=text) for text in said))
    begin = datetime(2026, 3, 9, 1)
    half = begin + timedelta(seconds=0.5)
    assert column(cel.typed(), "event_at") == [half, begin, begin, half, begin]


def test_events_without_channel_time_or_name_are_refused(cel: Kit) -> None:
    write(
        cel,
        event("ANSWER", uniqueid=""),
        event("ANSWER", eventtime="yesterday"),
        event(""),
        event("ANSWER"),
    )
    assert [(row["source_line"], row["rule"]) for row in cel.refused()] == [
        (1, "missing_meaning"), (2, "bad_time"), (3, "missing_meaning")
    ]  # fmt: skip
    assert cel.accounting().rows_in == 4


def test_a_mapping_of_ones_own_is_read_by_its_columns(tmp_path: Path) -> None:
    names = ("eventenum", "eventtype", "literal", "eventtime", "uniqueid", "linkedid", "extra")
    kit = kit_of(tmp_path, "asterisk.cel", FROM_FILE, f", options: {{columns: [{', '.join(names)}]}}")
    row = event("Answer", literal="My Literal", eventenum="ANSWER")
    kit.write("Master.csv", as_csv([row], names))
    assert column(kit.typed(), "event") == ["ANSWER"]


EVENTS_OF_BOTH = [
    event("CHAN_START"), event("BLINDTRANSFER", 1, BLIND), event("ATTENDEDTRANSFER", 2, ATTENDED), event("HANGUP", 3)
]  # fmt: skip


def test_a_table_of_events_gives_the_rows_of_the_file_and_its_own_numbers(tmp_path: Path, cel: Kit) -> None:
    write(cel, *EVENTS_OF_BOTH)
    types = {"id": "integer"} | dict.fromkeys(CEL_STANDARD_COLUMNS, "text") | {"peeraccount": "text"}
    numbered = [row | {"id": number} for number, row in enumerate(EVENTS_OF_BOTH, 7)]
    as_table(tmp_path / "table", "cel", numbered, types)
    table = kit_of(tmp_path / "table", "asterisk.cel", FROM_TABLE).typed()
    assert column(table, "record_no") == [7, 8, 9, 10]
    without = [{n: v for n, v in row.items() if n not in ("record_no", "row_hash")} for row in facts(table)]
    assert without == [
        {n: v for n, v in row.items() if n not in ("record_no", "row_hash")} for row in facts(cel.typed())
    ]


# --- call records ----------------------------------------------------------------------------------------


def call(number: int, **changes: Any) -> dict[str, Any]:
    start = datetime(2026, 3, 9, 9) + timedelta(minutes=number)
    said = {
        "accountcode": "", "src": f"1381234567{number}", "dst": "4008001001", "dcontext": "from-trunk",
        "clid": '"Zhang" <13812345678>', "channel": f"PJSIP/trunk-0000001{number}", "dstchannel": "PJSIP/1001-0000001b",
        "lastapp": "Queue", "lastdata": "sales,t,,,300", "start": f"{start}",
        "answer": f"{start + timedelta(seconds=2)}",
        "end": f"{start + timedelta(seconds=180)}", "duration": 180, "billsec": 178, "disposition": "ANSWERED",
        "amaflags": "DOCUMENTATION", "uniqueid": f"1773018000.{number}", "userfield": "", "peeraccount": "",
        "linkedid": f"1773018000.{number}", "sequence": number,
    }  # fmt: skip
    return said | changes


CALLS = [
    call(0),
    call(1, disposition="NO ANSWER", answer=None, billsec=0, dstchannel=None),
    call(2, src="1001", dst="13812345678", dcontext="from-internal", linkedid=None),
    call(3, disposition="BUSY", answer=None, billsec=0, duration=180),
]
COLUMNS = (*CDR_STANDARD_COLUMNS, *CDR_EXTRA_COLUMNS)


@pytest.fixture
def calls_of_file(tmp_path: Path) -> list[dict[str, Any]]:
    columns = f", options: {{columns: [{', '.join(COLUMNS)}]}}"
    kit = kit_of(tmp_path / "file", "asterisk.cdr", FROM_FILE, columns)
    kit.write("Master.csv", as_csv(CALLS, COLUMNS))
    return facts(kit.typed())


@pytest.mark.parametrize("times", [("start", "answer", "end"), ("calldate",), ("CallDate",)])
def test_a_table_of_calls_gives_the_rows_of_the_file(
    tmp_path: Path, calls_of_file: list[dict[str, Any]], times: tuple[str, ...]
) -> None:
    types = dict.fromkeys(times, "datetime") | {
        name: "integer" if name in ("duration", "billsec", "sequence") else "varchar"
        for name in COLUMNS
        if name not in ("start", "answer", "end")
    }
    as_table(tmp_path, "cdr", [row | dict.fromkeys(("calldate", "CallDate"), row["start"]) for row in CALLS], types)
    rows = kit_of(tmp_path, "asterisk.cdr", FROM_TABLE).typed()
    assert facts(rows) == calls_of_file  # row_hash too: a call that comes both ways counts once


def test_a_table_without_a_needed_column_is_told_with_what_it_has(tmp_path: Path) -> None:
    as_table(tmp_path, "cdr", [], {"calldate": "datetime", "src": "text", "disposition": "text"})
    with pytest.raises(InputError, match="no column 'dst'") as error:
        kit_of(tmp_path, "asterisk.cdr", FROM_TABLE).typed()
    assert error.value.rule == "missing_column"


def test_only_tables_that_asterisk_writes_are_read_from_a_database(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="queue_log has a fixed form and takes no database"):
        _ = kit_of(tmp_path, "asterisk.queue_log", FROM_TABLE).config
    with pytest.raises(InputError, match="names its columns itself"):
        _ = kit_of(tmp_path, "asterisk.cdr", FROM_TABLE, ", options: {columns: [src, dst, start, disposition]}").config


def test_another_direction_types_the_records_again(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, "asterisk.cdr", FROM_FILE)
    kit.write("Master.csv", as_csv(CALLS[:1], CDR_STANDARD_COLUMNS))
    assert column(kit.typed(), "direction") == ["inbound"]
    kit_of(tmp_path, "asterisk.cdr", FROM_FILE, ", options: {direction: \"'outbound'\"}")
    assert column(kit.typed(), "direction") == ["outbound"]
