"""Claims about the example of a flat export, on its rows made up in the form of the bank's log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from tests.orchestration.extract_kit import Kit

EXAMPLE = paths.PROJECT / "examples" / "anonymous_bank"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """The example, built once; tests only read it."""
    folder = tmp_path_factory.mktemp("bank")
    shutil.copyfile(EXAMPLE / "callmart.yaml", folder / "callmart.yaml")
    shutil.copyfile(EXAMPLE / "sample.txt", folder / "calls.txt")
    kit = Kit(folder, "canonical.contact")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
        patch.delenv("ANONYMOUS_BANK_CALLS", raising=False)
        kit.refresh()
        yield kit


def contacts(kit: Kit) -> dict[str, dict[str, Any]]:
    return {row["contact_id"].partition("-")[2]: row for day in (5, 6) for row in kit.partition(f"1999-01-0{day}")}


def test_every_row_is_loaded(bank: Kit) -> None:
    lines = (EXAMPLE / "sample.txt").read_bytes().count(b"\n") - 1
    done = bank.accounting()
    assert (done.rows_in, done.loaded, done.refused, done.duplicates) == (lines, lines, 0, 0)


def test_outcome_follows_from_outcome_and_queue(bank: Kit) -> None:
    assert {name: row["outcome"] for name, row in contacts(bank).items()} == {
        "1": "answered", "2": "answered", "3": "abandoned_queue", "4": "abandoned_ivr", "5": "abandoned_queue",
        "6": "invalid", "7": "answered", "8": "answered", "9": "abandoned_queue", "10": "answered", "11": "answered",
        "12": "answered", "13": "answered",
    }  # fmt: skip


def test_every_kind_of_dirt_has_its_flag_and_clean_rows_have_none(bank: Kit) -> None:
    assert {name: row["flags"] for name, row in contacts(bank).items() if row["flags"]} == {
        "5": "hang_zero_queue",
        "6": "phantom",
        "7": "negative_ivr_s,negative_vru_time,order_system_answered_at_queue_entered_at",
        "8": "agent_without_server",
        "9": "hang_with_service_time",
        "10": "agent_zero_service",
        "12": "order_queue_left_at_agent_answered_at",
        "13": "queue_exit_without_start",
    }
    assert [name for name, row in contacts(bank).items() if row["is_invalid"]] == ["6"]


def test_call_that_crosses_midnight_goes_on_the_next_day(bank: Kit) -> None:
    row = contacts(bank)["11"]
    assert row["queue_entered_at"] == datetime(1999, 1, 5, 21, 59, 50)
    assert (row["queue_left_at"], row["ended_at"]) == (datetime(1999, 1, 5, 22, 0, 20), datetime(1999, 1, 5, 22, 2, 19))
    assert row["flags"] is None


def test_call_answered_at_once_waited_for_nothing(bank: Kit) -> None:
    row = contacts(bank)["2"]
    assert (row["queue_wait_s"], row["queue_entered_at"], row["talk_s"]) == (0.0, None, 90.0)


def test_caller_who_hung_up_has_neither_agent_nor_talk(bank: Kit) -> None:
    row = contacts(bank)["9"]
    assert (row["agent_id"], row["agent_answered_at"], row["talk_s"], row["hangup_side"]) == (
        None,
        None,
        None,
        "caller",
    )


def test_customer_is_a_keyed_hash_and_an_unknown_one_is_null(bank: Kit) -> None:
    rows = contacts(bank)
    assert rows["2"]["customer_key"] is None and len(rows["1"]["customer_key"]) == 64
    assert "70001" not in str(rows["1"])


def test_lake_dates_are_those_of_the_log(bank: Kit) -> None:
    days = sorted(path.parent.name for path in paths.lake_dir(bank.root, bank.feed).glob("dt=*/part-0.parquet"))
    assert days == [f"dt={date(1999, 1, day)}" for day in (5, 6)]
