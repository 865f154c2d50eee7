"""What is covered of the requirement list: derived again from the project, and compared with the record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.coverage.causes import BASES, CAUSES, CENTRES, Cause
from orchestration.coverage.moves import LEAST, Truths, follows, series, simulated
from orchestration.coverage.page import PAGE, page
from orchestration.coverage.record import KINDS, RECORD, STATUSES, counts, fallen, recorded, risen, text_of
from orchestration.coverage.registry import defined
from orchestration.coverage.report import FIELDS, coverage_report
from orchestration.coverage.requirements import LIST, NUMBERS, POINTERS, all_ids, exists, requirements
from orchestration.coverage.status import covered
from orchestration.errors import InputError
from tests.orchestration.released import make_release

AGAIN = "run python -m orchestration.coverage, and look at what it changes"


@pytest.fixture(scope="module")
def truths() -> Truths:
    """The base centre and one for each group of causes, as the record was made: nothing smaller has a fall or rise in
    every KPI."""
    return simulated({*CAUSES, *defined()})


# --- the floor ------------------------------------------------------------------------------------------------------


def test_nothing_fell_back_and_what_rose_is_recorded(truths: Truths) -> None:
    before, now = recorded(), covered(truths)
    assert fallen(before, now) == []
    assert risen(before, now) == [], AGAIN
    assert RECORD.read_text("utf-8") == text_of(now), AGAIN
    assert PAGE.read_text("utf-8") == page(now), AGAIN


def test_a_kpi_that_loses_a_proof_falls_back_and_says_which(truths: Truths) -> None:
    pair = ("M021", "offered_net_short")
    moved = dict(truths)
    for centre in CENTRES:  # as if no cause had any effect
        moved[centre.name] = truths[centre.base]

    def all_rows(change: Callable[[list[Any]], list[Any]]) -> Truths:
        return {name: {**values, pair: change([*values[pair]])} for name, values in truths.items()}

    eight_of_ten = {"numerator": 8, "denominator": 10, "value": 0.8}
    constant = all_rows(lambda values: [row | eight_of_ten for row in values])
    without_truth = {
        name: {key: values[key] for key in values.keys() - {pair}} for name, values in truths.items()
    }  # fmt: skip
    assert [line for line in fallen(recorded(), covered(moved)) if line.startswith("M021")] == [
        "M021: done -> measured only (does not follow wait_limit_s)"
    ]
    assert fallen(recorded(), covered(without_truth)) == [
        "M021: done -> measured only (not compared with the simulated truth)"
    ]
    assert fallen(recorded(), covered(constant)) == ["M021: done -> measured only (the same in every simulated period)"]


def test_without_any_effect_no_metric_is_done(truths: Truths) -> None:
    same = {centre.name: truths[centre.base] for centre in (*BASES, *CENTRES)}
    assert [row.id for row in covered(same).values() if row.kind == "M" and row.status == "done"] == []


def test_a_fall_and_a_rise_are_told_apart() -> None:
    before = recorded()
    worse = before | {"M001": replace(before["M001"], status="not yet", why_en="lost")}
    assert fallen(before, worse) == ["M001: done -> not yet (lost)"] and risen(before, worse) == []
    assert risen(worse, before) and fallen(worse, before) == []


# --- the list -------------------------------------------------------------------------------------------------------


def test_every_id_is_in_the_list_and_in_the_record_once_and_in_order() -> None:
    ids = [row["id"] for row in csv.DictReader(io.StringIO(LIST.read_text("utf-8")))]
    assert ids == list(all_ids()) == list(recorded())
    assert {kind: by_status.total() for kind, by_status in counts(recorded().values()).items()} == NUMBERS
    assert set(NUMBERS) == set(KINDS)


def test_every_kpi_of_the_registry_is_in_the_list() -> None:
    assert set(defined()) <= set(all_ids())


def test_every_id_has_names_and_what_is_missing_has_reasons_in_both_languages() -> None:
    for row in requirements().values():
        assert row.name_zh and row.name_en, row.id
        assert bool(row.reason_zh) == bool(row.reason_en), row.id
        is_derived = row.kind == "M" and row.reach == ""
        assert row.reach in ("whole", "part", "none", "outside") or is_derived, row.id
        assert is_derived or row.reach == "whole" or row.reason_en, row.id
        assert row.reach != "whole" or not row.reason_en, row.id


@pytest.mark.parametrize("id", [id for id, row in requirements().items() if row.evidence])
def test_what_an_id_rests_on_exists(id: str) -> None:
    row = requirements()[id]
    assert [pointer for pointer in row.evidence if not exists(pointer)] == []
    assert row.reach != "none"


def test_a_pointer_to_nothing_is_noticed() -> None:
    assert [kind for kind in POINTERS if exists(f"{kind}:no_such_thing")] == []
    assert not exists("file:README.md") and not exists("fct_contact.direction")
    assert exists("model:fct_contact.direction") and not exists("model:fct_contact.no_such_column")


def test_what_people_call_whole_is_done_with_a_test_and_something_to_look_at_only(truths: Truths) -> None:
    found = covered(truths)
    for row in requirements().values():
        if row.kind != "M":
            is_shown = set(POINTERS[:5]) & {pointer.split(":")[0] for pointer in row.evidence}
            is_done = row.reach == "whole" and bool(is_shown) and bool(row.pointers("test", "unit", "data"))
            assert (found[row.id].status == "done") == is_done, row.id


# --- causes ---------------------------------------------------------------------------------------------------------


def test_a_cause_is_planted_in_its_centre_for_an_id_of_the_list() -> None:
    planted = {centre.name: centre.causes for centre in CENTRES}
    used = {(cause.centre, effect) for cause in CAUSES.values() for effect in cause.effect.split("+")}
    assert used == {(name, effect) for name, effects in planted.items() for effect in effects}
    assert set(CAUSES) <= set(all_ids())


def test_a_centre_with_one_cause_has_its_changes_and_no_other() -> None:
    staffed = next(centre for centre in CENTRES if centre.agents)
    assert staffed.alone("agents").changes == () and staffed.alone("agents").agents == staffed.agents
    assert [it.effect for it in staffed.alone("arrival_share").changes] == ["arrival_share"] * 2
    assert staffed.alone("arrival_share").agents is None
    assert staffed.alone("entry_share+very_short_talk").causes == {"entry_share", "very_short_talk"}


def rows(values: list[tuple[int, int | None]], **more: Any) -> list[Mapping[str, Any]]:
    """Days of a KPI."""
    common = {"kpi_id": "M021", "variant": "v", "grain": "day", "dim_set": "all", "category": None} | more
    return [
        common | {"period_start": f"2026-03-{day:02}", "numerator": above, "denominator": below, "value": above}
        for day, (above, below) in enumerate(values, 1)
    ]


@pytest.mark.parametrize(
    ("before", "after", "direction", "is_moved"),
    [
        ([80, 81, 79, 80, 80], [60, 61, 59, 60, 60], "down", True),
        ([80, 81, 79, 80, 80], [60, 61, 59, 60, 60], "up", False),
        # days differ among themselves by more than the centres do
        ([95, 40, 90, 60, 80], [75, 30, 85, 40, 70], "down", False),
        # sure and small
        ([80, 80, 80, 80, 80], [79, 79, 79, 79, 79], "down", False),
        # two periods have no interval: the change must be a great one
        ([80, 80], [70, 70], "down", False),
        ([80, 80], [60, 60], "down", True),
        ([0, 0, 0, 0, 0], [2, 3, 2, 3, 2], "up", True),
        ([80, 80, 80, 80, 80], [80, 80, 80, 80, 80], "up", False),
    ],
)
def test_only_a_change_that_is_expected_large_and_no_noise_counts(
    before: list[int], after: list[int], direction: Any, is_moved: bool
) -> None:
    cause = Cause("M021", "impatient", "wait_limit_s", direction)
    was, became = (series(rows([(above, 100) for above in values]), None, {}) for values in (before, after))
    assert follows(cause, was, became, "rate") is is_moved


def test_a_difference_of_rates_must_change_by_points() -> None:
    cause = Cause("M183", "unsolved", "solved", "up")
    was, little, much = (series(rows([(above, 1000)] * 5), None, {}) for above in (10, 30, 70))
    assert LEAST == 0.05
    assert follows(cause, was, little, "rate") and not follows(cause, was, little, "rate_difference")
    assert follows(cause, was, much, "rate_difference")


def test_a_series_is_of_the_finest_grain_and_of_the_class_or_member_that_is_meant() -> None:
    days, weeks = rows([(1, 10), (2, 10)]), rows([(30, 100)], grain="week")
    by_class = rows([(5, 10), (6, 10)], category="le_10")
    by_agent = rows([(7, 10)], dim_set="agent", agent="1001") + rows([(9, 10)], dim_set="agent", agent="1002")
    everything = [*days, *weeks, *by_class, *by_agent]

    def values(where: Mapping[str, str]) -> list[float]:
        return [it.numerator for it in series(everything, None, where).sample.observations]

    assert values({}) == [1, 2]
    assert values({"category": "le_10"}) == [5, 6]
    assert values({"agent": "1002"}) == [9]
    assert [it.numerator for it in series(by_agent, None, {}).sample.observations] == [16]


# --- the command ----------------------------------------------------------------------------------------------------


def test_ids_and_their_beginnings_are_chosen_and_a_status_in_either_language(tmp_path: Path) -> None:
    def ids(*wanted: str, status: str | None = None) -> list[str]:
        return [row["id"] for row in json.loads(coverage_report(tmp_path, wanted, status, "json"))]

    assert ids() == list(all_ids())
    assert ids("m02", "D33") == [*(f"M02{digit}" for digit in range(10)), "D33"]
    by_status = [ids(status=status) for status in STATUSES]
    assert sorted(chain.from_iterable(by_status)) == sorted(all_ids()) and all(by_status)
    assert ids("F", status="outside") == ids("F", status="范围外") == ids("F", status="Outside")
    assert ids("M0", status="not-yet") == ids("M0", status="not yet")


def test_the_table_begins_with_the_counts_and_has_both_languages(tmp_path: Path) -> None:
    told = coverage_report(tmp_path)
    numbers = counts(recorded().values())["M"]
    (line,) = [line for line in told.splitlines() if "M 指标 metrics" in line]
    assert line.split()[-5:] == [*(str(numbers[status]) for status in STATUSES), "183"]
    assert told.index(line) < told.index("M001") < told.index("D01") < told.index("F01")
    assert "总呼叫量" in told and "Total call volume" in told
    assert max(map(len, told.splitlines())) <= 120


def test_csv_and_json_have_the_same_fields(tmp_path: Path) -> None:
    as_json = json.loads(coverage_report(tmp_path, ["M02"], None, "json"))
    as_csv = list(csv.DictReader(io.StringIO(coverage_report(tmp_path, ["M02"], None, "csv"))))
    assert as_csv == as_json and tuple(as_csv[0]) == FIELDS


def test_a_release_says_what_this_centre_can_compute_and_which_feed_is_missing(tmp_path: Path) -> None:
    assert json.loads(coverage_report(tmp_path, ["M021"], None, "json"))[0]["here"] == ""
    assert "no release yet" in coverage_report(tmp_path, ["M021"])
    missing = (
        "update marts.kpi_availability set is_available = false, missing_feeds = 'crm.orders' where kpi_id = 'M024'"
    )
    make_release(tmp_path, days=2, extra=[missing])
    here = {row["id"]: (row["here"], row["here_needs"]) for row in json.loads(coverage_report(tmp_path, fmt="json"))}
    assert here["M021"] == ("yes", "") and here["M024"] == ("no", "crm.orders")
    assert here["M031"] == ("yes", "asterisk.cdr")  # behind
    assert here["M123"] == here["D01"] == ("", "")
    told = coverage_report(tmp_path, ["M02"])
    assert "✗ crm.orders" in told and "no release yet" not in told


def test_a_wrong_question_is_told_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="begins with 'Q'") as error:
        coverage_report(tmp_path, ["Q"])
    assert error.value.exit_code == 2 and "M021" in str(error.value)
    with pytest.raises(InputError, match=r"status 'good' is unknown\..*measured only"):
        coverage_report(tmp_path, [], "good")


def test_the_command_prints_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLMART_DATA", str(tmp_path))
    done = CliRunner().invoke(app, ["coverage", "M021", "--format", "csv"])
    assert done.exit_code == 0 and done.stdout == coverage_report(tmp_path, ["M021"], None, "csv")
