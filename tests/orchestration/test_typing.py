"""Claims about typed rows of the three feeds: values, flags, refusals, lineage, and what is never in them."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import re
from datetime import date, datetime

import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.errors import InputError
from orchestration.extract import typing
from orchestration.extract.adapters.asterisk_queue_log import EVENTS
from tests.orchestration.extract_kit import CDR, CONTACT, CONTACT_HEADER, NOW, QUEUE_LOG, Kit, column

T = 1773100000  # 2026-03-09 23:46:40 UTC, 2026-03-10 07:46:40 in Shanghai
CALL = f"{T}.1"


def rules(kit: Kit) -> list[tuple[int, str]]:
    return [(row["source_line"], row["rule"]) for row in kit.refused()]


# --- queue_log -------------------------------------------------------------------------------------------


def test_call_of_a_queue_is_typed_field_by_field(log: Kit) -> None:
    log.write(
        "queue_log",
        f"{T}|{CALL}|sales|NONE|ENTERQUEUE||13812345678|1\n"
        f"{T + 5}|{CALL}|sales|PJSIP/1001|CONNECT|5|{T}.2|3\n"
        f"{T + 65}.25|{CALL}|sales|PJSIP/1001|COMPLETECALLER|5|60|1\n",
    )
    enter, connect, complete = log.typed()
    assert enter["event_at"] == datetime(2026, 3, 9, 23, 46, 40) and enter["dt"] == date(2026, 3, 10)
    assert (enter["queue_id"], enter["agent_raw"], enter["data2"], enter["data3"]) == ("sales", None, None, "1")
    assert enter["caller_hash"] == hmac.new(DEMO_HASH_KEY.encode(), b"13812345678", hashlib.sha256).hexdigest()
    assert (enter["caller_masked"], enter["caller_prefix"], enter["caller_number_type"]) == (
        "138****5678",
        "138",
        "mobile",
    )
    assert (connect["agent_raw"], connect["data1"], connect["data2"], connect["data3"]) == (
        "PJSIP/1001",
        "5",
        f"{T}.2",
        "3",
    )
    assert (complete["event_at"], complete["event_at_raw"]) == (
        datetime(2026, 3, 9, 23, 47, 45, 250000),
        f"{T + 65}.25",
    )
    assert connect["caller_number_type"] is None and all(row["flags"] is None for row in (enter, connect, complete))


def test_every_documented_event_is_known_and_another_is_kept_as_unknown(log: Kit) -> None:
    lines = [f"{T}|{CALL}|q|PJSIP/1001|{event}|1|1|1|1|1\n" for event in EVENTS]
    log.write("queue_log", "".join(lines) + f"{T}|NONE|q|NONE|WHATEVER|x\n")
    rows = log.typed()
    assert [row["event"] for row in rows if not row["is_known_event"]] == ["WHATEVER"]
    assert len(rows) == len(EVENTS) + 1


def test_none_and_names_of_subsystems_are_no_ids(log: Kit) -> None:
    log.write(
        "queue_log", "".join(f"{T}|{who}|NONE|PJSIP/1001|PAUSEALL|ACW\n" for who in ("NONE", "MANAGER", "REALTIME"))
    )
    assert [(r["call_id"], r["queue_id"], r["data1"]) for r in log.typed()] == [(None, None, "ACW")] * 3


def test_telephone_number_is_in_no_typed_column(log: Kit) -> None:
    number = "13812345678"
    log.write(
        "queue_log",
        f"{T}|{CALL}|q|NONE|ENTERQUEUE|sip:{number}@x|{number}|1\n"
        f"{T}|{CALL}|q|Local/{number}@out|CONNECT|1|{number}|1\n"
        f"{T}|{CALL}|q|PJSIP/1001|BLINDTRANSFER|{number}|out|1|2|1\n"
        f"{T}|{CALL}|q|PJSIP/1001|ATTENDEDTRANSFER|APP|{number}|1|2|1\n"
        f"{T}|{CALL}|q|PJSIP/1001|WHATEVER|x{number}|a|b|c|d|e {number}\n"
        f"{T}|{CALL}|q|PJSIP/1001|CALLED{number}|\n",
    )
    rows = log.typed()
    assert len(rows) == 6 and not re.search(r"\d{4}1234|12345678", str(rows))
    (file,) = (log.root / "landing").rglob("typed.parquet")
    assert number.encode() not in file.read_bytes()


def test_own_number_and_numeric_parameters_are_not_masked(log: Kit) -> None:
    log.write(
        "queue_log",
        f"{T}|{CALL}|q|NONE|DID|4008001001\n{T}|{CALL}|q|NONE|DID|4008001002\n"
        f"{T}|{CALL}|q|PJSIP/1001|RINGNOANSWER|12345678\n",
    )
    assert column(log.typed(), "data1") == ["4008001001", "4****02", "12345678"]


def test_bad_or_negative_parameter_is_null_with_a_flag(log: Kit) -> None:
    log.write("queue_log", f"{T}|{CALL}|q|PJSIP/1001|COMPLETEAGENT|-3|abc|1\n")
    (row,) = log.typed()
    assert (row["data1"], row["data2"], row["data3"]) == (None, None, "1")
    assert row["flags"] == "bad_data2,negative_data1"


def test_lines_without_key_time_or_meaning_are_refused_with_their_text(log: Kit) -> None:
    lines = [
        f"{T}|{CALL}|q|NONE|ABANDON|1|1|9",
        f"{T}|NONE|q|NONE|ABANDON|1|1|9",
        f"{T}|NONE|q|NONE|PAUSE|x",
        f"yesterday|{CALL}|q|NONE|ABANDON|1|1|9",
        f"{T}|{CALL}|q|NONE||1",
        f"{T}|{CALL}|q",
        f"{T + 2 * 86400}|{CALL}|q|NONE|ABANDON|1|1|9",
        f"{T - 30 * 86400}|{CALL}|q|NONE|ABANDON|1|1|9",
        f"{T}|{CALL}|q|NONE|ABANDON\x1f|1|1|9",
    ]
    log.write("queue_log", "\n".join(lines) + "\n")
    found = log.refused()
    assert [(row["source_line"], row["rule"], row["column_name"]) for row in found] == [
        (2, "missing_key", "call_id"),
        (3, "missing_key", "agent_raw"),
        (4, "bad_time", "event_at"),
        (5, "missing_meaning", "event"),
        (6, "too_few_fields", None),
        (7, "future_event", "event_at"),
        (8, "before_first_date", "event_at"),
        (9, "too_many_columns", None),
    ]
    assert [row["raw"] for row in found] == lines[1:]
    assert all(row["reason"] and row["source_file"].endswith("/queue_log") for row in found)
    assert column(log.typed(), "source_line") == [1]


def test_event_one_day_ahead_is_still_accepted(log: Kit) -> None:
    at = int(NOW.timestamp()) + 86400
    log.write("queue_log", f"{at}|{CALL}|q|NONE|ABANDON|1|1|9\n{at + 1}|{CALL}|q|NONE|ABANDON|1|1|9\n")
    assert column(log.typed(), "source_line") == [1] and rules(log) == [(2, "future_event")]


def test_last_line_that_breaks_off_is_refused_and_a_whole_one_without_line_end_is_not(log: Kit) -> None:
    whole = f"{T}|{CALL}|q|PJSIP/1001|COMPLETECALLER|5|60|1"
    log.write("queue_log", whole)
    assert rules(log) == []
    for cut in (f"{T}|{CALL}|q|PJSIP/1001|COMPLETECAL", f"{T}|{CALL}|q|PJSIP/1001|COMPLETECALLER|5", f"{T}|{CALL}|q"):
        log.write("queue_log", f"{T}|{CALL}|q|NONE|ENTERQUEUE||1001|1\n" + cut)
        assert [line for line, _ in rules(log)] == [2]


def test_rotated_gzip_is_typed_like_a_plain_file(log: Kit) -> None:
    log.write("queue_log.1.gz", gzip.compress(f"{T}|{CALL}|q|NONE|ABANDON|1|1|9\n".encode()))
    (row,) = log.typed()
    assert row["event"] == "ABANDON" and row["source_file"].endswith("queue_log.1.gz")


def test_empty_log_is_no_row_and_no_error(log: Kit) -> None:
    log.write("queue_log", b"")
    (item,) = log.type()
    assert (item.rows_in, item.rows, len(item.warnings)) == (0, 0, 1)


def test_lineage_names_file_line_and_landing(log: Kit) -> None:
    log.write("queue_log", f"\n{T}|{CALL}|q|NONE|ABANDON|1|1|9\n")
    (row,) = log.typed()
    (item,) = log.type()
    assert row["source_file"] == f"{item.manifest.object_id}/queue_log"
    assert (row["source_line"], row["ingested_at"]) == (2, NOW.replace(tzinfo=None))
    assert re.fullmatch("[0-9a-f]{32}", row["row_hash"])


def test_row_hash_is_the_same_in_another_file_and_another_for_another_row(log: Kit) -> None:
    line = f"{T}|{CALL}|q|NONE|ABANDON|1|1|9\n"
    log.write("queue_log", line)
    log.write("queue_log.2", "\n" + line + line.replace("|9", "|8"))
    first, second, third = column(log.typed(), "row_hash")
    assert first == second != third


def test_without_a_hash_key_nothing_is_typed(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("queue_log", f"{T}|{CALL}|q|NONE|ABANDON|1|1|9\n")
    monkeypatch.delenv(HASH_KEY_VARIABLE)
    with pytest.raises(InputError, match=HASH_KEY_VARIABLE):
        log.type()


def test_object_is_typed_once_until_configuration_or_key_change(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("queue_log", f"{T}|{CALL}|q|NONE|DID|4008001002\n")
    typed: list[str] = []
    real = typing._type_object

    def counted(*args: object) -> typing.Typed:
        typed.append("once")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(typing, "_type_object", counted)
    assert [len(log.type()), len(log.type()), len(typed)] == [1, 1, 1]
    log.configure(QUEUE_LOG.replace("4008001001", "4008001002"))
    assert column(log.typed(), "data1") == ["4008001002"] and len(typed) == 2
    monkeypatch.setenv(HASH_KEY_VARIABLE, "another key, long enough")
    log.type()
    assert len(typed) == 3


def test_of_many_files_warnings_and_the_error_are_those_of_typing_one_after_another(
    contact: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        contact.write(f"{number}.csv", CONTACT_HEADER + "\n" * number)
    contact.type()
    told = re.findall(r"warning: (\d)\.csv: the file has a header and no rows", capsys.readouterr().err)
    assert told == [str(number) for number in range(8)]
    for number in range(4, 8):
        contact.write(f"{number}.csv", f"id,start,id,{number}\n")
    for _ in range(3):
        with pytest.raises(InputError, match=r"4\.csv"):
            contact.type()


def test_quarantine_is_private_and_follows_the_live_files(log: Kit) -> None:
    log.write("queue_log", "rubbish\n")
    assert len(log.refused()) == 1
    folder = paths.quarantine_dir(log.root, log.feed)
    assert folder.stat().st_mode & 0o077 == 0
    log.write("queue_log", f"rubbish\n{T}|{CALL}|q|NONE|ABANDON|1|1|9\nmore rubbish\n")
    assert [row["raw"] for row in log.refused()] == ["rubbish", "more rubbish"]
    log.write("queue_log", f"{T}|{CALL}|q|NONE|ABANDON|1|1|9\n")
    assert log.refused() == [] and list(folder.iterdir()) == []


# --- cdr -------------------------------------------------------------------------------------------------


def record(**changes: object) -> str:
    """A line of Master.csv with the 18 standard columns."""
    said = {
        "accountcode": "", "src": "13812345678", "dst": "4008001001", "dcontext": "from-trunk",
        "clid": '"Zhang" <13812345678>', "channel": "PJSIP/trunk-0000001a", "dstchannel": "PJSIP/1001-0000001b",
        "lastapp": "Queue", "lastdata": "sales,t,,,300", "start": "2026-03-09 09:00:00",
        "answer": "2026-03-09 09:00:02", "end": "2026-03-09 09:03:00", "duration": 180, "billsec": 178,
        "disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1773018000.1", "userfield": "",
    } | changes  # fmt: skip
    return ",".join('"' + str(value).replace('"', '""') + '"' for value in said.values()) + "\n"


def test_record_is_typed_field_by_field(cdr: Kit) -> None:
    cdr.write("Master.csv", record())
    (row,) = cdr.typed()
    assert (row["started_at"], row["answered_at"], row["ended_at"]) == (
        datetime(2026, 3, 9, 1, 0),
        datetime(2026, 3, 9, 1, 0, 2),
        datetime(2026, 3, 9, 1, 3),
    )
    assert (row["direction"], row["queue_id"], row["disposition"]) == ("inbound", "sales", "ANSWERED")
    assert (row["source_peer"], row["destination_peer"]) == ("PJSIP/trunk", "PJSIP/1001")
    assert (row["duration_s"], row["billsec_s"], row["dialled_number"]) == (180.0, 178.0, "4008001001")
    assert (row["customer_masked"], row["customer_number_type"]) == ("138****5678", "mobile")
    assert row["linked_id"] is None and row["flags"] is None
    assert "12345678" not in str(row) and "Zhang" not in str(row)


@pytest.mark.parametrize(
    ("src", "dst", "context", "direction", "customer"),
    [
        ("13812345678", "600", "from-pstn", "inbound", "138****5678"),
        ("1001", "13812345678", "from-internal", "outbound", "138****5678"),
        ("1001", "1002", "from-internal", "internal", None),
        ("1001", "123456", "from-internal", "internal", None),
        ("13812345678", "600", "elsewhere", "other", "138****5678"),
        ("", "600", "from-trunk", "inbound", None),
    ],
)
def test_default_direction(cdr: Kit, src: str, dst: str, context: str, direction: str, customer: str | None) -> None:
    cdr.write("Master.csv", record(src=src, dst=dst, dcontext=context))
    (row,) = cdr.typed()
    assert (row["direction"], row["customer_masked"]) == (direction, customer)


def test_direction_follows_the_configured_expression(cdr: Kit) -> None:
    said = "options: {direction: \"case when accountcode = 'out' then 'OUTBOUND' else accountcode end\"}"
    cdr.configure(CDR.replace('["Master.csv*"]', f'["Master.csv*"], {said}'))
    cdr.write("Master.csv", record(accountcode="out") + record(accountcode="sideways"))
    assert [(r["direction"], r["flags"]) for r in cdr.typed()] == [("outbound", None), ("other", "bad_direction")]


def test_campaign_follows_the_configured_expression_and_shows_no_number(cdr: Kit) -> None:
    said = "options: {campaign: \"case when src = '1001' then accountcode end\"}"
    cdr.configure(CDR.replace('["Master.csv*"]', f'["Master.csv*"], {said}'))
    calls = (("1001", " renewal "), ("1002", "renewal"), ("1001", ""), ("1001", "for 13812345678"))
    cdr.write("Master.csv", "".join(record(src=src, accountcode=code) for src, code in calls))
    assert [row["campaign_id"] for row in cdr.typed()] == ["renewal", None, None, "for 138****5678"]


def test_columns_of_newer_asterisk_are_read_by_name(cdr: Kit) -> None:
    names = "src, dst, dcontext, start, answer, end, duration, billsec, disposition, uniqueid, linkedid, sequence"
    cdr.configure(CDR.replace('["Master.csv*"]', f'["Master.csv*"], options: {{columns: [{names}]}}'))
    cdr.write("Master.csv", "1001,1002,x,2026-03-09 09:00:00,,2026-03-09 09:00:05,5,0,NO ANSWER,a.2,a.1,7\n")
    (row,) = cdr.typed()
    assert (row["call_id"], row["linked_id"], row["sequence_no"], row["answered_at"]) == ("a.2", "a.1", 7, None)


def test_bad_values_are_null_with_flags_and_the_record_stays(cdr: Kit) -> None:
    cdr.write("Master.csv", record(duration=-4, billsec="x", answer="soon", disposition="ODD"))
    (row,) = cdr.typed()
    assert (row["duration_s"], row["billsec_s"], row["answered_at"], row["disposition"]) == (None, None, None, "OTHER")
    assert row["flags"] == "bad_answered_at,bad_billsec_s,bad_disposition,negative_duration_s"


@pytest.mark.parametrize(("answer", "flags"), [("08:59:58", None), ("08:59:57", "order_started_at_answered_at")])
def test_clocks_may_disagree_by_the_tolerance(cdr: Kit, answer: str, flags: str | None) -> None:
    cdr.write("Master.csv", record(answer=f"2026-03-09 {answer}"))
    assert column(cdr.typed(), "flags") == [flags]


def test_record_with_a_wrong_number_of_columns_is_refused(cdr: Kit) -> None:
    cdr.write(
        "Master.csv",
        record() + '"a","b"\n' + record().replace("\n", ',"y"\n') + record(userfield="two\nlines") + record(),
    )
    assert rules(cdr) == [(2, "missing_columns"), (3, "too_many_columns")]
    assert column(cdr.typed(), "source_line") == [1, 4, 6]


def test_record_without_id_is_refused_only_beside_a_queue_log(cdr: Kit) -> None:
    cdr.write("Master.csv", record(uniqueid=""))
    assert rules(cdr) == [] and column(cdr.typed(), "call_id") == [None]
    cdr.configure(CDR + '      queue_log: {paths: ["queue_log"], required: false}\n')
    assert rules(cdr) == [(1, "cdr_without_id")]


def test_local_time_that_is_missing_or_double_is_flagged_and_always_typed_alike(cdr: Kit) -> None:
    cdr.configure(CDR.replace("Asia/Shanghai", "Europe/Berlin").replace("2026-03-01", "2025-10-01"))
    cdr.write(
        "Master.csv",
        "".join(
            record(start=start, answer="", end="", duration=1, billsec=0)
            for start in ("2025-10-26 01:59:59", "2025-10-26 02:30:00", "2025-10-26 03:00:00")
        ),
    )
    rows = cdr.typed()
    assert column(rows, "flags") == [None, "dst_ambiguous", None]
    assert column(rows, "started_at") == [
        datetime(2025, 10, 25, 23, 59, 59),
        datetime(2025, 10, 26, 1, 30),
        datetime(2025, 10, 26, 2, 0),
    ]


# --- mapped contacts -------------------------------------------------------------------------------------

ROW = "c1,2026-03-09 09:00:00,answered,13812345678,60,\n"


def test_mapped_row_is_typed_and_masked(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + ROW)
    (row,) = contact.typed()
    assert (row["contact_id"], row["started_at"], row["outcome"], row["talk_s"]) == (
        "c1",
        datetime(2026, 3, 9, 1, 0),
        "answered",
        60.0,
    )
    assert (row["caller_masked"], row["direction"], row["is_invalid"], row["flags"]) == (
        "138****5678",
        "inbound",
        False,
        None,
    )
    assert row["queue_id"] is None and "12345678" not in str(row)


def test_local_times_follow_the_zone_and_offsets_are_absolute(contact: Kit) -> None:
    starts = ["2026-03-09 09:00:00", "2026-03-09T09:00:00+01:00", "2026-03-09 09:00:00Z", "2026-03-09"]
    contact.write("a.csv", CONTACT_HEADER + "".join(f"c{i},{start},answered,,,\n" for i, start in enumerate(starts)))
    assert [row["started_at"].hour for row in contact.typed()] == [1, 8, 9, 16]


def test_timestamptz_expression_is_absolute(contact: Kit) -> None:
    contact.configure(CONTACT.replace("started_at: start", "started_at: to_timestamp(cast(start as double))"))
    contact.write("a.csv", CONTACT_HEADER + f"c1,{T},answered,,,\n")
    assert column(contact.typed(), "started_at") == [datetime(2026, 3, 9, 23, 46, 40)]


def test_two_digit_years_are_the_users_sql(contact: Kit) -> None:
    contact.configure(CONTACT.replace("started_at: start", "started_at: strptime(start, '%y%m%d %H:%M:%S')"))
    contact.write("a.csv", CONTACT_HEADER + "c1,260309 9:00:00,answered,,,\n")
    assert column(contact.typed(), "started_at") == [datetime(2026, 3, 9, 1, 0)]


def test_value_that_its_expression_cannot_make_is_null_with_a_flag(contact: Kit) -> None:
    rows = [
        "c1,2026-03-09,answered,,abc,",
        "c2,2026-03-09,answered,,-1,",
        "c3,2026-03-09,answered,,9999999,",
        "c4,2026-03-09,answered,,,",
    ]
    contact.write("a.csv", CONTACT_HEADER + "\n".join(rows) + "\n")
    assert column(contact.typed(), "talk_s") == [None] * 4
    assert column(contact.typed(), "flags") == ["bad_talk_s", "negative_talk_s", "bad_talk_s", None]


def test_contact_without_key_time_or_outcome_is_refused(contact: Kit) -> None:
    rows = [",2026-03-09,answered,,1,", "c2,noon,answered,,1,", "c3,2026-03-09,,,1,", "c4,2026-03-09,elsewhere,,1,",
            "c5,2026-03-09,Answered,,1,", ",,,,,"]  # fmt: skip
    contact.write("a.csv", CONTACT_HEADER + "\n".join(rows) + "\n")
    assert rules(contact) == [
        (2, "missing_key"),
        (3, "bad_time"),
        (4, "missing_meaning"),
        (5, "missing_meaning"),
        (7, "missing_key"),
    ]
    assert column(contact.typed(), "outcome") == ["answered"]


def test_rules_flag_mark_invalid_and_refuse(contact: Kit) -> None:
    contact.configure(
        CONTACT.replace("outcome: outcome", "outcome: nullif(outcome, 'GHOST')")
        + """        rules:
          - {name: zero_talk, when: "talk = '0'", action: flag, reason: no talk}
          - {name: ghost, when: "outcome = 'GHOST'", action: invalid, reason: no call}
          - {name: test_call, when: "phone = '0' and cast(talk as integer) > 0", action: refuse, reason: a test}
"""
    )
    rows = [
        "c1,2026-03-09,answered,,0,",
        "c2,2026-03-09,GHOST,,0,",
        "c3,2026-03-09,answered,0,5,",
        "c4,2026-03-09,answered,0,x,",
    ]
    contact.write("a.csv", CONTACT_HEADER + "\n".join(rows) + "\n")
    assert [(r["contact_id"], r["outcome"], r["is_invalid"], r["flags"]) for r in contact.typed()] == [
        ("c1", "answered", False, "zero_talk"),
        ("c2", "invalid", True, "ghost,zero_talk"),
        ("c4", "answered", False, "bad_talk_s"),
    ]
    assert [(r["rule"], r["reason"]) for r in contact.refused()] == [("test_call", "a test")]


def test_steps_that_run_backwards_beyond_the_tolerance_are_flagged(contact: Kit) -> None:
    contact.configure(
        CONTACT.replace(
            "          talk_s: cast(talk as double)", "          queue_left_at: phone\n          ended_at: talk"
        ).replace("          caller_number: phone\n", "")
    )
    rows = [
        "c1,2026-03-09 09:00:00,answered,2026-03-09 08:59:58,2026-03-09 09:00:00,",
        "c2,2026-03-09 09:00:00,answered,2026-03-09 08:59:57,2026-03-09 09:00:00,",
        "c3,2026-03-09 09:00:00,answered,,2026-03-09 08:00:00,",
    ]
    contact.write("a.csv", CONTACT_HEADER + "\n".join(rows) + "\n")
    assert column(contact.typed(), "flags") == [None, "order_started_at_queue_left_at", "order_started_at_ended_at"]


def test_columns_may_come_in_another_order_and_in_other_case(contact: Kit) -> None:
    contact.write("a.csv", "Talk,extra,ID,START,outcome,phone,updated\n7,x,c1,2026-03-09,answered,,\n")
    assert [(r["contact_id"], r["talk_s"]) for r in contact.typed()] == [("c1", 7.0)]


def test_expression_that_fails_on_the_files_columns_names_the_line_of_the_configuration(contact: Kit) -> None:
    contact.configure(CONTACT.replace("contact_id: id", "contact_id: id || nowhere.x"))
    contact.write("a.csv", CONTACT_HEADER.replace("\n", ",x\n") + ROW.replace("\n", ",1\n"))
    with pytest.raises(InputError) as caught:
        contact.type()
    assert caught.value.line == 12 and "nowhere" in str(caught.value)


def test_file_without_header_is_read_by_the_declared_columns(contact: Kit) -> None:
    contact.configure(
        CONTACT
        + "        columns: [id, start, outcome, phone, talk, updated]\n"
        + "        format: {header: false, delimiter: ';'}\n"
    )
    contact.write("a.csv", ROW.replace(",", ";"))
    assert column(contact.typed(), "source_line") == [1]


def test_chinese_export_in_gb18030_is_read(contact: Kit) -> None:
    contact.configure(CONTACT.replace("contact_id: id", "contact_id: 编号"))
    contact.write("a.csv", (CONTACT_HEADER.replace("id,", "编号,") + ROW.replace("c1", "通话1")).encode("gb18030"))
    assert column(contact.typed(), "contact_id") == ["通话1"]
    assert [item.encoding for item in contact.type()] == ["gb18030"]


def test_header_only_file_is_no_row_and_a_warning(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER)
    (item,) = contact.type()
    assert item.rows_in == 0 and "a header and no rows" in item.warnings[0]


def test_quoted_fields_keep_their_line(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + '"c\n1",2026-03-09,answered,,1,\nc2,2026-03-09,answered,,1,\n')
    assert [(r["contact_id"], r["source_line"]) for r in contact.typed()] == [("c\n1", 2), ("c2", 4)]
