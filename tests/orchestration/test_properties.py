"""Properties of the way from files to the lake: what any order, repetition or cut of the same lines gives, and what any
bytes and any values give. The number of examples is small because each one lands, types and builds; they are the same
at every run.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.errors import InputError
from orchestration.extract import lake
from orchestration.extract.adapters import LONGEST_S
from tests.orchestration.extract_kit import CDR, CONTACT, CONTACT_HEADER, NOW, QUEUE_LOG, Kit, read

LINEAGE = ("source_file", "source_line", "ingested_at")
EVERYTHING = (
    CONTACT
    + """\
          queue_entered_at: entered
          ended_at: strptime(ended, '%d/%m/%y %H:%M')
          hold_s: try_cast(hold as double)
          transfer_count: cast(transfers as integer)
          direction: direction
          declared_resolved: cast(resolved as boolean)
          hangup_cause: cause
          priority: cast(priority as integer)
"""
)
COLUMNS = ["id", "start", "outcome", "phone", "talk", "updated", "entered", "ended", "hold", "transfers", "direction",
           "resolved", "cause", "priority"]  # fmt: skip
DURATIONS = ("talk_s", "hold_s")


@pytest.fixture(scope="module", autouse=True)
def key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
        yield


def queue_log_lines() -> list[str]:
    """Events of three dates; every fifth line is none."""
    return [
        f"{1772841600 + i * 20000}|1.{i}|q|NONE|{('INFO', 'ENTERQUEUE')[i % 2]}||1381234{i:04}|{i}"
        if i % 5
        else f"x{i}"
        for i in range(12)
    ]


def cdr_lines() -> list[str]:
    """Records of three dates, two of them a line longer; every fifth lacks columns."""
    lines = []
    for i in range(12):
        start = datetime(2026, 3, 7, 8) + timedelta(hours=5 * i)
        fields = ["", f"1381234{i:04}", "4008001001", "from-trunk", "Zhang\nSan" if i % 6 == 1 else "", "PJSIP/t-1",
                  "PJSIP/1001-2", "Queue", "q,t", f"{start}", f"{start}", f"{start + timedelta(seconds=i)}", str(i),
                  str(i), "ANSWERED", "", f"1.{i}", ""]  # fmt: skip
        quoted = ",".join(f'"{field}"' for field in fields)
        lines.append(quoted if i % 5 else f'"short{i}",2')
    return lines


def contact_lines() -> list[str]:
    """Contacts of several dates in two versions each, the newer of which may have another date; every fifth is none."""
    lines = []
    for i in range(12):
        contact, version = f"c{i // 2}", i % 2
        start = datetime(2026, 3, 7, 8) + timedelta(hours=11 * (i // 2) + 20 * version * (i % 3))
        lines.append(
            f"{contact},{start},answered,1381234{i:04},{10 * i},2026-03-10 0{version}:00:00" if i % 5 else f"lost{i}"
        )
    return lines


FEEDS = {
    "asterisk.queue_log": (QUEUE_LOG, "queue_log.{}", "", queue_log_lines()),
    "asterisk.cdr": (CDR, "Master.csv.{}", "", cdr_lines()),
    "canonical.contact": (CONTACT, "{}.csv", CONTACT_HEADER, contact_lines()),
}


def content(kit: Kit) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of each partition, lineage left out."""
    return {
        file.parent.name: [tuple(v for k, v in row.items() if k not in LINEAGE) for row in read(file)]
        for file in sorted(paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet"))
    }


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kit]:
    """The lake of each feed's lines as they are, in one file."""
    kits = {}
    for feed, (configuration, name, head, lines) in FEEDS.items():
        kits[feed] = Kit(tmp_path_factory.mktemp("plain"), feed).configure(configuration)
        kits[feed].write(name.format("plain"), head + "\n".join(lines) + "\n")
        kits[feed].refresh()
    return kits


@pytest.mark.parametrize("feed", FEEDS)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(chance=st.randoms(use_true_random=False), files=st.integers(1, 4), repeats=st.integers(0, 5))
def test_order_repetition_and_cut_of_the_same_lines_give_the_same_lake(
    plain: dict[str, Kit],
    tmp_path_factory: pytest.TempPathFactory,
    feed: str,
    chance: random.Random,
    files: int,
    repeats: int,
) -> None:
    configuration, name, head, lines = FEEDS[feed]
    mixed = [*lines, *chance.choices(lines, k=repeats)]
    chance.shuffle(mixed)
    kit = Kit(tmp_path_factory.mktemp("other"), feed).configure(configuration)
    runs = 0
    for index in range(files):
        end = chance.choice(["\n", "\r\n", "\r"])
        data = (head + "\n".join(mixed[index::files]) + "\n").replace("\n", end).encode()
        for copy in range(chance.choice([1, 1, 2])):  # the same file under another name counts once
            kit.write(name.format(f"{index}{copy}"), gzip.compress(data) if chance.random() < 0.4 else data)
        if chance.random() < 0.4:
            runs += 1
            kit.refresh(NOW + timedelta(minutes=runs))
    kit.refresh(NOW + timedelta(hours=1))
    first = plain[feed]
    assert content(kit) == content(first)
    assert {k: v for k, v in lake.lake_inventory(kit.root).items() if "/dt=2" in k} == {
        k: v for k, v in lake.lake_inventory(first.root).items() if "/dt=2" in k
    }
    found, expected = kit.accounting(), first.accounting()
    assert (found.loaded, found.held, found.missing) == (expected.loaded, 0, [])
    assert found.rows_in == found.loaded + found.refused + found.duplicates
    # Whoever repeats a line that is no record has it refused as often.
    assert found.by_rule.keys() >= expected.by_rule.keys() and found.refused >= expected.refused


@pytest.mark.parametrize("feed", FEEDS)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [b'"', b'""', b",", b"|", b"\r", b"\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f", b"\\"]
            ),
            st.integers(1, 4).map(lambda index: index),
        ),
        max_size=12,
    )
)
def test_any_bytes_between_good_lines_are_loaded_or_refused_and_the_good_lines_behind_a_line_end_stay(
    tmp_path_factory: pytest.TempPathFactory, feed: str, parts: list[bytes | int]
) -> None:
    configuration, name, head, lines = FEEDS[feed]
    kit = Kit(tmp_path_factory.mktemp("bytes"), feed).configure(configuration)
    data = head.encode() + b"".join(
        part if isinstance(part, bytes) else b"\n" + lines[part].encode() + b"\n" for part in parts
    )
    kit.write(name.format("any"), data)
    try:
        (typed,) = kit.type()
    except InputError as error:
        assert error.rule in ("encoding", "header") and error.todo
        return
    if typed.shape.lacks_required:  # what stands for the header lacks columns: the whole file is held
        assert kit.accounting().held == typed.rows_in
        return
    refused = kit.refused()
    assert typed.rows_in == typed.rows + len(refused)
    text = data.removeprefix(b"\xef\xbb\xbf").splitlines()
    for row in refused:
        line = text[row["source_line"] - 1].replace(b"\0", b"").decode(typed.encoding, "backslashreplace")
        assert row["raw"].split("\n")[0] == line and row["rule"] and row["reason"]
    if feed == "asterisk.queue_log":  # a line is a record
        assert typed.rows_in + typed.blank_lines == len(text)


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "", " ", "0", "-1", "7", "60", "86400", "86400.001", "999999999", "-0.0", "NaN", "nan", "inf", "-inf", "1e400",
        "1e-400", "0x1F", "1_000", "1,5", "９", "true", "null", "NULL", "NONE", "answered", "ANSWERED ",
        "2026-03-08 09:00:00", "2026-03-08T09:00:00Z", "2026-03-08 09:00:00+14:59", "2026-03-08 09:00:00+99:99",
        "2026-03-08 24:00:00", "2026-02-30 10:00:00", "0000-00-00 00:00:00", "0001-01-01", "1969-12-31 23:59:59",
        "9999-12-31", "294247-01-10 04:00:54.775807", "290309-12-22 (BC) 00:00:00", "infinity", "-infinity", "epoch",
        "2027-03-08 09:00:00", "03/04/2026 10:00", "08/03/26 09:01", "13812345678", "x" * 100_000, "漢" * 3000,
        "\u202e\u0000é", "'; --", "now", "today", "abandoned_queue",
    ]),
)  # fmt: skip


@settings(max_examples=6, deadline=None, derandomize=True)
@given(rows=st.lists(st.lists(TEXTS, min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) - 1), min_size=20, max_size=60))
def test_any_value_in_a_mapped_column_leaves_its_row_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    kit = Kit(tmp_path_factory.mktemp("values"), "canonical.contact").configure(EVERYTHING)
    good = ["2026-03-08 09:00:00", "answered", "13812345678", "60", "", "", "", "0", "0", "inbound", "", "", ""]
    table = [[f"r{i}", *row] for i, row in enumerate(rows)]
    table += [[f"g{i}", *good[:i], row[i], *good[i + 1 :]] for i, row in enumerate(rows[: len(good)])]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([COLUMNS, *table])
    kit.write("any.csv", out.getvalue())
    kit.refresh()
    done = kit.accounting()
    assert done.rows_in == len(table) == done.loaded + done.refused
    loaded = {row["contact_id"]: row for file in content_files(kit) for row in read(file)}
    lost = {row[0] for row in table} - loaded.keys()
    assert lost == {next(csv.reader([row["raw"]]))[0] for row in kit.refused()}
    limit = (NOW + timedelta(days=1)).replace(tzinfo=None)
    for row in loaded.values():
        assert all(row[name] is None or 0 <= row[name] <= LONGEST_S for name in DURATIONS)
        assert datetime(2026, 2, 28) < row["started_at"] <= limit
        for name in ("queue_entered_at", "ended_at"):
            assert row[name] is None or abs(row[name] - row["started_at"]) <= timedelta(seconds=LONGEST_S)
        assert row["ended_at"] is None or row["ended_at"] >= row["started_at"] - timedelta(seconds=2)


def content_files(kit: Kit) -> list[Path]:
    """Partitions of the lake that may hold rows."""
    files = paths.lake_dir(kit.root, kit.feed).glob("dt=*/part-0.parquet")
    return [file for file in files if date.fromisoformat(file.parent.name.removeprefix("dt=")) != paths.ZERO_DATE]
