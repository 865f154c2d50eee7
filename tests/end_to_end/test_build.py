"""`callmart build` as its users meet it: reruns, late files, refusals, blocks. Kills are in test_killed.py."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.lock import build_lock
from tests.end_to_end.centre import CALLMART, Centre

Copy = Callable[[], Centre]
FIRST_LOG = "asterisk/queue_log.20260302.gz"


def first_log(centre: Centre) -> Path:
    path = centre.source / FIRST_LOG
    assert path.exists()
    return path


def without_second_half(log: Path) -> None:
    """Shrink a rotated log to its first half."""
    lines = gzip.decompress(log.read_bytes()).splitlines(keepends=True)
    log.write_bytes(gzip.compress(b"".join(lines[: len(lines) // 2]), mtime=0))


def test_a_second_run_of_the_same_files_changes_nothing(copy: Copy) -> None:
    centre = copy()
    before = centre.release_id()
    said = centre.build()
    assert "nothing new" in said
    assert centre.release_id() == before


def test_a_forced_rebuild_gives_the_same_marts_in_a_new_release(copy: Copy) -> None:
    centre = copy()
    before, hashes = centre.release_id(), centre.hashes()
    centre.build("--from", "2026-03-03", "--to", "2026-03-04")
    assert centre.release_id() != before
    assert centre.hashes() == hashes


def test_a_shrunk_file_changes_its_date_and_equals_a_build_from_scratch(copy: Copy, tmp_path: Path) -> None:
    centre = copy()
    untouched = "select count(*) from marts.fct_queue_visit where local_date = '2026-03-05'"
    rows, later = "select count(*) from marts.fct_queue_visit where local_date = '2026-03-02'", centre.rows(untouched)
    before = centre.rows(rows)[0][0]
    partition = centre.data / "lake/asterisk/queue_log/dt=2026-03-04/part-0.parquet"
    stamp = partition.stat().st_mtime_ns
    without_second_half(first_log(centre))
    centre.build()
    assert 0 < centre.rows(rows)[0][0] < before
    assert centre.rows(untouched) == later
    assert partition.stat().st_mtime_ns == stamp
    scratch = Centre(tmp_path / "scratch")
    scratch.folder.mkdir()
    os.symlink(centre.source, scratch.source)
    scratch.build()
    assert scratch.hashes() == centre.hashes()


def test_a_late_file_is_added_to_its_dates(copy: Copy) -> None:
    centre = copy()
    count = "select count(*) from marts.fct_contact where local_date = '2026-03-03'"
    before = centre.rows(count)[0][0]
    # 2026-03-03 12:00:00 in Shanghai
    begin = 1772510400
    lines = [f"{begin}|late.1|sales|NONE|ENTERQUEUE||13800000000|1", f"{begin + 9}|late.1|sales|NONE|ABANDON|1|1|9"]
    (centre.source / "asterisk/queue_log.late").write_text("\n".join(lines) + "\n")
    centre.build()
    assert centre.rows(count)[0][0] == before + 1
    (row,) = centre.rows(
        "select outcome, queue_wait_s, caller_masked from marts.fct_contact where contact_id = 'asterisk:late.1'"
    )
    assert row == ("abandoned_queue", 9.0, "138****0000")


def test_a_file_that_is_months_late_rebuilds_its_own_dates_and_not_those_between(copy: Copy) -> None:
    centre = copy()
    config = centre.config.read_text("utf-8")
    centre.config.write_text(config.replace("first_date: 2026-03-02", "first_date: 2026-01-01"), "utf-8")
    # 2026-01-10 and 2026-03-03, 12:00:00 in Shanghai
    lines = [
        f"{begin + step}|{call}|sales|NONE|{event}"
        for begin, call in ((1768017600, "late.1"), (1772510400, "late.2"))
        for step, event in ((0, "ENTERQUEUE||13800000000|1"), (9, "ABANDON|1|1|9"))
    ]
    (centre.source / "asterisk/queue_log.late").write_text("\n".join(lines) + "\n")
    said = centre.build()
    assert "dbt 2026-01-10 to 2026-01-10" not in said  # a window reaches eight days beyond
    assert said.count("\ndbt 2026-") == 2
    found = centre.rows("select local_date from marts.fct_contact where contact_id like 'asterisk:late.%' order by 1")
    assert [str(day) for (day,) in found] == ["2026-01-10", "2026-03-03"]


def test_a_file_of_nothing_but_broken_lines_blocks_and_the_last_release_serves(copy: Copy) -> None:
    centre = copy()
    before = centre.release_id()
    (centre.source / "asterisk/queue_log.broken").write_text(
        "no|time\n" * 50 + "1772510400|x|sales|NONE|ENTERQUEUE||1|1\n"
    )
    said = centre.build(expect=1)
    assert "blocked by check" in said and "nothing was released" in said
    assert centre.release_id() == before
    assert centre.rows("select count(*) from marts.kpi_value")[0][0] > 0
    assert list((centre.data / "held/asterisk/queue_log").glob("dt=*/report.json"))
    (centre.source / "asterisk/queue_log.broken").unlink()


def test_a_blocked_feed_that_is_not_critical_is_stale_and_the_rest_goes_on(copy: Copy) -> None:
    centre = copy()
    text = centre.config.read_text("utf-8")
    assert text.count("      cdr:\n") == 1
    head, tail = text.split("      cdr:\n")
    centre.config.write_text(f"{head}      cdr:\n{tail.replace('critical: true', 'critical: false', 1)}", "utf-8")
    fields = ["", "1", "4008001001", "from-trunk", "", "PJSIP/x-1", "", "Queue", "sales,t", "2026-03-03 12:00:00", ""]
    fields += ["2026-03-03 12:00:01", "1", "0", "NO ANSWER", "DOCUMENTATION", "z.1", "", "", "z.1", "1"]
    good = ",".join(f'"{field}"' for field in fields) + "\n"
    (centre.source / "asterisk/cdr-csv/Master.csv.broken").write_text("a,b,c\n" * 50 + good)
    said = centre.build(expect=3)
    assert "asterisk.cdr is stale" in said
    stale = dict(centre.rows("select kpi_id || ':' || variant, stale_feeds from marts.kpi_availability"))
    assert stale["M031:attempts"] == "asterisk.cdr"
    assert centre.rows("select distinct stale_feed from marts.release") == [("asterisk.cdr",)]


def test_two_builds_at_once_are_refused(copy: Copy) -> None:
    centre = copy()
    with build_lock(centre.data):
        said = centre.build(expect=4)
    assert "another build" in said and "CALLMART_DATA" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  site_id: demo\n", "  site_idd: demo\n", "site_id"),
        ("Asia/Shanghai", "Asia/Shanghaj", "Asia/Shanghai"),
        ("queue_log*", "no_such_log*", "no file matches"),
    ],
)
def test_a_wrong_configuration_is_told_with_its_line(copy: Copy, old: str, new: str, said: str) -> None:
    centre = copy()
    text = centre.config.read_text("utf-8")
    assert old in text
    centre.config.write_text(text.replace(old, new, 1), "utf-8")
    output = centre.build(expect=2)
    assert said in output and "callmart.yaml:" in output and "Traceback" not in output


def test_without_a_key_nothing_is_built(copy: Copy) -> None:
    centre = copy()
    environment = centre.environment()
    del environment["CALLMART_HASH_KEY"]
    done = subprocess.run(
        [str(CALLMART), "build", "--config", str(centre.config)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "CALLMART_HASH_KEY" in done.stderr


def test_no_raw_number_leaves_the_restricted_folders(built: Centre) -> None:
    """The marts, the warehouse and the lake never hold a number that the source files show."""
    raw = {
        line.split("|")[6]
        for line in gzip.decompress(first_log(built).read_bytes()).decode().splitlines()
        if "|ENTERQUEUE|" in line and len(line.split("|")[6]) == 11
    }
    assert len(raw) > 50
    for name in ("lake", "published", "warehouse", "docs"):
        for path in (built.data / name).rglob("*"):
            if path.suffix == ".parquet" and path.is_file():
                found = {value for (text,) in all_text(path) for value in raw if value in text}
                assert found == set(), path
    for name in ("landing", "quarantine"):
        assert (built.data / name).stat().st_mode & 0o077 == 0


def all_text(path: Path) -> list[tuple[str]]:
    with duckdb.connect() as con:
        columns = [row[0] for row in con.execute(f"describe select * from '{path}'").fetchall() if row[1] == "VARCHAR"]
        if not columns:
            return []
        joined = " || ' ' || ".join(f"coalesce(\"{name}\", '')" for name in columns)
        return con.execute(f"select distinct {joined} from '{path}'").fetchall()
