"""`callmart kpi`: what it prints, and what it says to somebody who asked for something that isn't there."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.errors import InputError
from orchestration.kpi import FIELDS, kpi_values, period_text, read_kpi_values
from tests.orchestration.released import LAST_DAY, make_release


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kpi")
    make_release(root)
    return root


def test_without_ids_it_is_the_official_variant_of_each_on_the_last_day(root: Path) -> None:
    rows = read_kpi_values(root).rows
    assert {row["is_official"] for row in rows} == {True}
    assert {row["period_start"].date() for row in rows} == {LAST_DAY}
    assert [row["variant"] for row in rows if row["kpi_id"] == "M021"] == ["offered_net_short"]


def test_an_id_brings_all_its_variants_official_first(root: Path) -> None:
    rows = read_kpi_values(root, ["m021"]).rows
    assert [row["variant"] for row in rows] == ["offered_net_short", "answered", "icmi", "offered"]
    assert [row["value"] for row in rows] == [0.8, 768 / 860, 0.858, 0.768]


def test_an_id_with_a_variant_brings_that_one_and_beside_it_other_ids_stay_whole(root: Path) -> None:
    rows = read_kpi_values(root, ["M021:icmi", "M024"]).rows
    assert [(row["kpi_id"], row["variant"]) for row in rows] == [("M021", "icmi"), ("M024", "answered")]


def test_by_a_dimension_there_is_a_row_for_each_member(root: Path) -> None:
    found = read_kpi_values(root, ["M021"], by="queue")
    assert [(row["queue"], row["dim_set"]) for row in found.rows] == [("sales", "queue"), ("service", "queue")]
    assert found.dimensions == ("queue",)


def test_since_and_until_are_both_included(root: Path) -> None:
    rows = read_kpi_values(root, ["M002"], since=date(2026, 3, 3), until=date(2026, 3, 5)).rows
    assert [row["period_start"].date().day for row in rows] == [3, 4, 5]
    assert read_kpi_values(root, ["M002"], since=LAST_DAY).rows[0]["value"] == 1250
    first = read_kpi_values(root, ["M002"], until=date(2026, 2, 18)).rows
    assert [row["period_start"].date() for row in first] == [date(2026, 2, 18)]


def test_ranges_of_a_distribution_come_in_the_order_of_their_bounds(root: Path) -> None:
    rows = read_kpi_values(root, ["M035"], since=date(2026, 3, 30)).rows
    order = ["le_10", "gt_10_le_30", "gt_30_le_60", "gt_60_le_120", "gt_120"]
    assert [row["category"] for row in rows] == order * 2
    assert [row["period_start"].day for row in rows] == [30] * 5 + [31] * 5


def test_json_keeps_full_precision_and_nulls(root: Path) -> None:
    (row,) = [row for row in json.loads(kpi_values(root, ["M021:answered"], fmt="json"))]
    assert list(row) == list(FIELDS)
    assert (row["value"], row["queue"], row["is_mature"]) == (768 / 860, None, True)
    assert row["period_start"] == "2026-03-31T00:00:00"


def test_csv_has_the_same_columns_and_an_empty_cell_for_null(root: Path) -> None:
    (row,) = list(csv.DictReader(io.StringIO(kpi_values(root, ["M098"], fmt="csv"))))
    assert list(row) == list(FIELDS)
    assert (row["value"], row["target"], row["is_mature"], row["denominator"]) == ("", "0.15", "false", "860.0")


def test_the_table_marks_the_official_variant_and_what_is_not_final(root: Path) -> None:
    text = kpi_values(root, ["M021", "M098"])
    line = next(line for line in text.splitlines() if "offered_net_short" in line)
    assert "★" in line and "80.0%" in line and "✓ met" in line and "960" in line
    assert "– …" in text and "not final yet" in text
    assert "data to 数据截至 2026-04-01 00:00" in text


def test_a_kpi_without_values_beside_others_is_a_note(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "M043 has no values: it needs line.status." in kpi_values(root, ["M021", "M043"])
    assert "M043" not in kpi_values(root, ["M021", "M043"], fmt="csv")
    assert "M043 has no values: it needs line.status." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": ["M999"]}, "'M999' is not in the registry.*did you mean M098"),
        ({"ids": ["M0210"]}, "did you mean M021"),
        ({"ids": ["service level"]}, r"did you mean M021 \(Service level, 服务水平\)"),
        ({"ids": ["放弃"]}, "M033"),
        ({"ids": ["M021:icm"]}, "no variant 'icm'.*offered_net_short, answered, icmi, offered"),
        ({"by": "queues"}, "dimension 'queues' is unknown.*did you mean queue"),
        ({"by": "queue+hour"}, "dimension 'hour' is unknown.*did you mean hour_of_day"),
        ({"grain": "daily"}, "grain 'daily' is unknown.*did you mean day"),
        ({"fmt": "xml"}, "format 'xml' is unknown.*table, json, csv"),
        ({"ids": ["M043"]}, "M043 has no values: it needs line.status"),
        ({"ids": ["M024"], "by": "agent"}, "M024 has no values by agent at grain day. It has by all: day."),
        ({"ids": ["M021"], "grain": "year"}, "It has by all: day, month; by queue: day."),
        ({"ids": ["M024"], "since": date(2027, 1, 1)}, "it has them from 2026-02-18 to 2026-03-31"),
        ({"by": "team"}, "no values by team at grain day"),
    ],
)
def test_a_wrong_question_gets_an_answer_that_helps(root: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        kpi_values(root, **arguments)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2


def test_the_order_of_dimensions_in_the_question_does_not_matter(root: Path) -> None:
    with pytest.raises(InputError, match="by queue\\+hour_of_day"):
        kpi_values(root, ["M021"], by="hour_of_day+queue")


@pytest.mark.parametrize(
    ("grain", "text"),
    [
        ("hour", "2026-03-30 10:00"),
        ("day", "2026-03-30"),
        ("week", "2026-W14"),
        ("month", "2026-03"),
        ("quarter", "2026-Q1"),
        ("year", "2026"),
        ("rolling_12_months", "2026-03 – 2027-02"),
    ],
)
def test_a_period_reads_as_people_write_it(grain: str, text: str) -> None:
    from datetime import datetime

    assert period_text(datetime(2026, 3, 30 if grain in ("hour", "day", "week") else 1, 10), grain) == text
