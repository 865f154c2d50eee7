"""`callmart explain`: every number in it is a released one, and SQL is shown only when it gives the released number."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import InputError
from orchestration.explain import Explanation, explain, explanation
from orchestration.recompute import linear
from tests.orchestration.released import make_release


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("explain")
    make_release(root)
    return root


def query(root: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(root / "published/default/callmart.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def differences(found: Explanation) -> dict[tuple[str, str], tuple[float | None, dict[str, float]]]:
    return {
        (variant.variant, difference.side): (
            difference.amount,
            {term.what_en: term.amount for term in difference.terms},
        )
        for variant in found.variants
        for difference in variant.differences
    }


def test_variants_stand_side_by_side_official_first_with_the_released_values(root: Path) -> None:
    found = explanation(root, "m021")
    assert [(v.variant, v.is_official, v.numerator, v.denominator, v.value) for v in found.variants] == [
        ("offered_net_short", True, 768, 960, 0.8),
        ("answered", False, 768, 860, 768 / 860),
        ("icmi", False, 858, 1000, 0.858),
        ("offered", False, 768, 1000, 0.768),
    ]


def test_a_variant_of_another_unit_is_shown_in_its_own_and_not_compared(tmp_path: Path) -> None:
    make_release(tmp_path)
    registry = tmp_path / "published/default/current/kpi_definition.parquet"
    with duckdb.connect() as con:
        con.execute(
            "create table known as "
            f"select * replace (if(variant = 'answered', 'count', unit) as unit) from '{registry}'"
        )
        con.execute(f"copy known to '{registry}' (format parquet)")
    with_rate, with_count = (
        next(variant for variant in explanation(tmp_path, "M021").variants if variant.variant == name)
        for name in ("offered", "answered")
    )
    assert (with_rate.unit, with_count.unit) == ("rate", "count")
    lines = explain(tmp_path, "M021").splitlines()
    shown = {name: next(line for line in lines if line.strip().startswith(name)) for name in ("offered ", "answered ")}
    assert "%" in shown["offered "] and "pp" in shown["offered "]
    assert "%" not in shown["answered "] and "pp" not in shown["answered "]


def test_each_difference_names_the_calls_that_make_it_and_adds_up(root: Path) -> None:
    assert differences(explanation(root, "M021")) == {
        ("answered", "denominator"): (-100, {"abandoned in queue": -100}),
        ("icmi", "numerator"): (90, {"abandoned in queue in time": 50, "short abandon": 40}),
        ("icmi", "denominator"): (40, {"short abandon": 40}),
        ("offered", "denominator"): (40, {"short abandon": 40}),
    }


def test_on_an_additive_fact_the_difference_is_its_columns(root: Path) -> None:
    assert differences(explanation(root, "M066")) == {
        ("logged_in", "denominator"): (30_000, {"break_state_s": 30_000}),
    }


def test_the_sql_runs_and_gives_the_released_number(root: Path) -> None:
    for kpi_id, value in (
        ("M021", 0.8),
        ("M021:icmi", 0.858),
        ("M066", 212_860 / 217_680),
        ("M070", 107.5),
        ("M002", 1250),
    ):
        found = explanation(root, kpi_id)
        assert found.facts_sql is not None, kpi_id
        assert [row[-1] for row in query(root, found.facts_sql)] == [value]
        assert value in [row[-2] for row in query(root, found.values_sql)]


def test_a_measure_of_the_same_name_on_the_queue_fact_is_not_taken_for_the_centre(root: Path) -> None:
    found = explanation(root, "M021")
    assert found.facts_sql is not None
    assert "fct_contact" in found.facts_sql and "fct_queue_interval" not in found.facts_sql
    assert {measure.measure: measure.fact for measure in found.measures}["offered"] == "fct_contact"


def test_measures_on_two_facts_are_joined_by_the_day(root: Path) -> None:
    found = explanation(root, "M070")
    assert found.facts_sql is not None
    assert "fct_agent_leg" in found.facts_sql and "fct_agent_day" in found.facts_sql


def test_sql_that_does_not_give_the_number_is_not_shown(root: Path) -> None:
    found = explanation(root, "M033")  # its numerator is right
    assert found.facts_sql is not None
    wrong = explanation(root, "M030")  # 860 of 1,012, but the fixture's registry says 860 of 1,000
    assert wrong.facts_sql is None
    assert "kpi_value" in wrong.values_sql


def test_a_variant_is_explained_beside_the_official_one(root: Path) -> None:
    found = explanation(root, "M021:icmi")
    assert [variant.variant for variant in found.variants] == ["offered_net_short", "icmi"]
    assert "variant = 'icmi'" in found.values_sql


def test_targets_and_triggers_are_all_there(root: Path) -> None:
    rows = [
        (row["kind"], row["scope"], row["operator"], row["target_value"]) for row in explanation(root, "M021").targets
    ]
    assert rows == [("target", "all", ">=", 0.8), ("trigger", "queue", "<", 0.6)]


def test_a_distribution_shows_its_classes_and_no_single_value(root: Path) -> None:
    (variant,) = explanation(root, "M035").variants
    assert variant.value is None
    assert [(each.category, each.numerator) for each in variant.classes][:2] == [("le_10", 43), ("gt_10_le_30", 38)]
    assert "≤ 10 s" in explain(root, "M035")


def test_a_kpi_that_cannot_be_computed_says_what_is_missing(root: Path) -> None:
    found = explanation(root, "M043")
    assert (found.grain, found.facts_sql) == (None, None)
    assert [(v.is_available, v.missing_feeds) for v in found.variants] == [(False, "line.status")]
    assert "missing 缺少 line.status" in explain(root, "M043")


def test_a_feed_that_is_behind_is_told(root: Path) -> None:
    assert "stale 滞后 asterisk.cdr" in explain(root, "M031")


def test_rows_that_a_person_repaired_are_told(root: Path) -> None:
    file = root / "published" / "default" / "current" / "manifest.json"
    before = file.read_text("utf-8")
    file.write_text(json.dumps(json.loads(before) | {"repaired": {"canonical.contact": 3}}), "utf-8")
    try:
        text = explain(root, "M021")
    finally:
        file.write_text(before, "utf-8")
    assert "canonical.contact: 3 refused rows" in text and "refused rows" not in explain(root, "M021")


def test_a_kpi_without_a_value_for_the_centre_says_how_to_see_it(root: Path) -> None:
    text = explain(root, "M014")
    assert "callmart kpi M014 --by channel" in text


def test_the_text_has_both_languages_formula_and_amounts(root: Path) -> None:
    text = explain(root, "M021")
    for part in (
        "服务水平 · Service level",
        "answered_in_target ÷ offered_net_short",
        "进线减短时放弃 offered less short abandons",
        "+40 短时放弃 short abandon",
        "≥ 80%",
        "hour × 2 n ≥ 30",
        "from marts.fct_contact",
    ):
        assert part in text, part
    assert max(len(line) for line in text.splitlines()) <= 110


def test_json_is_the_same_explanation(root: Path) -> None:
    found = json.loads(explain(root, "M021", "json"))
    assert found["variants"][2]["differences"][0]["terms"][1] == {
        "what_zh": "短时放弃",
        "what_en": "short abandon",
        "amount": 40.0,
    }
    assert found["period_start"] == "2026-03-31T00:00:00"
    assert found["targets"][0]["valid_from"] == "2026-01-01T00:00:00"


def test_a_wrong_id_or_format_is_an_input_error(root: Path) -> None:
    with pytest.raises(InputError, match="did you mean M021"):
        explain(root, "M0211")
    with pytest.raises(InputError, match="text or json"):
        explain(root, "M021", "yaml")


@pytest.mark.parametrize(
    ("expression", "weights"),
    [
        ("sum(a)", {"a": 1}),
        ("sum(a - b)", {"a": 1, "b": -1}),
        ("sum(a) - sum(b) + sum(c)", {"a": 1, "b": -1, "c": 1}),
        ("a - (b - c)", {"a": 1, "b": -1, "c": 1}),
        ("sum(a + a)", {"a": 2}),
        ("sum(case when a then 1 else 0 end)", None),
        ("sum(a / 2)", None),
        ("sum(a * b)", None),
        ("max(a)", None),
        ("sum(1)", None),
        ("a - (b", None),
        ("", None),
    ],
)
def test_only_plain_sums_are_taken_apart(expression: str, weights: dict[str, int] | None) -> None:
    assert linear(expression) == weights
