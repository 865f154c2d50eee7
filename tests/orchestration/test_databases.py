"""Tables of databases reach the lake like files: what is new by a cursor, or whole, nothing lost and nothing doubled.

Here belongs: what holds for every database, on SQLite. Not here: real servers (tests/servers).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract.landing import read_manifests
from tests.orchestration.extract_kit import CENTRE, NOW, Kit, column, read

FEED = """\
sources:
  canonical:
    feeds:
      ticket:
        database: {{url: {url}, table: tickets, at_most_every_s: 0{more}}}
        mapping:
          ticket_id: id
          created_at: created
          status: state
          record_updated_at: updated
"""
CURSOR = ", cursor: updated"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(tmp_path / "crm.db", isolation_level=None) as db:
        db.execute("create table tickets (id text, created text, state text, updated text)")
        yield db
    db.close()


def put(db: sqlite3.Connection, number: int, state: str, updated: str, created: str = "2026-03-05 10:00:00") -> None:
    db.execute("delete from tickets where id = ?", [f"t{number}"])
    db.execute("insert into tickets values (?, ?, ?, ?)", [f"t{number}", created, state, updated])


def kit_of(folder: Path, more: str = "", url: str = "'sqlite:crm.db'") -> Kit:
    return Kit(folder, "canonical.ticket").configure(CENTRE + FEED.format(url=url, more=more))


def states(kit: Kit) -> dict[str, str]:
    kit.refresh()
    files = sorted(paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet"))
    return {row["ticket_id"]: row["status"] for file in files for row in read(file)}


def objects(kit: Kit) -> int:
    return len(read_manifests(kit.feed, kit.root))


def test_a_whole_table_is_landed_once_while_it_stays_the_same(source: sqlite3.Connection, tmp_path: Path) -> None:
    kit = kit_of(tmp_path)
    put(source, 1, "open", "2026-03-05 10:00:00")
    put(source, 2, "open", "2026-03-05 11:00:00")
    assert states(kit) == {"t1": "open", "t2": "open"}
    put(source, 1, "open", "2026-03-05 10:00:00")  # the same row in another place of the file
    assert kit.touched() == [] and states(kit) == {"t1": "open", "t2": "open"}
    assert objects(kit) == 1


def test_a_row_that_left_the_table_leaves_the_lake_and_a_changed_one_changes(
    source: sqlite3.Connection, tmp_path: Path
) -> None:
    kit = kit_of(tmp_path)
    put(source, 1, "open", "2026-03-05 10:00:00")
    put(source, 2, "open", "2026-03-05 11:00:00")
    states(kit)
    source.execute("delete from tickets where id = 't1'")
    put(source, 2, "solved", "2026-03-05 12:00:00")
    put(source, 3, "open", "2026-03-05 10:00:00")
    assert states(kit) == {"t2": "solved", "t3": "open"}


def test_with_a_cursor_only_new_and_changed_rows_are_read_and_all_stay(
    source: sqlite3.Connection, tmp_path: Path
) -> None:
    kit = kit_of(tmp_path, CURSOR)
    for number in range(1, 6):
        put(source, number, "open", f"2026-03-05 10:0{number}:00")
    assert len(states(kit)) == 5
    put(source, 2, "solved", "2026-03-05 12:00:00")
    put(source, 6, "open", "2026-03-05 12:00:00")
    found = states(kit)
    assert found["t2"] == "solved" and found["t6"] == "open" and len(found) == 6
    latest = read_manifests(kit.feed, kit.root)[-1]
    assert latest.name == "database/tickets?updated>=2026-03-05 10:05:00"
    accounts = kit.accounting()
    # The row at the old end was read again; the former version of t2 is a duplicate as well.
    assert (accounts.rows_in, accounts.loaded, accounts.duplicates) == (8, 6, 2)


def test_rows_at_the_very_end_of_the_cursor_that_come_later_are_not_missed(
    source: sqlite3.Connection, tmp_path: Path
) -> None:
    kit = kit_of(tmp_path, CURSOR)
    put(source, 1, "open", "2026-03-05 10:00:00")
    states(kit)
    put(source, 2, "open", "2026-03-05 10:00:00")
    assert set(states(kit)) == {"t1", "t2"}


def test_nothing_new_is_nothing_new(source: sqlite3.Connection, tmp_path: Path) -> None:
    kit = kit_of(tmp_path, CURSOR)
    put(source, 1, "open", "2026-03-05 10:00:00")
    states(kit)
    for _ in range(3):
        assert kit.touched() == []
    found = objects(kit)
    kit.land()
    assert objects(kit) == found


def test_an_empty_table_is_asked_again(source: sqlite3.Connection, tmp_path: Path) -> None:
    kit = kit_of(tmp_path, CURSOR)
    assert states(kit) == {}
    put(source, 1, "open", "2026-03-05 10:00:00")
    assert states(kit) == {"t1": "open"}


def test_without_the_note_of_the_cursor_all_is_read_again_and_nothing_doubled(
    source: sqlite3.Connection, tmp_path: Path
) -> None:
    kit = kit_of(tmp_path, CURSOR)
    put(source, 1, "open", "2026-03-05 10:00:00")
    states(kit)
    put(source, 2, "open", "2026-03-05 11:00:00")
    states(kit)
    (paths.landing_dir(kit.root, kit.feed) / "looked.json").unlink()
    put(source, 3, "open", "2026-03-05 12:00:00")
    assert set(states(kit)) == {"t1", "t2", "t3"}


def test_a_database_that_was_just_asked_is_left_in_peace(source: sqlite3.Connection, tmp_path: Path) -> None:
    kit = kit_of(tmp_path)
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace("at_most_every_s: 0", "at_most_every_s: 600"))
    put(source, 1, "open", "2026-03-05 10:00:00")
    assert kit.land().new_objects
    put(source, 2, "open", "2026-03-05 10:00:00")
    assert not kit.land(NOW + timedelta(seconds=599)).read
    assert kit.land(NOW + timedelta(seconds=600)).new_objects


def test_columns_and_condition_are_the_databases_work(source: sqlite3.Connection, tmp_path: Path) -> None:
    kit = kit_of(tmp_path, ", columns: [id, created, state, updated], where: state <> 'cancelled'")
    put(source, 1, "open", "2026-03-05 10:00:00")
    put(source, 2, "cancelled", "2026-03-05 10:00:00")
    assert set(states(kit)) == {"t1"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("table: tickets", "table: ticket"), "ticket"),
        (("cursor: updated", "cursor: changed_at"), "changed_at"),
        (("sqlite:crm.db", "sqlite:nowhere.db"), "there is no such file"),
        ((", cursor: updated", ", where: nothing = 1"), "nothing"),
    ],
)
def test_what_the_database_does_not_know_is_told(
    source: sqlite3.Connection, tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    kit = kit_of(tmp_path, CURSOR)
    put(source, 1, "open", "2026-03-05 10:00:00")
    kit.configure((tmp_path / "callmart.yaml").read_text("utf-8").replace(*change))
    with pytest.raises(InputError, match=problem) as told:
        kit.land()
    assert "database/ticket" in str(told.value) and "What to do:" in str(told.value)
    assert not list(paths.landing_dir(kit.root, kit.feed).glob("_*"))


def test_a_password_is_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_URL", "postgresql://crm:t0p-secret@127.0.0.1:9/crm")
    with pytest.raises(InputError) as told:
        kit_of(tmp_path, url="'${CRM_URL}'").land()
    assert "secret" not in str(told.value) and "the table can't be read" in str(told.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("'postgresql://crm:secret@host/crm'", "database.url"),
        ("'${CRM_URL}'", "CRM_URL, which is not set"),
        ("'${OTHER_URL}'", "begins with none of"),
    ],
)
def test_an_url_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    monkeypatch.setenv("OTHER_URL", "oracle://host")
    with pytest.raises(InputError, match=problem) as told:
        kit_of(tmp_path, url=text).land()
    assert "secret" not in str(told.value)


def test_a_feed_is_read_from_files_or_from_a_database(tmp_path: Path) -> None:
    both = CENTRE + FEED.format(url="'sqlite:a.db'", more="") + "        paths: [a.csv]\n"
    neither = "".join(line for line in both.splitlines(True) if "database:" not in line and "paths:" not in line)
    for text in (neither, both):
        kit = Kit(tmp_path, "canonical.ticket").configure(text)
        with pytest.raises(InputError, match="needs either paths or a database or http"):
            _ = kit.config


def test_typed_values_keep_their_kind(source: sqlite3.Connection, tmp_path: Path) -> None:
    source.execute("drop table tickets")
    source.execute("create table tickets (id integer, created timestamp, state text, updated timestamp)")
    source.execute("insert into tickets values (7, '2026-03-05 10:00:00', 'open', '2026-03-05 10:00:00')")
    kit = kit_of(tmp_path, CURSOR)
    (row,) = kit.typed()
    assert (row["ticket_id"], row["created_at"].isoformat()) == ("7", "2026-03-05T02:00:00")
    assert column([row], "source_line") == [1]
