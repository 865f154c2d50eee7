"""The scan for personal data finds mobile numbers as people and switches write them, and no hash or id."""

from __future__ import annotations

import duckdb
import pytest

from expectations.check import NoPhoneNumber, for_duckdb


def finds(text: str, allowed: tuple[str, ...] = ()) -> bool:
    rule = NoPhoneNumber(show=(), allowed=allowed)
    with duckdb.connect() as connection:
        connection.execute("create table batch as select ? as s", [text])
        return bool(connection.execute(for_duckdb(rule.offending_rows({"s": "VARCHAR"}), "batch")).fetchall())


@pytest.mark.parametrize(
    "text",
    [
        "13812341234",
        "+8613812341234",
        "008613812341234",
        "8613812341234",
        "013812341234",
        "138-1234-1234",
        "+86 138 1234 1234",
        "Local/13812341234@outbound-00000001;2",
        "SIP13812341234",
        "客户13812341234来电",
        "19912341234,17712341234",
    ],
)
def test_number_in_clear_is_found(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "138****1234",
        "1772412345.17",
        "1772412345678",
        "01062345678",
        "4008001001",
        "12345678901",
        "d41d8cd98f13812341234e9800998ecf",
        "550e8400-e29b-41d4-a716-013812341234",
        "2026-03-02 13:01:23.456789",
        "20260302-queue_log",
        "1381234123",
        "138123412345",
        "",
    ],
)
def test_masked_number_hash_or_id_is_not_taken_for_one(text: str) -> None:
    assert not finds(text)


def test_own_number_of_the_centre_is_allowed_and_no_other() -> None:
    assert not finds("13800138000", allowed=("13800138000",))
    assert finds("13800138001", allowed=("13800138000",))


def test_column_added_later_is_scanned_and_numbers_are_not() -> None:
    rule = NoPhoneNumber(show=())
    sql = rule.offending_rows({"n": "BIGINT", "new_text": "VARCHAR"})
    with duckdb.connect() as connection:
        connection.execute("create table batch as select 13812341234 as n, 'to 13812341234' as new_text")
        assert connection.execute(for_duckdb(sql, "batch")).fetchall() == [("new_text", "to ###########")]
    assert rule.offending_rows({"n": "BIGINT"}).endswith("where false")
