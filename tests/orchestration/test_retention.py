"""What is old enough goes, what is counted stays, and a file that comes again is known.

Here belongs: landing, quarantine and releases. Not here: Dagster's runs (test_automation.py), the number of releases
(test_release.py).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from orchestration import paths, retention
from orchestration.config import DEMO_HASH_KEY
from orchestration.errors import InputError
from orchestration.extract import lake
from orchestration.extract.landing import MANIFEST, ORIGINAL, read_manifests
from orchestration.extract.masking import keyed_hash
from orchestration.extract.sealed import erase_in_sealed
from orchestration.feeds import Source, refresh
from orchestration.release import KEEP_AT_LEAST
from orchestration.retention import Retired, apply_retention
from tests.orchestration.byte_scan import files_naming
from tests.orchestration.extract_kit import CONTACT, CONTACT_HEADER, NOW, Kit, column, read
from tests.orchestration.test_release import make_warehouse, publish

NUMBER = "13812345678"
OLD = NOW + timedelta(days=91)
KEEP = CONTACT + "retention: {landing_days: 60, superseded_days: 90, quarantine_days: 365}\n"


def call(name: str, start: str, number: str = NUMBER) -> str:
    return f"{name},{start},answered,{number},60,\n"


def bytes_of(kit: Kit) -> list[bool]:
    """Whether the bytes of each object are there, in landing order."""
    manifests = read_manifests(kit.feed, kit.root)
    return [(paths.object_dir(kit.root, kit.feed, m.object_id) / ORIGINAL).exists() for m in manifests]


def ids(kit: Kit) -> list[str]:
    files = paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet")
    return sorted(row["contact_id"] for file in files for row in read(file))


def test_bytes_that_no_longer_count_go_and_the_same_file_is_known_when_it_comes_again(contact: Kit) -> None:
    first = CONTACT_HEADER + call("a", "2026-03-08 09:00:00")
    contact.write("a.csv", first)
    contact.refresh()
    contact.write("a.csv", first + call("b", "2026-03-08 10:00:00"))
    contact.refresh(NOW + timedelta(hours=1))
    assert apply_retention(contact.config, contact.root, NOW + timedelta(days=89)) == Retired()
    assert apply_retention(contact.config, contact.root, OLD) == Retired(superseded=1)
    assert bytes_of(contact) == [False, True]
    assert apply_retention(contact.config, contact.root, OLD) == Retired()
    before = lake.lake_inventory(contact.root)
    assert contact.touched() == [] and lake.lake_inventory(contact.root) == before
    contact.write("a.csv", first)  # taken back: its bytes count again, and are kept again
    contact.refresh(OLD)
    assert bytes_of(contact) == [True, True] and ids(contact) == ["a"]
    contact.accounting().check()


def sealed(kit: Kit) -> Kit:
    """Two dates, the first of which is sealed."""
    kit.configure(KEEP).write("a.csv", CONTACT_HEADER + call("a", "2026-03-07 09:00:00") + "x,never,answered,,1,\n")
    kit.refresh()
    kit.write("b.csv", CONTACT_HEADER + call("b", "2026-05-20 09:00:00"))
    kit.refresh(NOW + timedelta(days=80))
    assert apply_retention(kit.config, kit.root, NOW + timedelta(days=80)) == Retired(landed=1)
    return kit


def test_dates_whose_landing_is_gone_stay_as_they_are(contact: Kit) -> None:
    kit = sealed(contact)
    assert bytes_of(kit) == [False, True] and kit.touched() == [] and ids(kit) == ["a", "b"]
    done = kit.accounting()
    assert (done.rows_in, done.loaded, done.refused) == (3, 2, 1)
    done.check()
    kit.configure(KEEP.replace("cast(talk as double)", "cast(talk as double) * 2"))
    assert kit.touched() == ["2026-05-20"]
    kit.refresh(NOW + timedelta(days=80))
    assert column(kit.partition("2026-03-07"), "talk_s") == [60.0]


def test_rows_that_are_late_for_a_sealed_date_are_kept_out_and_said(
    contact: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = sealed(contact)
    kit.write("late.csv", CONTACT_HEADER + call("c", "2026-03-07 10:00:00"))
    kit.refresh(NOW + timedelta(days=81))
    assert ids(kit) == ["a", "b"] and kit.accounting().held == 1
    assert "late rows of 2026-03-07 are kept out" in capsys.readouterr().err


def test_a_sealed_date_cannot_be_replayed_and_says_so(contact: Kit) -> None:
    kit = sealed(contact)
    feed = kit.config.feed(kit.feed)
    with pytest.raises(InputError, match="2026-03-07 can't be made again"):
        refresh(feed, kit.config, kit.root, date(2026, 3, 1), date(2026, 3, 9), datetime(2026, 6, 1), Source.replayed)
    assert ids(kit) == ["a", "b"]


def test_a_person_is_erased_from_a_sealed_date(contact: Kit) -> None:
    kit = sealed(contact)
    hashed = keyed_hash(DEMO_HASH_KEY, NUMBER) or ""
    before = lake.lake_inventory(kit.root)
    assert erase_in_sealed(kit.config.feed(kit.feed), kit.config, kit.root, [hashed]) == 1
    (row,) = kit.partition("2026-03-07")
    assert [row[name] for name in ("contact_id", "caller_hash", "caller_masked", "caller_number_type", "talk_s")] == [
        "a", None, None, "anonymous", 60.0,
    ]  # fmt: skip
    changed = {name for name, content in lake.lake_inventory(kit.root).items() if before[name] != content}
    assert changed == {"lake/canonical/contact/dt=2026-03-07/part-0.parquet"}
    assert not any("2026-03-07" in name for name in files_naming(kit.root, hashed))
    kit.accounting().check()


def test_what_is_held_waits_or_has_no_partition_yet_is_never_retired(contact: Kit) -> None:
    contact.configure(KEEP).write("a.csv", CONTACT_HEADER + call("a", "2026-03-07 09:00:00"))
    contact.land()
    assert apply_retention(contact.config, contact.root, OLD) == Retired()
    assert bytes_of(contact) == [True]


def test_killed_after_the_note_the_next_call_removes_the_bytes(contact: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    contact.configure(KEEP).write("a.csv", CONTACT_HEADER + call("a", "2026-03-07 09:00:00"))
    contact.refresh()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for name, is_noted in (("manifest_json", False), ("_remove_bytes", True)):
        with monkeypatch.context() as patch:
            patch.setattr(retention, name, killed)
            with pytest.raises(KeyboardInterrupt):
                apply_retention(contact.config, contact.root, OLD)
        (manifest,) = read_manifests(contact.feed, contact.root)
        assert bytes_of(contact) == [True] and (manifest.retired_at is not None) == is_noted
        assert contact.touched() == [] and ids(contact) == ["a"]
    apply_retention(contact.config, contact.root, OLD)
    assert bytes_of(contact) == [False] and contact.touched() == []
    assert (paths.object_dir(contact.root, contact.feed, manifest.object_id) / MANIFEST).exists()


def test_refused_rows_and_duplicates_leave_quarantine_and_stay_counted(contact: Kit) -> None:
    rows = call("a", "2026-03-07 09:00:00") * 2 + "x,never,answered,,1,\n"
    contact.write("a.csv", CONTACT_HEADER + rows)
    contact.refresh()
    folder = paths.quarantine_dir(contact.root, contact.feed)
    assert len(list(folder.glob("*.parquet"))) == 2
    contact.configure(CONTACT + "retention: {quarantine_days: 1, superseded_days: null}\n")
    contact.write("b.csv", CONTACT_HEADER + call("b", "2026-03-11 09:00:00"))
    contact.refresh(NOW + timedelta(days=2))
    assert apply_retention(contact.config, contact.root, NOW + timedelta(days=2)).duplicates == 1
    assert list(folder.glob("*.parquet")) == []
    done = contact.accounting()
    assert (done.refused, done.duplicates) == (1, 1)


def test_releases_that_are_too_old_go_but_never_the_last_ones(contact: Kit) -> None:
    contact.configure(CONTACT + "retention: {releases_days: 30}\n")
    contact.root.mkdir()
    make_warehouse(contact.root / "w.duckdb", 1, rows=1)
    for number in range(1, 5):
        publish(contact.root, contact.root / "w.duckdb", number, keep=10, created_at=NOW.replace(tzinfo=None))
    assert apply_retention(contact.config, contact.root, NOW + timedelta(days=29)) == Retired()
    assert apply_retention(contact.config, contact.root, NOW + timedelta(days=31)) == Retired(
        releases=4 - KEEP_AT_LEAST
    )
    left = sorted(path.name for path in (contact.root / "published" / "default" / "releases").iterdir())
    assert left == ["r003", "r004"]
