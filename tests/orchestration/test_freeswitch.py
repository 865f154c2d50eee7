"""Claims about the examples of FreeSWITCH, on calls made up in the form of its records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from tests.orchestration.extract_kit import Kit, column

EXAMPLE = paths.PROJECT / "examples" / "freeswitch"
DAY = "2026-03-09"
FACTS = ("direction", "outcome", "queue_id", "agent_id", "caller_masked", "dialled_number", "talk_s", "transfer_count",
         "hangup_side")  # fmt: skip
CALLS = {
    # one row per call of the fixtures, by the last digit of its uuid
    "1": ("inbound", "answered", "support", "1001", "138****5678", "4008001001", 170.3, 0, "caller"),
    "2": ("inbound", "abandoned_queue", "support", None, "021****4567", "4008001001", None, 0, "caller"),
    "3": ("inbound", "flow_out", "售后", None, "137****5678", "4008001001", None, 0, "system"),
    "4": ("outbound", "answered", None, "1002", "139****4321", None, 60.0, 0, None),
    "5": ("inbound", "answered", "support", "1001", "138****5678", "4008001001", 330.3, 1, "caller"),
    "6": ("outbound", "no_answer", None, "1002", "139****4322", None, None, 0, None),
    "7": ("internal", "answered", None, "1001", "1****2", None, 56.0, 0, None),
    "8": ("inbound", "abandoned_ivr", None, None, "136****5678", "4008001001", None, 0, "caller"),
}


def refreshed(folder: Path, name: str) -> Kit:
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / "callmart.yaml").write_text((EXAMPLE / name).read_text("utf-8"), "utf-8")
    kit = Kit(folder, "canonical.contact")
    kit.refresh()
    return kit


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kit]]:
    """Both examples, built once; tests only read them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
        for name in ("FREESWITCH_JSON_CDR", "FREESWITCH_CSV_CDR"):
            patch.delenv(name, raising=False)
        yield {
            kind: refreshed(tmp_path_factory.mktemp(kind), name)
            for kind, name in (("json", "callmart.yaml"), ("csv", "callmart-csv.yaml"))
        }


def contacts(kit: Kit) -> dict[str, dict[str, Any]]:
    return {row["contact_id"][-1]: row for row in kit.partition(DAY)}


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_each_kind_of_call_is_read_as_what_it_was(both: dict[str, Kit], kind: str) -> None:
    found = {number: tuple(row[name] for name in FACTS) for number, row in contacts(both[kind]).items()}
    assert {number: facts[:6] + facts[7:] for number, facts in found.items()} == {
        number: facts[:6] + facts[7:] for number, facts in CALLS.items()
    }
    assert {number: facts[6] for number, facts in found.items()} == pytest.approx(
        {number: facts[6] for number, facts in CALLS.items()}
    )


def test_documents_and_lines_of_one_call_are_the_same_row(both: dict[str, Kit]) -> None:
    of_json, of_csv = contacts(both["json"]), contacts(both["csv"])
    different = {"source_file", "source_line", "row_hash", "hold_s", "talk_s", "started_at_raw"}
    for number, row in of_json.items():
        assert {n: v for n, v in row.items() if n not in different} == {
            n: v for n, v in of_csv[number].items() if n not in different
        }
        assert row["flags"] is None


def test_a_call_of_a_queue_has_its_times_to_the_second_and_its_own_to_the_millisecond(both: dict[str, Kit]) -> None:
    row = contacts(both["json"])["5"]
    assert (row["started_at"], row["system_answered_at"], row["queue_entered_at"]) == (
        datetime(2026, 3, 9, 1, 40, 0, 120000), datetime(2026, 3, 9, 1, 40, 2, 300000), datetime(2026, 3, 9, 1, 40, 5)
    )  # fmt: skip
    assert (row["queue_left_at"], row["agent_answered_at"], row["ended_at"]) == (
        datetime(2026, 3, 9, 1, 40, 30), datetime(2026, 3, 9, 1, 40, 30), datetime(2026, 3, 9, 1, 46, 0, 300000)
    )  # fmt: skip


def test_every_document_of_a_calling_leg_is_loaded_and_no_called_one_is_a_contact(both: dict[str, Kit]) -> None:
    done = both["json"].accounting()
    assert (done.rows_in, done.loaded, done.refused) == (8, 8, 0)


def test_called_legs_name_their_call_and_agent(both: dict[str, Kit]) -> None:
    kit = Kit(both["json"].base, "canonical.leg")
    kit.refresh()
    rows = sorted(kit.partition(DAY), key=lambda row: row["leg_id"])
    assert [(row["contact_id"][-1], row["agent_id"], row["queue_id"], row["routed_by"]) for row in rows] == [
        ("1", "1001", "support", "queue"), ("5", "1001", "support", "queue"), ("5", "1003", None, "other")
    ]  # fmt: skip
    assert column(rows, "flags") == [None] * 3
