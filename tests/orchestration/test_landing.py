"""Claims about landing: which bytes are kept, and which of them still count."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from orchestration import paths
from orchestration.errors import InputError
from orchestration.extract import landing
from orchestration.extract.landing import Manifest, Sighting, live_objects, read_manifests
from tests.orchestration.extract_kit import CONTACT, NOW, QUEUE_LOG, Kit

LOG = "1773100000|NONE|NONE|NONE|QUEUESTART|\n"


def manifests(kit: Kit) -> list[Manifest]:
    return read_manifests(kit.feed, kit.root)


def test_bytes_are_kept_as_they_were_with_a_manifest(log: Kit) -> None:
    log.write("queue_log", LOG)
    report = log.land()
    (found,) = manifests(log)
    folder = paths.object_dir(log.root, log.feed, found.object_id)
    assert (folder / "original").read_bytes() == LOG.encode()
    assert (found.name, found.size, found.seq, found.extracted_at) == ("queue_log", len(LOG), 1, NOW.isoformat())
    assert report.new_objects == [found.object_id]


def test_landing_is_private(log: Kit) -> None:
    log.write("queue_log", LOG)
    log.land()
    for folder in (log.root / "landing", *(log.root / "landing").rglob("*")):
        if folder.is_dir():
            assert folder.stat().st_mode & 0o077 == 0


def test_unchanged_file_is_not_read_again(log: Kit) -> None:
    log.write("queue_log", LOG)
    assert log.land().read == 1
    assert log.land().read == 0
    assert len(manifests(log)) == 1


def test_same_bytes_under_another_name_are_the_same_object(log: Kit) -> None:
    log.write("queue_log", LOG)
    log.land()
    os.replace(log.base / "queue_log", log.base / "queue_log.1")
    report = log.land(NOW + timedelta(days=1))
    (found,) = manifests(log)
    assert report.new_objects == [] and [s.path for s in found.seen] == ["queue_log", "queue_log.1"]
    assert found.extracted_at == NOW.isoformat()


def test_pattern_without_match_is_an_input_error_that_names_it(log: Kit) -> None:
    with pytest.raises(InputError, match=r"no file matches 'queue_log\*'") as caught:
        log.land()
    assert caught.value.line == 13 and "required: false" in str(caught.value)


def test_feed_that_is_not_required_may_have_no_file(log: Kit) -> None:
    log.configure(QUEUE_LOG.replace('"queue_log*"]', '"queue_log*"], required: false'))
    assert log.land().warnings == ["no file matches 'queue_log*'"]


def test_gzip_is_told_by_its_content_and_not_by_its_name(log: Kit) -> None:
    log.write("queue_log.old", gzip.compress(LOG.encode()))
    log.write("queue_log.gz", LOG + LOG)
    log.land()
    by_name = {m.name: m for m in manifests(log)}
    assert by_name["queue_log.old"].is_gzip and by_name["queue_log.old"].stream_size == len(LOG)
    assert not by_name["queue_log.gz"].is_gzip


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:10] + b"\xff\xff" + data[12:]])
def test_damaged_gzip_is_an_input_error(log: Kit, damage: Callable[[bytes], bytes]) -> None:
    log.write("queue_log.gz", damage(gzip.compress(LOG.encode() * 50)))
    with pytest.raises(InputError, match=r"queue_log\.gz: the file can't be read"):
        log.land()
    assert manifests(log) == []


def test_unreadable_file_is_an_input_error(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("queue_log", LOG)
    real = Path.open

    def denied(self: Path, mode: str = "r", *args: Any, **named: Any) -> Any:
        if self.name == "queue_log":
            raise PermissionError(13, "Permission denied")
        return real(self, mode, *args, **named)

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError, match="Permission denied"):
        log.land()


def test_an_object_gets_its_name_together_with_its_manifest(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A landing that is cut at any rename leaves no bytes that nothing refers to."""
    log.write("queue_log", LOG)
    real, seen = os.replace, []

    def replaced(source: Path, target: Path) -> None:
        real(source, target)
        seen.append([(folder / "manifest.json").exists() for folder in target.parent.glob("[0-9a-f]*/")])

    monkeypatch.setattr(os, "replace", replaced)
    log.land()
    assert [True] in seen and all(all(complete) for complete in seen)


def test_crash_between_bytes_and_manifest_is_repaired_by_the_next_run(log: Kit) -> None:
    log.write("queue_log", LOG)
    log.land()
    (found,) = manifests(log)
    (paths.object_dir(log.root, log.feed, found.object_id) / "manifest.json").unlink()
    (paths.landing_dir(log.root, log.feed) / "_1.tmp").mkdir()
    log.land()
    assert [m.object_id for m in manifests(log)] == [found.object_id]
    assert list(paths.landing_dir(log.root, log.feed).glob("_*")) == []


def meddle(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None], times: int) -> None:
    """Change the source while it is read, the first `times` times."""
    real, left = landing._blocks, [times]

    def blocks(stream: BinaryIO, size: int | None = None) -> Iterator[bytes]:
        yield from real(stream, size)
        if left[0] > 0 and "original" not in str(getattr(stream, "name", "")):
            left[0] -= 1
            change()

    monkeypatch.setattr(landing, "_blocks", blocks)


def test_file_that_changed_once_while_read_is_read_again(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("queue_log", LOG)

    def replaced() -> None:
        log.write("queue_log", LOG + LOG)

    meddle(monkeypatch, replaced, 1)
    log.land()
    (found,) = manifests(log)
    assert found.size == 2 * len(LOG)


def test_file_that_changes_each_time_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    path = kit.write("a.csv", "x\n")

    def grow() -> None:
        with path.open("ab") as handle:
            handle.write(b"y\n")

    meddle(monkeypatch, grow, 9)
    with pytest.raises(InputError, match="changes while it is read"):
        kit.land()


def test_log_that_only_grows_while_read_lands_up_to_where_it_began(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    path = log.write("queue_log", LOG)

    def grow() -> None:
        with path.open("ab") as handle:
            handle.write(LOG.encode())

    meddle(monkeypatch, grow, 9)
    log.land()
    (found,) = manifests(log)
    assert found.size % len(LOG) == 0 and found.size < path.stat().st_size
    monkeypatch.undo()
    log.land()
    assert [m.size for m in live_objects(manifests(log))] == [path.stat().st_size]


def test_log_that_is_rewritten_while_read_is_an_input_error(log: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("queue_log", LOG)
    count = [0]

    def rewrite() -> None:
        count[0] += 1
        log.write("queue_log", str(count[0] % 10) + LOG[1:])

    meddle(monkeypatch, rewrite, 9)
    with pytest.raises(InputError, match="changes while it is read"):
        log.land()


# --- which objects count ---------------------------------------------------------------------------------------


def thing(
    name: str, *seen: tuple[str, int], first: int | None = None, last: int | None = None, **more: Any
) -> Manifest:
    """An object seen at (path, seq), with events from hour `first` to hour `last`."""
    hour = "2026-03-01T{:02d}".format
    times = (hour(first) if first is not None else None, hour(last) if last is not None else None)
    said = Manifest(
        object_id=name, feed="asterisk.cdr", name=seen[0][0], size=9, sha256=name, stream_size=9, stream_sha256=name,
        is_gzip=False, encoding="auto", extracted_at="2026-03-02", seq=seen[0][1],
        seen=tuple(Sighting(path, seq, "2026-03-02", 9, seq) for path, seq in seen),
        first_event_at=times[0], last_event_at=times[1], first_written_at=times[0], last_written_at=times[1],
    )  # fmt: skip
    return replace(said, **more)


def live(*things: Manifest) -> list[str]:
    return [m.object_id for m in live_objects(things, [])]


def test_two_files_count_both() -> None:
    assert live(thing("a", ("x", 1), first=1, last=2), thing("b", ("y", 2), first=1, last=2)) == ["a", "b"]


def test_grown_file_supersedes_its_beginning() -> None:
    assert live(thing("a", ("x", 1), first=1, last=2), thing("b", ("x", 2), first=1, last=3, extends=("a",))) == ["b"]


def test_file_that_grew_and_was_rotated_supersedes_its_beginning_under_the_old_name() -> None:
    old = thing("a", ("log", 1), first=1, last=2)
    assert live(
        old, thing("b", ("log.1", 2), first=1, last=3, extends=("a",)), thing("c", ("log", 3), first=4, last=5)
    ) == [
        "b",
        "c",
    ]


def test_later_version_of_a_path_supersedes_the_earlier() -> None:
    assert live(thing("a", ("x", 1), first=1, last=9), thing("b", ("x", 2), first=1, last=5)) == ["b"]


def test_path_reused_by_rotation_keeps_what_it_held_before() -> None:
    assert live(thing("a", ("x", 1), first=1, last=4), thing("b", ("x", 2), first=4, last=9)) == ["a", "b"]


def test_versions_that_begin_in_the_same_instant_are_one_content() -> None:
    assert live(thing("a", ("x", 1), first=1, last=1), thing("b", ("x", 2), first=1, last=9)) == ["b"]


def test_records_written_in_order_count_as_rotation_though_their_starts_overlap() -> None:
    old = thing("a", ("x", 1), first=1, last=4)
    new = replace(thing("b", ("x", 2), first=3, last=9), first_written_at="2026-03-01T05")
    assert live(old, new) == ["a", "b"]


def test_empty_version_is_a_fresh_log_and_is_told() -> None:
    warnings: list[str] = []
    things = [thing("a", ("x", 1), first=1, last=4), thing("b", ("x", 2), stream_size=0)]
    assert [m.object_id for m in live_objects(things, warnings)] == ["a", "b"]
    assert len(warnings) == 1 and "x is empty now" in warnings[0]


def test_version_without_a_typed_row_supersedes() -> None:
    assert live(thing("a", ("x", 1), first=1, last=4), thing("b", ("x", 2))) == ["b"]


def test_object_that_moved_to_another_path_still_counts() -> None:
    moved = thing("a", ("log", 1), ("log.1", 3), first=1, last=4)
    assert live(moved, thing("b", ("log", 2), first=2, last=3)) == ["a", "b"]


def test_path_that_goes_back_to_former_bytes_counts_these() -> None:
    assert live(thing("a", ("x", 1), ("x", 3), first=1, last=4), thing("b", ("x", 2), first=1, last=5)) == ["a"]


def test_path_that_shrinks_back_to_its_beginning_counts_the_beginning() -> None:
    short = thing("a", ("x", 1), ("x", 3), first=1, last=4)
    assert live(short, thing("b", ("x", 2), first=1, last=5, extends=("a",))) == ["a"]


def test_continuation_that_was_itself_replaced_supersedes_nothing() -> None:
    kept, grown = thing("a", ("x", 1), first=1, last=4), thing("b", ("y", 2), first=1, last=5, extends=("a",))
    assert live(kept, grown, thing("c", ("y", 3), first=1, last=3)) == ["a", "c"]


def test_beginning_that_lands_after_the_whole_counts_beside_it() -> None:
    assert live(thing("b", ("y", 1), first=1, last=5), thing("a", ("x", 2), first=1, last=4)) == ["b", "a"]


def test_growth_is_seen_across_compression(log: Kit) -> None:
    log.write("queue_log", LOG)
    log.land()
    log.write("queue_log", "")
    log.write("queue_log.1.gz", gzip.compress((LOG + LOG).encode()))
    log.land(NOW + timedelta(days=1))
    assert [m.name for m in live_objects(manifests(log), []) if m.size] == ["queue_log.1.gz"]


def test_an_export_that_moved_on_does_not_take_back_what_fell_out_of_it() -> None:
    assert live(thing("a", ("x", 1), first=1, last=7), thing("b", ("x", 2), first=2, last=8)) == ["a", "b"]


def test_a_version_that_lost_its_beginning_but_goes_no_further_supersedes() -> None:
    assert live(thing("a", ("x", 1), first=1, last=7), thing("b", ("x", 2), first=2, last=7)) == ["b"]
