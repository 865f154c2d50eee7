"""Claims about the lake: partitions are a function of the landed bytes, nothing is lost, and a crash costs nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from expectations.contracts import all_contracts, contract
from orchestration import paths
from orchestration.config import load_config
from orchestration.errors import AccountingError, InputError
from orchestration.extract import lake, reference
from tests.orchestration.extract_kit import CONTACT, CONTACT_HEADER, NOW, QUEUE_LOG, Kit, column, read

DAY1, DAY2, DAY3 = "2026-03-07", "2026-03-08", "2026-03-09"
LATER = NOW + timedelta(hours=1)


def call(name: str, day: str, talk: int = 60, updated: str = "", clock: str = "09:00:00") -> str:
    return f"{name},{day} {clock},answered,13812345678,{talk},{updated}\n"


def export(*calls: str) -> str:
    return CONTACT_HEADER + "".join(calls)


def talk(kit: Kit, day: str) -> dict[str, float]:
    return {row["contact_id"]: row["talk_s"] for row in kit.partition(day)}


def test_partition_is_the_local_date_whatever_the_file_is_called(contact: Kit) -> None:
    contact.write("2026-03-09.csv", export(call("a", DAY1, clock="00:00:00"), call("b", DAY1, clock="23:59:59")))
    contact.refresh()
    assert set(talk(contact, DAY1)) == {"a", "b"}
    assert column(contact.partition(DAY1), "started_at")[0].isoformat() in (
        "2026-03-06T16:00:00",
        "2026-03-07T15:59:59",
    )


def test_lake_file_has_the_contracts_columns_in_order_and_no_dt(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh()
    with duckdb.connect() as db:
        path = paths.partition_path(contact.root, contact.feed, date.fromisoformat(DAY1))
        found = db.execute(f"describe select * from read_parquet('{path}', hive_partitioning = false)").fetchall()
    assert {row[0]: row[1] for row in found} == contract(contact.feed).duckdb_types()


def test_second_run_over_the_same_files_touches_nothing(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY2)))
    assert len(contact.refresh()) == 2
    before = lake.lake_inventory(contact.root)
    assert contact.refresh() == [] and contact.touched() == []
    assert lake.lake_inventory(contact.root) == before


def test_late_file_touches_only_its_dates(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY2)))
    contact.refresh()
    contact.write("late.csv", export(call("c", DAY1)))
    contact.land(LATER)
    assert contact.touched() == [DAY1]
    contact.refresh()
    assert set(talk(contact, DAY1)) == {"a", "c"}


def test_shrunk_file_takes_its_rows_back_and_a_date_without_rows_is_a_zero_row_file(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY1), call("c", DAY2)))
    contact.refresh()
    contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh(LATER)
    assert (set(talk(contact, DAY1)), talk(contact, DAY2)) == ({"a"}, {})
    assert contact.touched() == []


def test_rows_of_another_file_with_a_newer_version_win_and_the_older_is_quarantined(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1, 60, "2026-03-08 10:00:00"), call("b", DAY1)))
    contact.write("b.csv", export(call("a", DAY1, 99, "2026-03-08 09:00:00")))
    contact.refresh()
    assert talk(contact, DAY1) == {"a": 60.0, "b": 60.0}
    (gone,) = read(paths.duplicates_path(contact.root, contact.feed, date.fromisoformat(DAY1)))
    assert gone["rule"] == "duplicate_record" and gone["source_file"].endswith("/b.csv") and "a.csv" in gone["reason"]
    assert contact.accounting().by_rule == {"duplicate_record": 1}


def test_without_versions_the_latest_landed_row_wins(contact: Kit) -> None:
    contact.write("b.csv", export(call("a", DAY1, 60)))
    contact.refresh()
    contact.write("a.csv", export(call("a", DAY1, 99), call("a", DAY1, 98)))
    contact.refresh(LATER)
    assert talk(contact, DAY1) == {"a": 98.0}
    assert contact.accounting().duplicates == 2


def test_corrected_start_moves_a_contact_and_does_not_count_it_twice(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1, updated="2026-03-09 08:00:00"), call("b", DAY1)))
    contact.refresh()
    contact.write("b.csv", export(call("a", DAY2, updated="2026-03-09 09:00:00")))
    contact.land(LATER)
    assert contact.touched() == [DAY1, DAY2]
    contact.refresh()
    assert (set(talk(contact, DAY1)), set(talk(contact, DAY2))) == ({"b"}, {"a"})
    assert contact.touched() == []


def test_duplicate_line_is_counted_and_quarantined(log: Kit) -> None:
    line = "1772900000|1.1|q|NONE|ABANDON|1|1|9\n"
    log.write("queue_log", line + line)
    log.refresh()
    done = log.accounting()
    assert (done.rows_in, done.loaded, done.duplicates, done.by_rule) == (2, 1, 1, {"duplicate_line": 1})
    assert column(log.partition(DAY2), "source_line") == [1]


def test_rotation_loses_nothing_and_counts_nothing_twice(log: Kit) -> None:
    lines = [f"{1772900000 + i}|1.{i}|q|NONE|ABANDON|1|1|{i}\n" for i in range(9)]
    log.write("queue_log", "".join(lines[:4]))
    log.refresh()
    (log.base / "queue_log").rename(log.base / "queue_log.1")
    with (log.base / "queue_log.1").open("a") as handle:
        handle.write("".join(lines[4:6]))
    log.write("queue_log", "".join(lines[6:]))
    log.refresh(LATER)
    assert sorted(column(log.partition(DAY2), "data3")) == [str(i) for i in range(9)]
    assert log.accounting().duplicates == 0


def test_held_date_keeps_its_former_partition_and_stays_touched(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh()
    contact.write("b.csv", export(call("b", DAY1)))
    contact.land(LATER)
    config = contact.config
    feed = config.feed(contact.feed)
    (candidate,) = lake.build_candidates(feed, config, contact.root, lake.touched_dates(feed, config, contact.root))
    folder = lake.hold(candidate, {"why": "too many"})
    assert set(talk(contact, DAY1)) == {"a"} and contact.touched() == [DAY1]
    assert lake.held_dates(contact.feed, contact.root) == [date.fromisoformat(DAY1)]
    assert '"too many"' in (folder / "report.json").read_text()
    done = contact.accounting()
    assert (done.rows_in, done.loaded, done.held) == (2, 0, 2)
    done.check()
    contact.refresh()
    assert set(talk(contact, DAY1)) == {"a", "b"} and lake.held_dates(contact.feed, contact.root) == []


def test_publishing_that_is_cut_before_it_forgets_the_held_folder_leaves_no_stale_date(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.land()
    config = contact.config
    feed = config.feed(contact.feed)
    days = [date.fromisoformat(DAY1)]
    (candidate,) = lake.build_candidates(feed, config, contact.root, days)
    lake.hold(candidate, {})
    (candidate,) = lake.build_candidates(feed, config, contact.root, days)
    paths.put(candidate.path, candidate.target)
    assert lake.held_dates(contact.feed, contact.root) == days
    assert contact.touched() == []
    assert lake.held_dates(contact.feed, contact.root) == [] and not candidate.held_dir.exists()


def test_a_cut_build_whose_files_are_taken_back_leaves_nothing_beside_the_lake(contact: Kit) -> None:
    first = contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh()
    first.write_text(export(call("a", DAY1), call("b", DAY1), call("b", DAY1)))
    contact.land(LATER)
    config = contact.config
    feed = config.feed(contact.feed)
    (candidate,) = lake.build_candidates(feed, config, contact.root, [date.fromisoformat(DAY1)])
    (lake.hold(candidate, {}) / "part-0.parquet").unlink()
    lake.build_candidates(feed, config, contact.root, [date.fromisoformat(DAY1)])
    first.write_text(export(call("a", DAY1)))
    contact.land(LATER)
    assert contact.touched() == []
    folders = [zone(contact.root, contact.feed) for zone in (paths.lake_dir, paths.quarantine_dir)]
    assert [path for folder in folders for path in folder.rglob("_*")] == [] and not candidate.held_dir.exists()


def test_held_date_whose_rows_are_withdrawn_is_forgotten(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.land()
    config = contact.config
    feed = config.feed(contact.feed)
    (candidate,) = lake.build_candidates(feed, config, contact.root, lake.touched_dates(feed, config, contact.root))
    lake.hold(candidate, {})
    contact.write("a.csv", export(call("a", DAY2)).replace("a,", "a,"))
    contact.write("a.csv", CONTACT_HEADER + "x,nonsense,answered,,1,\n")
    contact.land(LATER)
    assert contact.touched() == [DAY1]
    contact.refresh()
    assert lake.held_dates(contact.feed, contact.root) == [] and talk(contact, DAY1) == {}


def test_accounting_names_the_dates_that_are_not_built(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY2), "c,never,answered,,1,\n"))
    contact.land()
    config = contact.config
    feed = config.feed(contact.feed)
    for candidate in lake.build_candidates(feed, config, contact.root, [date.fromisoformat(DAY1)]):
        lake.publish(candidate)
    done = lake.accounting(feed, config, contact.root)
    assert (done.rows_in, done.loaded, done.refused, done.missing) == (3, 1, 1, [date.fromisoformat(DAY2)])
    with pytest.raises(AccountingError, match=DAY2):
        done.check()


def test_same_rows_in_another_file_are_the_same_content(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY1)))
    contact.refresh()
    before = lake.lake_inventory(contact.root)
    contact.write("a.csv", export(call("b", DAY1), call("a", DAY1)))
    (candidate,) = contact.refresh(LATER)
    assert candidate.is_same_content and contact.touched() == []
    assert lake.lake_inventory(contact.root) == before


def test_one_changed_value_is_another_content(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1, talk=60), call("b", DAY1, talk=61)))
    contact.refresh()
    contact.write("a.csv", export(call("a", DAY1, talk=61), call("b", DAY1, talk=60)))
    (candidate,) = contact.refresh(LATER)
    assert not candidate.is_same_content and talk(contact, DAY1) == {"a": 61.0, "b": 60.0}


def test_a_file_of_many_dates_in_no_order_gives_the_partitions_of_one_in_order(contact: Kit) -> None:
    days = (DAY3, DAY1, DAY2) * 40
    rows = [call(f"c{number}", day) for number, day in enumerate(days)]
    contact.write("a.csv", export(*rows))
    contact.refresh()
    mixed = lake.lake_inventory(contact.root)
    contact.write("a.csv", export(*(rows[at::3][each] for at in (1, 2, 0) for each in range(40))))
    assert all(candidate.is_same_content for candidate in contact.refresh(LATER))
    assert lake.lake_inventory(contact.root) == mixed and len(talk(contact, DAY2)) == 40


def test_changed_mapping_builds_again(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh()
    contact.configure(CONTACT.replace("cast(talk as double)", "cast(talk as double) * 2"))
    assert contact.touched() == [DAY1]
    contact.refresh()
    assert talk(contact, DAY1) == {"a": 120.0}


def test_crash_before_publishing_leaves_the_old_partition_and_the_date_touched(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    contact.refresh()
    contact.write("b.csv", export(call("b", DAY1)))
    contact.land(LATER)
    config = contact.config
    feed = config.feed(contact.feed)
    lake.build_candidates(feed, config, contact.root, [date.fromisoformat(DAY1)])
    assert set(talk(contact, DAY1)) == {"a"} and contact.touched() == [DAY1]
    assert len(list((contact.root / "lake").rglob("*.parquet"))) == 1
    contact.refresh()
    assert set(talk(contact, DAY1)) == {"a", "b"} and list((contact.root / "lake").rglob("_*")) == []


def test_discarded_candidates_leave_nothing(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("a", DAY1)))
    contact.land()
    config = contact.config
    feed = config.feed(contact.feed)
    lake.discard(lake.build_candidates(feed, config, contact.root, lake.touched_dates(feed, config, contact.root)))
    assert list((contact.root / "lake").rglob("*part*")) == [] and list((contact.root / "quarantine").rglob("_*")) == []


def test_foreign_file_in_the_lake_is_an_input_error(contact: Kit) -> None:
    target = paths.partition_path(contact.root, contact.feed, date.fromisoformat(DAY1))
    target.parent.mkdir(parents=True)
    with duckdb.connect() as db:
        db.execute(f"copy (select 1 as x) to '{target}' (format parquet)")
    with pytest.raises(InputError, match="not written by callmart"):
        lake.lake_inventory(contact.root)


def test_every_contract_gets_a_zero_row_file_of_its_schema_once(tmp_path: Path) -> None:
    assert reference.ensure_zero_partitions(tmp_path) == list(all_contracts())
    assert reference.ensure_zero_partitions(tmp_path) == []
    with duckdb.connect() as db:
        for feed, said in all_contracts().items():
            path = paths.zero_partition_path(tmp_path, feed)
            found = db.execute(f"describe select * from read_parquet('{path}', hive_partitioning = false)").fetchall()
            assert {row[0]: row[1] for row in found} == said.duckdb_types()
            assert db.execute(f"select count(*) from read_parquet('{path}')").fetchone() == (0,)


REFERENCE = QUEUE_LOG.replace(
    "agents:\n",
    """queues:
  - {queue_id: sales, name: {zh: 销售, en: Sales}, sl_target_s: 0}
  - {queue_id: support, timezone: Asia/Urumqi}
official:
  - {kpi_id: M021, variant: offered}
agents:
  - {agent_id: "7", names: [Local/13812345678@out, A7], team_id: t}
""",
)


def test_configuration_becomes_reference_feeds(log: Kit) -> None:
    config = log.configure(REFERENCE).config
    changed = reference.write_reference(config, log.root, {})
    assert sorted(changed) == [feed for feed, said in all_contracts().items() if said.is_reference]
    queues = {row["queue_id"]: row for row in read(paths.zero_partition_path(log.root, "centre.queue"))}
    assert (queues["sales"]["sl_target_s"], queues["sales"]["queue_name_zh"]) == (0, "销售")
    assert (queues["support"]["sl_target_s"], queues["support"]["timezone"]) == (20, "Asia/Urumqi")
    agents = read(paths.zero_partition_path(log.root, "centre.agent"))
    assert sorted((row["agent_id"], row["agent_raw"]) for row in agents) == [
        ("1001", "PJSIP/1001"),
        ("7", "A7"),
        ("7", "Local/13812345678@out"),
    ]
    (setting,) = read(paths.zero_partition_path(log.root, "centre.setting"))
    assert (setting["acw_pause_reasons"], setting["shift_day_start_s"]) == ("|acw|wrapup|话后处理|", 0)
    assert reference.write_reference(config, log.root, {}) == []


def test_capabilities_follow_feeds_mapped_columns_and_staleness(contact: Kit) -> None:
    contact.write("a.csv", export(call("a", DAY1), call("b", DAY2)))
    contact.refresh()
    reference.write_reference(contact.config, contact.root, {})
    assert reference.write_reference(contact.config, contact.root, {"canonical.contact": [DAY2]}) == [
        "centre.feed_capability",
        "centre.feed_state",
    ]
    rows = {
        (r["feed"], r["capability"]): r for r in read(paths.zero_partition_path(contact.root, "centre.feed_capability"))
    }
    assert rows["canonical.contact", "contact_talk"]["is_declared"]
    assert not rows["canonical.contact", "contact_acw"]["is_declared"]
    assert not rows["asterisk.cdr", "contact"]["is_declared"]
    assert rows["canonical.contact", "contact"]["last_date"] == date.fromisoformat(DAY2)
    assert {feed for (feed, _), row in rows.items() if row["is_stale"]} == {"canonical.contact"}


def test_configuration_is_read_from_its_own_folder(
    contact: Kit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    contact.write("a.csv", export(call("a", DAY1)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_config("../callmart.yaml").feed(contact.feed).patterns() == [str(tmp_path / "elsewhere/../*.csv")]


def test_an_export_of_the_last_days_keeps_the_dates_that_fell_out_of_it(tmp_path: Path) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    first = "1,2026-03-01 10:00:00,answered,,5,\n"
    second = "2,2026-03-02 10:00:00,answered,,5,\n"
    third = "3,2026-03-03 10:00:00,answered,,5,\n"
    kit.write("calls.csv", CONTACT_HEADER + first + second)
    kit.refresh()
    kit.write("calls.csv", CONTACT_HEADER + second + third)
    kit.refresh(NOW + timedelta(days=1))
    assert [len(kit.partition(f"2026-03-0{day}")) for day in (1, 2, 3)] == [1, 1, 1]
    assert kit.accounting().by_rule == {"duplicate_record": 1}
