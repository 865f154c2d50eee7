"""Refused rows go out, come back corrected, and count in the place of the refused ones; dates are made again from what
is landed alone.

Here belongs: repairs and replay up to the lake. Not here: which rows are refused (test_typing.py, test_text.py).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract import lake
from orchestration.extract.engine import connect, read_meta
from orchestration.extract.repairs import read_repair_manifests
from orchestration.extract.typing import TYPED
from orchestration.feeds import FeedOutcome, Source, refresh, repaired_rows
from orchestration.quarantine import Repaired, export_refused, land_repair
from tests.orchestration.extract_kit import CDR, CONTACT, CONTACT_HEADER, NOW, Kit, column

LATER = NOW + timedelta(hours=1)
DAY = date(2026, 3, 8)
Row = dict[str, Any]


def call(name: str, start: str = "2026-03-08 09:00:00") -> str:
    return f"{name},{start},answered,13812345678,60,\n"


def export(kit: Kit) -> list[Row]:
    file, rows = export_refused(kit.config.feed(kit.feed), kit.config, kit.root, None)
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(found) == rows and file.stat().st_mode & 0o077 == 0
    return found


def repair(kit: Kit, rows: list[Row], name: str = "fixed.jsonl") -> list[Repaired]:
    file = kit.base / name
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return land_repair(file, kit.config, kit.root, LATER)


def repaired(kit: Kit, **values: str | None) -> list[Repaired]:
    """Every refused row with these values."""
    return repair(kit, [row | {"record": row["record"] | values} for row in export(kit)])


def test_a_repaired_row_takes_the_place_of_the_refused_one_and_every_row_is_accounted_for(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "nonsense"))
    contact.refresh()
    (row,) = export(contact)
    assert (row["line"], row["rule"], row["record"]["start"]) == (3, "bad_time", "nonsense")
    assert row["raw"] == "b,nonsense,answered,13812345678,60,"
    (done,) = repaired(contact, start="2026-03-08 10:00:00")
    assert (done.rows, done.unchanged, done.void) == (1, 0, 0)
    contact.refresh(LATER)
    rows = {row["contact_id"]: row for row in contact.partition("2026-03-08")}
    assert set(rows) == {"a", "b"}
    (manifest,) = read_repair_manifests(contact.feed, contact.root)
    assert rows["b"]["source_file"].endswith(f"/a.csv#repaired-{manifest.repair_id}") and rows["b"]["source_line"] == 3
    assert rows["b"]["ingested_at"] == LATER.replace(tzinfo=None)
    done_now = contact.accounting()
    assert (done_now.rows_in, done_now.loaded, done_now.refused, done_now.repaired) == (2, 2, 0, 1)
    assert export(contact) == [] and repaired_rows(contact.config, contact.root) == {contact.feed: 1}


def test_the_same_repair_again_and_an_untouched_export_change_nothing(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "nonsense") + call("c", "never"))
    contact.refresh()
    rows = export(contact)
    assert repair(contact, rows) == [Repaired(contact.feed, None, 0, 2, 0)]
    rows[0]["record"]["start"] = "2026-03-08 10:00:00"
    assert [(done.rows, done.unchanged) for done in repair(contact, rows)] == [(1, 1)]
    contact.refresh(LATER)
    before = lake.lake_inventory(contact.root)
    assert [(done.rows, done.unchanged, done.void) for done in repair(contact, rows)] == [(0, 1, 1)]
    assert contact.touched() == [] and lake.lake_inventory(contact.root) == before


def test_a_repair_that_is_refused_stays_in_quarantine_with_the_files_own_text(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("b", "nonsense"))
    contact.refresh()
    repaired(contact, start="2026-03-08 10:00:00", id="")
    contact.refresh(LATER)
    (row,) = export(contact)
    assert (row["rule"], row["raw"]) == ("missing_key", "b,nonsense,answered,13812345678,60,")
    assert contact.accounting().refused == 1
    repaired(contact, start="2026-03-08 10:00:00")
    contact.refresh(LATER)
    assert column(contact.partition("2026-03-08"), "contact_id") == ["b"]


def test_a_corrected_file_makes_its_repairs_void(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "nonsense"))
    contact.refresh()
    repaired(contact, start="2026-03-08 10:00:00")
    contact.refresh(LATER)
    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "2026-03-08 11:00:00"))
    contact.refresh(LATER + timedelta(hours=1))
    rows = {row["contact_id"]: row["started_at"].hour for row in contact.partition("2026-03-08")}
    assert rows == {"a": 1, "b": 3} and contact.accounting().repaired == 0


def test_a_mapping_that_reads_the_row_makes_its_repair_void(contact: Kit) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("b", "20260308090000"))
    contact.refresh()
    repaired(contact, start="2026-03-08 10:00:00")
    contact.configure(CONTACT.replace("started_at: start", "started_at: strptime(start, '%Y%m%d%H%M%S')"))
    contact.refresh(LATER)
    (row,) = contact.partition("2026-03-08")
    assert row["started_at"].hour == 1 and contact.accounting().repaired == 0


def test_a_line_of_a_log_is_repaired_and_stays_so_when_the_log_grows(log: Kit) -> None:
    log.write("queue_log", "1772900000|1.1|q|NONE|ABANDON|1|1|9\nbroken\n")
    log.refresh()
    (row,) = export(log)
    assert row["record"] == {"line": "broken"}
    repaired(log, line="1772900001|1.2|q|NONE|ABANDON|1|1|8")
    log.refresh(LATER)
    with (log.base / "queue_log").open("a") as handle:
        handle.write("1772900002|1.3|q|NONE|ABANDON|1|1|7\n")
    log.refresh(LATER + timedelta(hours=1))
    assert sorted(column(log.partition("2026-03-08"), "call_id")) == ["1.1", "1.2", "1.3"]
    assert (log.accounting().repaired, log.accounting().refused) == (1, 0)


def test_a_line_that_could_not_be_read_is_filled_in(cdr: Kit) -> None:
    good = [""] * 18
    good[1], good[2], good[9], good[14], good[16] = "1001", "1002", "2026-03-08 12:00:00", "ANSWERED", "1.1"
    cdr.configure(CDR).write("Master.csv", ",".join(good).encode() + b"\n" + b'\xff,"x\n')
    cdr.refresh()
    (row,) = export(cdr)
    assert set(row["record"].values()) == {None}
    names = list(row["record"])
    repair(cdr, [row | {"record": dict(zip(names, [*good[:16], "1.2", ""], strict=True))}])
    cdr.refresh(LATER)
    assert sorted(column(cdr.partition("2026-03-08"), "call_id")) == ["1.1", "1.2"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda row: row | {"object": "x"}, "has no object 'x'"),
        (lambda row: row | {"record": {"phon": "1"}}, "has no column 'phon'"),
        (lambda row: row | {"record": "text"}, "`record` is no object"),
        (lambda row: {"feed": row["feed"]}, "feed, object, line or record is missing"),
        (lambda row: row | {"feed": "canonical.ticket"}, "is not configured"),
    ],
)
def test_what_is_no_row_of_an_export_is_told_with_its_line_and_nothing_is_landed(
    contact: Kit, change: Callable[[Row], Row], problem: str
) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("b", "nonsense"))
    contact.refresh()
    (row,) = export(contact)
    good = row | {"record": row["record"] | {"start": "2026-03-08 10:00:00"}}
    with pytest.raises(InputError, match=problem):
        repair(contact, [good, change(row)])
    assert read_repair_manifests(contact.feed, contact.root) == []


# --- replay ----------------------------------------------------------------------------------------------


def replay(kit: Kit, first: date = DAY, last: date = DAY) -> FeedOutcome:
    feed = kit.config.feed(kit.feed)
    return refresh(feed, kit.config, kit.root, first, last, LATER.replace(tzinfo=None), Source.replayed)


def test_a_replay_makes_the_dates_again_from_landing_and_asks_no_file(contact: Kit) -> None:
    rows = call("a") + call("b", "2026-03-07 09:00:00") + call("c", "nonsense")
    contact.write("a.csv.gz", gzip.compress((CONTACT_HEADER + rows).encode()))
    contact.configure(CONTACT.replace("*.csv", "*.csv*")).refresh()
    before = lake.lake_inventory(contact.root)
    (contact.base / "a.csv.gz").unlink()
    contact.write("new.csv", CONTACT_HEADER + call("d"))
    (typed,) = contact.root.glob(f"landing/*/*/*/{TYPED}")
    with connect(contact.root) as db:
        said = read_meta(db, [typed])
    typed.write_bytes(b"torn")
    paths.partition_path(contact.root, contact.feed, DAY).unlink()
    done = replay(contact)
    assert (done.published, done.unbuilt) == ((DAY,), ())
    assert lake.lake_inventory(contact.root) == before
    with connect(contact.root) as db:
        assert read_meta(db, [typed]) == said
    assert replay(contact, date(2026, 3, 1), date(2026, 3, 10)).published == (date(2026, 3, 7), DAY)
    assert lake.lake_inventory(contact.root) == before


def test_a_replay_brings_repaired_rows(contact: Kit, tmp_path: Path) -> None:
    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "nonsense"))
    contact.refresh()
    repaired(contact, start="2026-03-08 10:00:00")
    replay(contact)
    assert sorted(column(contact.partition("2026-03-08"), "contact_id")) == ["a", "b"]


def test_the_command_builds_the_range_from_landing_and_asks_nothing(
    contact: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import build
    from orchestration.assets.context import REPLAY_TAG, Site

    contact.write("a.csv", CONTACT_HEADER + call("a") + call("b", "2026-03-02 09:00:00"))
    contact.refresh()
    asked: list[Any] = []

    def run(site: Site, first: date, last: date, *, asked_for: bool, replayed: str | None = None) -> build.BuildResult:
        asked.append((first, last, asked_for, replayed))
        return build.BuildResult()

    monkeypatch.setattr(build, "_run", run)
    monkeypatch.setattr("orchestration.feeds.land", lambda *_: pytest.fail("a source was asked"))
    site = Site(contact.config, contact.root)
    (contact.base / "a.csv").unlink()
    assert build.replay(site, contact.feed, DAY, DAY).exit_code == 0
    assert asked == [(DAY, DAY, True, contact.feed)] and REPLAY_TAG == "callmart/replay"
    with pytest.raises(InputError, match=r"canonical\.ticket.* is not configured"):
        build.replay(site, "canonical.ticket", DAY, DAY)
