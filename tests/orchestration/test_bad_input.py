"""Claims about input that is wrong, odd or hostile: what a file, a clock or a path may be without a row getting lost, a
value being guessed, or a traceback. What holds for any bytes is in test_properties.py.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import cli, paths
from orchestration.build import BuildResult
from orchestration.errors import InputError
from orchestration.extract.landing import read_manifests
from orchestration.feeds import refresh
from tests.orchestration.extract_kit import CONTACT, CONTACT_HEADER, NOW, Kit, column

T = 1773100000  # 2026-03-10 07:46:40 in Shanghai
STEPS = (
    CONTACT
    + """\
          queue_entered_at: entered
          agent_answered_at: answered
          ended_at: ended
"""
)
STEPS_HEADER = "id,start,outcome,phone,talk,updated,entered,answered,ended\n"
DAY_FIRST = CONTACT.replace("started_at: start", "started_at: strptime(start, '%d/%m/%Y %H:%M')")


def contacts(*starts: str) -> str:
    """An export with one answered contact for each start."""
    return CONTACT_HEADER + "".join(f"r{i},{start},answered,,60,\n" for i, start in enumerate(starts))


def by_start(kit: Kit, starts: list[str]) -> dict[str, str]:
    """What became of each start: `loaded`, or the rule that refused it."""
    kit.refresh()
    found = {starts[row["source_line"] - 2]: str(row["rule"]) for row in kit.refused()}
    return {start: found.get(start, "loaded") for start in starts}


# --- durations and the order of steps --------------------------------------------------------------------


def test_durations_of_the_queue_log_that_no_call_has_are_null_with_a_flag(log: Kit) -> None:
    lines = {
        "COMPLETECALLER|-5|999999999|1": (None, None, "bad_data2,negative_data1"),
        "COMPLETECALLER|86400|86401|1": ("86400", None, "bad_data2"),
        "CONNECT|1e3|1.1|0x1": (None, "*", "bad_data1,bad_data3"),
        "RINGNOANSWER|86400000": ("86400000", None, None),
        "RINGNOANSWER|86400001": (None, None, "bad_data1"),
        "RINGCANCELED|-1": (None, None, "negative_data1"),
        "ABANDON|1|1|99999999999999999999": ("1", "1", "bad_data3"),
    }
    log.write("queue_log", "".join(f"{T}|{T}.1|q|PJSIP/1001|{line}\n" for line in lines))
    rows = log.typed()
    assert [(row["data1"], row["flags"]) for row in rows] == [(first, flags) for first, _, flags in lines.values()]
    assert [(row["data2"]) for row in rows if row["event"] == "COMPLETECALLER"] == [None, None]
    assert log.accounting().rows_in == len(lines) and log.refused() == []


def cdr_line(start: str, answer: str, end: str, duration: object, billsec: object) -> str:
    fields = ["", "13812345678", "4008001001", "from-trunk", "", "PJSIP/t-1", "PJSIP/1001-2", "Queue", "q", start,
              answer, end, str(duration), str(billsec), "ANSWERED", "", "1.1", ""]  # fmt: skip
    return ",".join(f'"{field}"' for field in fields) + "\n"


def test_absurd_values_of_a_call_record_are_null_or_kept_with_a_flag_and_the_record_stays(cdr: Kit) -> None:
    at = "2026-03-09 12:0{}:00".format
    records = {
        cdr_line(at(0), at(1), at(3), -5, 99999999): (at(1), at(3), None, None, "bad_billsec_s,negative_duration_s"),
        cdr_line(at(0), at(1), at(3), 180, 900): (at(1), at(3), 180, 900, "billsec_s_exceeds_duration_s"),
        cdr_line(at(2), at(1), at(3), 60, 60): (at(1), at(3), 60, 60, "order_started_at_answered_at"),
        cdr_line(at(2), at(3), at(1), 60, 60): (at(3), None, 60, 60, "order_answered_at_ended_at"),
        cdr_line(at(2), "", at(1), 60, 0): (None, None, 60, 0, "order_started_at_ended_at"),
        cdr_line(at(0), at(1), "1970-01-01 00:00:00", 60, 60): (at(1), None, 60, 60, "bad_ended_at"),
        cdr_line(at(0), "9999-12-31 00:00:00", at(1), 60, 60): (None, at(1), 60, 60, "bad_answered_at"),
        cdr_line(at(0), "infinity", "294247-01-10 04:00:54", "nan", "inf"): (
            None, None, None, None, "bad_answered_at,bad_billsec_s,bad_duration_s,bad_ended_at"),
    }  # fmt: skip
    cdr.write("Master.csv", "".join(records))

    def local(moment: datetime | None) -> str | None:
        return None if moment is None else str(moment + timedelta(hours=8))

    found = [
        (local(row["answered_at"]), local(row["ended_at"]), row["duration_s"], row["billsec_s"], row["flags"])
        for row in cdr.typed()
    ]
    assert found == list(records.values()) and cdr.refused() == []


def test_a_step_a_day_away_from_the_start_or_an_end_before_it_is_no_step(contact: Kit) -> None:
    contact.configure(STEPS)
    steps = {
        "2026-03-08 08:59:58,2026-03-08 09:01:00,2026-03-09 09:00:00": (True, True, True, None),
        "2026-03-07 08:59:59,2026-03-08 09:01:00,2026-03-09 09:00:01": (
            False, True, False, "bad_ended_at,bad_queue_entered_at"),
        "1970-01-01,0001-01-01,9999-12-31": (
            False, False, False, "bad_agent_answered_at,bad_ended_at,bad_queue_entered_at"),
        "infinity,-infinity,NaN": (False, False, False, "bad_agent_answered_at,bad_ended_at,bad_queue_entered_at"),
        ",,2026-03-08 08:59:58": (False, False, True, None),
        ",,2026-03-08 08:59:57": (False, False, False, "order_started_at_ended_at"),
    }  # fmt: skip
    rows = [f"r{i},2026-03-08 09:00:00,answered,,1,,{said}\n" for i, said in enumerate(steps)]
    contact.write("a.csv", STEPS_HEADER + "".join(rows))
    found = [
        (*(row[name] is not None for name in ("queue_entered_at", "agent_answered_at", "ended_at")), row["flags"])
        for row in contact.typed()
    ]
    assert found == list(steps.values())


@pytest.mark.parametrize("talk", ["60000000", "-60", "one minute"])
def test_a_file_whose_durations_are_unusable_is_held_though_typing_made_them_null(contact: Kit, talk: str) -> None:
    contact.write("a.csv", contacts(*["2026-03-08 09:00:00"] * 30).replace(",60,", f",{talk},"))
    done = refresh_through_the_audit(contact)
    assert [day.isoformat() for day in done.held] == ["2026-03-08"]
    assert "duration_unusable" in {check.name for check in done.verdict.checks if not check.passed}


def refresh_through_the_audit(kit: Kit) -> Any:
    config = kit.config
    day = datetime(2026, 3, 1).date()
    return refresh(config.feed(kit.feed), config, kit.root, day, day + timedelta(days=30), NOW.replace(tzinfo=None))


# --- dates -----------------------------------------------------------------------------------------------


def test_a_start_is_read_as_it_is_written_or_refused_and_never_guessed(contact: Kit) -> None:
    expected = {
        "2026-03-08 09:00:00": "loaded", "2026/3/8 9:00:00": "loaded", "2026-03-08T09:00:00Z": "loaded",
        "2026-03-08 09:00:00+14:59": "loaded", "2026-03-08 09:00:00+99:99": "bad_time",
        "2026-03-08 09:00:00+0860": "bad_time", "2026-03-08 09:00:00-15": "bad_time",
        "03/04/2026": "bad_time", "3/4/2026 10:00": "bad_time", "04.03.2026 10:00": "bad_time", "20260304": "bad_time",
        "26-03-08 09:00:00": "before_first_date", "2026-02-30 09:00:00": "bad_time", "2026-03-08 25:00:00": "bad_time",
        "2026-03-08 9:00 PM": "bad_time", "1772841600": "bad_time", "now": "bad_time", "today": "bad_time",
        "1970-01-01 00:00:00": "before_first_date", "epoch": "before_first_date", "1899-12-30": "before_first_date",
        "0000-00-00 00:00:00": "bad_time", "-0044-03-15": "bad_time", "44-03-15 (BC) 09:00:00": "bad_time",
        "2027-03-08 09:00:00": "future_event", "9999-12-30 00:00:00": "future_event", "NaN": "bad_time",
        "294247-01-10 04:00:54": "bad_time", "294247-01-10 04:00:54Z": "bad_time", "infinity": "bad_time",
        "-infinity": "bad_time",
    }  # fmt: skip
    contact.write("a.csv", contacts(*expected))
    assert by_start(contact, list(expected)) == expected


def test_epochs_of_the_queue_log_are_seconds_since_1970_or_refused(log: Kit) -> None:
    expected = {
        f"{T}": "loaded", f"{T}.5": "loaded", "0": "before_first_date", "-5": "bad_time", f"{T}000": "bad_time",
        "": "bad_time", "99999999999": "future_event", "999999999999": "bad_time", "1e9": "bad_time", "NaN": "bad_time",
        "１７７": "bad_time",
    }  # fmt: skip
    log.write("queue_log", "".join(f"{at}|1.1|q|NONE|ABANDON|1|1|1\n" for at in expected))
    log.refresh()
    found = {row["source_line"]: row["rule"] for row in log.refused()}
    assert {at: found.get(line, "loaded") for line, at in enumerate(expected, 1)} == expected


def test_starts_that_fit_only_with_day_and_month_exchanged_are_refused_and_cast_doubt_on_the_others(
    contact: Kit,
) -> None:
    contact.configure(DAY_FIRST)
    starts = ["02/03/2026 10:00", "03/13/2026 10:00", "03/03/2026 10:00", "04/03/2026 10:00", "99/99/2026 10:00"]
    contact.write("a.csv", contacts(*starts))
    assert [(row["source_line"], row["rule"]) for row in contact.refused()] == [
        (3, "day_month_exchanged"),
        (6, "bad_time"),
    ]
    assert column(contact.typed(), "flags") == ["day_month_doubtful", None, "day_month_doubtful"]
    held = [day.isoformat() for day in refresh_through_the_audit(contact).held]
    assert held == ["2026-03-02", "2026-03-04"]


def test_one_mistyped_date_among_hundreds_casts_no_doubt(contact: Kit) -> None:
    contact.configure(DAY_FIRST)
    contact.write("a.csv", contacts("03/13/2026 10:00", *["02/03/2026 10:00"] * 150))
    assert column(contact.refused(), "rule") == ["day_month_exchanged"]
    assert set(column(contact.typed(), "flags")) == {None}


def test_a_date_whose_year_stands_first_leaves_its_order_in_no_doubt(contact: Kit) -> None:
    contact.configure(DAY_FIRST.replace("%d/%m/%Y", "%Y-%m-%d"))
    contact.write("a.csv", contacts("2026-13-03 10:00", "2026-03-02 10:00", "2026-03-04 10:00"))
    assert column(contact.refused(), "rule") == ["bad_time"] and set(column(contact.typed(), "flags")) == {None}


def test_a_mapping_without_day_and_month_in_figures_is_never_exchanged(contact: Kit) -> None:
    contact.configure(CONTACT.replace("started_at: start", "started_at: strptime(start, '%d %b %Y %H:%M')"))
    contact.write("a.csv", contacts("02 Mar 2026 10:00", "32 Mar 2026 10:00"))
    assert column(contact.refused(), "rule") == ["bad_time"] and column(contact.typed(), "flags") == [None]


# --- clocks ----------------------------------------------------------------------------------------------


def test_rows_a_year_ahead_are_refused_and_move_no_date_of_the_lake(log: Kit) -> None:
    log.write("queue_log", f"{T}|1.1|q|NONE|ABANDON|1|1|9\n")
    log.write("queue_log.ahead", f"{T + 365 * 86400}|1.2|q|NONE|ABANDON|1|1|9\n" * 3)
    log.refresh()
    assert [path.parent.name for path in (log.root / "lake").rglob("dt=2*/part-0.parquet")] == ["dt=2026-03-10"]
    assert log.accounting().by_rule == {"future_event": 3}


def test_rows_refused_under_a_clock_that_was_slow_are_loaded_when_it_is_right(
    contact: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00", "2026-03-08 19:00:00", "2026-03-09 09:00:00"))
    contact.refresh(datetime(2020, 1, 1))
    assert contact.accounting().by_rule == {"future_event": 3}
    assert "is the clock right?" in capsys.readouterr().err
    # still slow, by less: the limit lies between two rows of one date
    contact.refresh(datetime(2026, 3, 7, 3))
    assert contact.accounting().by_rule == {"future_event": 2} and len(contact.partition("2026-03-08")) == 1
    contact.refresh(NOW)
    assert (contact.accounting().loaded, contact.refused()) == (3, [])
    assert [len(contact.partition(f"2026-03-0{day}")) for day in (8, 9)] == [2, 1]
    assert contact.land(NOW + timedelta(days=9)).read == 0


def test_rows_accepted_under_a_clock_that_ran_ahead_are_refused_when_it_is_right(contact: Kit) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00", "2026-03-09 09:00:00", "2028-03-09 09:00:00"))
    contact.refresh(datetime(2030, 1, 1))
    assert contact.accounting().loaded == 3
    contact.refresh(NOW)
    assert contact.accounting().by_rule == {"future_event": 1}
    assert contact.partition("2028-03-09") == [] and column(contact.refused(), "rule") == ["future_event"]
    assert contact.land(NOW + timedelta(days=9)).read == 0


def test_a_clock_that_went_back_takes_nothing_back_and_is_named(contact: Kit) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00", "2026-03-09 09:00:00"))
    contact.refresh(NOW)
    for attempt in range(2):
        with pytest.raises(InputError, match=r"lie after 2020-01-0.*this machine's clock") as caught:
            contact.refresh(datetime(2020, 1, 1 + attempt))
        assert (caught.value.rule, caught.value.exit_code, caught.value.file) == ("clock", 2, "a.csv")
        assert len(contact.partition("2026-03-09")) == 1
    assert contact.refresh(NOW + timedelta(days=2)) == []
    assert contact.accounting().loaded == 2 and contact.touched() == []


def test_landing_goes_by_its_own_count_when_the_clock_goes_back(contact: Kit) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00"))
    contact.refresh(NOW)
    contact.write("a.csv", contacts("2026-03-08 10:00:00"))
    contact.refresh(NOW - timedelta(hours=20))
    assert [row["started_at"].hour for row in contact.partition("2026-03-08")] == [2]
    assert [manifest.seq for manifest in read_manifests(contact.feed, contact.root)] == [1, 2]


# --- files that are none, and names ----------------------------------------------------------------------


def folder(path: Path) -> None:
    path.mkdir()


def named_pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "rule", "words"),
    [
        (folder, "no_file", "a.csv is a folder"),
        (named_pipe, "no_file", "a.csv is a named pipe"),
        (link_to_nowhere, "unreadable", "No such file"),
        (link_to_itself, "unreadable", "Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_named_and_never_waited_for(
    contact: Kit, make: Callable[[Path], None], rule: str, words: str
) -> None:
    make(contact.base / "a.csv")
    with pytest.raises(InputError, match=words) as caught:
        contact.land()
    assert caught.value.rule == rule and caught.value.todo


def test_a_pipe_beside_files_is_told_and_the_files_are_read(contact: Kit) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00"))
    os.mkfifo(contact.base / "b.csv")
    (contact.base / "c.csv").mkdir()
    report = contact.land()
    assert (report.files, report.warnings) == (1, ["b.csv is a named pipe; it is not read"])


def test_a_folder_without_the_right_to_enter_is_an_input_error(contact: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00"))
    real = Path.stat

    def denied(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(InputError, match="Permission denied") as caught:
        contact.land()
    assert (caught.value.rule, caught.value.file) == ("unreadable", "a.csv")


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.csv", b"a\nb.csv", b'it\'s a "file".csv', b"[1]*?.csv", "数据.csv".encode()]
)
def test_any_file_name_is_landed_and_named_in_lineage(contact: Kit, name: bytes) -> None:
    (Path(os.fsdecode(os.fsencode(contact.base) + b"/" + name))).write_bytes(
        (contacts("2026-03-08 09:00:00") + "lost\n").encode()
    )
    contact.refresh()
    shown = name.decode("utf-8", "backslashreplace")
    assert [row["source_file"].split("/", 1)[1] for row in (*contact.typed(), *contact.refused())] == [shown, shown]


def test_the_configurations_folder_may_be_called_like_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "calls 1").mkdir()
    (tmp_path / "calls 1" / "other.csv").write_text(contacts("2026-03-08 09:00:00") * 2)
    (tmp_path / "calls [1]").mkdir()
    kit = Kit(tmp_path / "calls [1]", "canonical.contact").configure(CONTACT)
    with pytest.raises(InputError, match="no file matches"):
        kit.land()
    kit.write("mine.csv", contacts("2026-03-08 09:00:00"))
    assert kit.land().files == 1
    assert [manifest.name for manifest in read_manifests(kit.feed, kit.root)] == ["mine.csv"]


def test_a_header_that_may_be_a_row_is_shown_without_telephone_numbers(contact: Kit) -> None:
    contact.write("a.csv", "1,2026-03-08 09:00:00,answered,13812345678,60,\n")
    with pytest.raises(InputError, match=r"138\*\*\*\*5678") as caught:
        refresh_through_the_audit(contact)
    assert "13812345678" not in str(caught.value)


def test_a_row_with_far_too_many_fields_is_refused_alone(contact: Kit) -> None:
    contact.write("a.csv", contacts("2026-03-08 09:00:00") + "x," * 100_000 + "\n")
    assert [(row["source_line"], row["rule"]) for row in contact.refused()] == [(3, "too_many_columns")]
    assert len(contact.typed()) == 1


def test_columns_without_a_name_or_with_one_of_ours_do_no_harm(contact: Kit) -> None:
    header = CONTACT_HEADER.strip() + ",,#line,#MARK,mark,,\n"
    contact.write("a.csv", header + "r,2026-03-08 09:00:00,answered,,60,,1,2,3,4,5,6\n")
    assert column(contact.typed(), "contact_id") == ["r"]


# --- the data root and a full disk -----------------------------------------------------------------------


def callmart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path, *arguments: str
) -> tuple[object, str]:
    """Exit code and words of the command on a data root."""
    monkeypatch.setenv("CALLMART_DATA", str(root))
    monkeypatch.setattr(sys, "argv", ["callmart", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("file/data", "storage", "Not a directory"),
        ("file", "storage", "File exists"),
        ("x" * 300, "storage", "File name too long"),
        ("data[1]", "data_root", "pattern"),
        ("da*a", "data_root", "pattern"),
        ("it's", "data_root", "pattern"),
    ],
)
def test_a_data_root_that_cannot_be_one_is_named_with_what_to_do(
    contact: Kit,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    rule: str,
    words: str,
) -> None:
    (contact.base / "file").write_text("no folder")
    contact.write("a.csv", contacts("2026-03-08 09:00:00"))
    configuration = str(contact.base / "callmart.yaml")
    code, said = callmart(monkeypatch, capsys, contact.base / name, "build", "--config", configuration)
    assert code == 2 and str(contact.base / name) in said
    assert words in said and f"[rule {rule}]" in said and "CALLMART_DATA" in said


def test_what_a_step_says_of_a_full_disk_is_no_failed_check(
    contact: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = 'dbt: dbt stopped: fct: Failed to commit: Could not write file "w.wal": No space left on device [rule x]'
    monkeypatch.setattr("orchestration.build.build", lambda *_: BuildResult(exit_code=1, messages=[said]))
    code, words = callmart(monkeypatch, capsys, contact.root, "build", "--config", str(contact.base / "callmart.yaml"))
    assert code == 2 and 'Could not write file "w.wal": No space left on device.' in words
    assert "What to do: free some space" in words and "[rule x]" not in words


def test_an_error_that_nobody_foresaw_is_a_defect_with_its_own_code(
    contact: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> BuildResult:
        raise ZeroDivisionError("nobody foresaw it")

    monkeypatch.setattr("orchestration.build.build", fails)
    code, words = callmart(monkeypatch, capsys, contact.root, "build", "--config", str(contact.base / "callmart.yaml"))
    assert code == 70 and "ZeroDivisionError: nobody foresaw it" in words and "defect" in words


LIMITED = """
import resource, sys
from pathlib import Path
from tests.orchestration.extract_kit import Kit
kit, done_before, limit = Kit(Path(sys.argv[1]), "canonical.contact"), sys.argv[2], int(sys.argv[3])
if done_before != "nothing":
    getattr(kit, done_before)()
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
kit.refresh()
"""


@pytest.mark.parametrize(
    ("done_before", "limit", "written"),
    [
        ("nothing", 20_000, "/landing/canonical/contact/"),
        ("land", 30_000, "/data/tmp"),
        ("type", 30_000, "/lake/canonical/contact/dt=2026-03-08/"),
    ],
)
def test_a_full_disk_is_named_with_the_file_and_a_later_run_completes(
    contact: Kit, done_before: str, limit: int, written: str
) -> None:
    """A limit on the size of files stands for the full disk: the system refuses a write in the middle of a file."""
    rows = "".join(f"{i * 7919},2026-03-08 09:{i // 60 % 60:02}:{i % 60:02},answered,,60,\n" for i in range(3000))
    contact.write("a.csv", CONTACT_HEADER + rows)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(contact.base), done_before, str(limit)],
        cwd=paths.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("orchestration.errors.InputError: ") and "File too large" in last and written in last, last
    assert "[rule storage]" in last and "What to do: free some space" in last
    contact.refresh()
    assert contact.accounting().loaded == 3000 and contact.touched() == []
    left = [path for path in contact.root.rglob("_*.tmp*") if not path.is_dir() or any(path.iterdir())]
    assert left == [] and stat.S_IMODE((contact.root / "landing").stat().st_mode) == 0o700
