"""The aftermath of a clean centre passes the adapters without a flag; of a planted one just the planted is flagged."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.contracts import contract
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.extract.typing import type_feed, typed_path
from simulator.aftermath import Aftermath
from simulator.defect_kinds import DefectDays
from simulator.defects import Defects
from simulator.local_time import day_of
from simulator.records import Record
from tests.orchestration.extract_kit import CENTRE, Kit, read
from tests.simulator.contacts import AGENTS, MONDAY, contacts, customer_of
from tests.simulator.test_aftermath import FEEDS

LANDED = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    following = Aftermath(7, customer_of, AGENTS)
    return [record for contact in contacts(2500, 7) for record in following.of(contact)]


def typed(folder: Path, feed: str, records: list[Record]) -> list[dict[str, Any]]:
    """The records of a feed as an export with instants in UTC, read by the adapter."""
    said = contract(feed)
    rows = [record.row for record in records if record.feed == feed]
    names = list(dict.fromkeys(name for row in rows for name in row))
    instants = {column.name for column in said.columns if column.type == "TIMESTAMP"}
    with (folder / "export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            told = {name: datetime.fromtimestamp(row[name], UTC) for name in instants if row.get(name) is not None}
            writer.writerow(row | told)
    mapping = "".join(f"          {name}: {name}\n" for name in names)
    kit = Kit(folder, feed).configure(
        f"{CENTRE}sources:\n  canonical:\n    feeds:\n      {said.name}:\n"
        f"        paths: ['*.csv']\n        mapping:\n{mapping}"
    )
    kit.land(LANDED)
    found = type_feed(kit.config.feed(feed), kit.config, kit.root)
    return [row for item in found for row in read(typed_path(kit.root, item), "source_line")]


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_a_clean_centre_is_neither_refused_nor_flagged(feed: str, records: list[Record], tmp_path: Path) -> None:
    rows = typed(tmp_path, feed, records)
    assert len(rows) == sum(record.feed == feed for record in records)
    assert {row["flags"] for row in rows} == {None}


def test_a_ticket_that_was_solved_before_it_was_created_is_flagged_and_no_other(
    records: list[Record], tmp_path: Path
) -> None:
    defects = Defects(1, ["solved_before_created"], DefectDays(day_of(MONDAY), 60))
    rows = typed(tmp_path, "canonical.ticket", list(defects.through(records)))
    latest = {row["ticket_id"]: row for row in sorted(rows, key=lambda row: row["record_updated_at"])}
    flagged = [row for row in latest.values() if row["flags"] is not None]
    assert len(flagged) == sum(planted.rows for planted in defects.planted) > 0
    assert all("solved_at" in row["flags"] for row in flagged)
