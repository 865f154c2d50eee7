"""A file whose columns changed: what may be missing is told, what may not holds that file and leaves the rest alone.

Here belongs: headers and values that became something else. Not here: what a mapping makes of good ones.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract import drift
from orchestration.extract.reference import write_reference
from orchestration.feeds import land_all, refresh, stale_feeds
from tests.orchestration.extract_kit import CENTRE, NOW, Kit, column, read

LATER = NOW + timedelta(hours=1)
TICKET = (
    CENTRE
    + """\
sources:
  canonical:
    feeds:
      ticket:
        paths: ["*.csv", "*.jsonl"]
        critical: false
        required: false
        mapping:
          ticket_id: 工单号
          created_at: 建单时间
          status: 状态
          priority: cast("优先级" as integer)
      contact:
        paths: ["calls/*.csv"]
        required: false
        mapping: {contact_id: id, started_at: start, outcome: outcome}
"""
)
HEADER = ("工单号", "建单时间", "状态", "优先级")


@pytest.fixture
def ticket(tmp_path: Path) -> Kit:
    """An export of tickets that is not critical, beside one of contacts that is."""
    return Kit(tmp_path, "canonical.ticket").configure(TICKET)


def sheet(
    numbers: Sequence[int], header: Sequence[str] = HEADER, day: int = 5, values: Mapping[str, str] | None = None
) -> str:
    """Tickets with these numbers; `values` replace those of a column."""
    rows = [
        {"工单号": f"t{number}", "建单时间": f"2026-03-0{day} 10:00:00", "状态": "open", "优先级": "2"}
        | dict(values or {})
        for number in numbers
    ]
    return "\n".join([",".join(header), *(",".join(row.get(name, "?") for name in header) for row in rows)]) + "\n"


def found(kit: Kit) -> list[tuple[Any, ...]]:
    """(file, column, change, whether it holds) as the record of the feed has them."""
    rows = read(paths.drift_path(kit.root, kit.feed), "first_seen_at, file, column_name")
    return [(row["file"], row["column_name"], row["change"], row["is_held"]) for row in rows]


def ids(kit: Kit) -> list[str]:
    files = paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet")
    return sorted(row["ticket_id"] for file in files for row in read(file))


def test_a_new_column_is_told_once_and_changes_no_row(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1]))
    ticket.refresh()
    for name, number in (("b.csv", 2), ("c.csv", 3)):
        ticket.write(name, sheet([number], (*HEADER, "渠道")))
        ticket.refresh(LATER)
    assert ids(ticket) == ["t1", "t2", "t3"]
    assert found(ticket) == [("b.csv", "渠道", "new", False)]


def test_a_missing_column_that_may_be_empty_is_empty_and_told(ticket: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    ticket.write("a.csv", sheet([1], HEADER[:3]))
    ticket.refresh()
    (row,) = ticket.partition("2026-03-05")
    assert (row["priority"], row["flags"]) == (None, None)
    assert found(ticket) == [("a.csv", "优先级", "missing_optional", False)]
    assert "there is no column '优先级'" in capsys.readouterr().err


def test_a_missing_column_without_which_a_row_means_nothing_holds_its_file_alone(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1]))
    ticket.refresh()
    ticket.write("b.csv", sheet([2, 3], ("工单编号", *HEADER[1:])))
    ticket.write("c.csv", sheet([4], day=6))
    ticket.refresh(LATER)
    assert ids(ticket) == ["t1", "t4"]
    (why,) = drift.held_files(ticket.root, ticket.feed)
    assert why.startswith("b.csv: the column '工单号' is missing; did you mean 工单编号?")
    assert why.endswith("Expected: 工单号, 建单时间, 状态, 优先级; the header has: 工单编号, 建单时间, 状态, 优先级.")
    assert found(ticket) == [("b.csv", "工单号", "missing_required", True)]
    done = ticket.accounting()
    assert (done.rows_in, done.loaded, done.held, done.refused) == (4, 2, 2, 0)
    assert not list(paths.quarantine_dir(ticket.root, ticket.feed).glob("*.parquet"))


def test_a_held_version_of_a_file_takes_nothing_back_and_a_corrected_one_replaces_it(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1, 2]))
    ticket.refresh()
    ticket.write("a.csv", sheet([1, 2, 3], ("x", *HEADER[1:])))
    assert ticket.refresh(LATER) == [] and ids(ticket) == ["t1", "t2"]
    assert stale_feeds(ticket.config, ticket.root) == {ticket.feed: []}
    ticket.write("a.csv", sheet([1, 2, 3]))
    ticket.refresh(LATER + timedelta(hours=1))
    assert ids(ticket) == ["t1", "t2", "t3"]
    assert stale_feeds(ticket.config, ticket.root) == {}


def test_a_header_without_rows_that_lacks_a_column_does_not_empty_the_lake(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1]))
    ticket.refresh()
    ticket.write("a.csv", sheet([], ("x", *HEADER[1:])))
    ticket.refresh(LATER)
    assert ids(ticket) == ["t1"] and stale_feeds(ticket.config, ticket.root) == {ticket.feed: []}


def test_a_mapping_that_follows_a_new_name_reads_old_and_new_files(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1]))
    ticket.write("b.csv", sheet([2]).replace("工单号", "工单编号"))
    ticket.refresh()
    assert ids(ticket) == ["t1"]
    ticket.configure(TICKET.replace("ticket_id: 工单号", "ticket_id: coalesce(工单号, 工单编号)"))
    ticket.refresh()
    assert ids(ticket) == ["t1", "t2"] and stale_feeds(ticket.config, ticket.root) == {}


@pytest.mark.parametrize("change", ["状态", "优先级"])
def test_values_that_became_another_type_hold_their_file(ticket: Kit, change: str) -> None:
    ticket.write("a.csv", sheet(range(10)))
    ticket.write("b.csv", sheet(range(10, 20), day=6, values={change: "二级"}))
    ticket.refresh()
    name = {"状态": "status", "优先级": "priority"}[change]
    assert ids(ticket) == sorted(f"t{number}" for number in range(10))
    assert found(ticket) == [("b.csv", name, "retyped", True)]
    (why,) = drift.held_files(ticket.root, ticket.feed)
    assert f"10 of 10 values of {name} can't be read" in why and change in why


def test_unreadable_values_hold_nothing_in_a_first_file_nor_where_they_are_few(ticket: Kit) -> None:
    ticket.write("a.csv", sheet(range(10), values={"优先级": "二级"}))
    ticket.refresh()
    ticket.write("b.csv", sheet(range(10, 19), values={"优先级": "二级"}))
    ticket.refresh(LATER)
    assert len(ids(ticket)) == 19 and found(ticket) == []


def test_order_case_and_a_byte_order_mark_are_no_change(tmp_path: Path) -> None:
    text = TICKET.replace("工单号", "ID").replace("建单时间", "created").replace('"优先级"', "prio")
    kit = Kit(tmp_path, "canonical.ticket").configure(text.replace("状态", "state"))
    row = "t1,2026-03-05 10:00:00,open,2\n"
    kit.write("a.csv", "ID,created,state,prio\n" + row)
    kit.write("b.csv", "\ufeff prio ,State,CREATED,id\n2,open,2026-03-05 10:00:00,t2\n")
    kit.refresh()
    assert ids(kit) == ["t1", "t2"] and found(kit) == []


def test_json_lines_without_a_member_that_must_be_there_are_held(ticket: Kit) -> None:
    record = {"工单": "t1", "建单时间": "2026-03-05 10:00:00", "状态": "open", "优先级": 2}
    ticket.write("a.jsonl", json.dumps(record, ensure_ascii=False) + "\n")
    ticket.refresh()
    assert found(ticket) == [("a.jsonl", "工单号", "missing_required", True)]


def test_a_column_that_left_a_table_is_missing_and_does_not_stop_the_look_at_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as db:
        db.execute("create table tickets (id text, created text, state text)")
        db.execute("insert into tickets values ('t1', '2026-03-05 10:00:00', 'open')")
    source = "database: {url: 'sqlite:crm.db', table: tickets, columns: [id, created, state, prio], at_most_every_s: 0}"
    names = {"工单号": "id", "建单时间": "created", '"优先级"': "prio", "状态": "state"}
    text = TICKET.replace('paths: ["*.csv", "*.jsonl"]', source)
    for old, new in names.items():
        text = text.replace(old, new)
    kit = Kit(tmp_path, "canonical.ticket").configure(text)
    kit.refresh()
    assert ids(kit) == ["t1"]
    assert [(column_name, change) for _, column_name, change, _ in found(kit)] == [("prio", "missing_optional")]


def test_the_marts_are_told_what_changed(ticket: Kit) -> None:
    ticket.write("a.csv", sheet(range(12)))
    ticket.write("b.csv", sheet(range(20, 32), ("工单号", "建单时间", "优先级")))
    ticket.refresh()
    write_reference(ticket.config, ticket.root, stale_feeds(ticket.config, ticket.root))
    (row,) = read(paths.zero_partition_path(ticket.root, "centre.feed_drift"))
    assert (row["feed"], row["file"], row["column_name"], row["change"]) == (
        "canonical.ticket", "b.csv", "状态", "missing_required"
    )  # fmt: skip
    assert row["is_held"] and row["first_seen_at"] == NOW.replace(tzinfo=None)
    states = {r["feed"]: r["is_stale"] for r in read(paths.zero_partition_path(ticket.root, "centre.feed_state"))}
    assert states == {"canonical.ticket": True, "canonical.contact": False}


def test_a_critical_feed_that_is_held_stops_the_build_and_another_does_not(ticket: Kit) -> None:
    ticket.write("a.csv", sheet([1], HEADER[1:]))
    moment = NOW.replace(tzinfo=None)
    assert land_all(ticket.config, ticket.root, moment) == {"canonical.contact": [], "canonical.ticket": []}
    ticket.configure(TICKET.replace("critical: false", "critical: true"))
    with pytest.raises(InputError, match=r"a\.csv: the column '工单号' is missing"):
        land_all(ticket.config, ticket.root, moment)
    with pytest.raises(InputError, match="What to do: correct the export"):
        feed = ticket.config.feed(ticket.feed)
        refresh(feed, ticket.config, ticket.root, datetime(2026, 3, 1).date(), datetime(2026, 3, 9).date(), moment)


def test_what_is_taken_for_a_header_may_be_a_row_and_shows_no_number(ticket: Kit) -> None:
    ticket.write("a.csv", "t1,2026-03-05 10:00:00,13812345678,2\n")
    ticket.refresh()
    rows = read(paths.drift_path(ticket.root, ticket.feed))
    assert column(rows, "change").count("missing_required") == 3
    assert "13812345678" not in str(rows) and "138****5678" in str(rows)
