"""The unit tests that stand in the yml beside their models, and the whole project on a lake without a row."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml

from orchestration.paths import PROJECT
from tests.dbt_project.warehouse import Result, Warehouse

MODELS = PROJECT / "dbt_project" / "models"


@cache
def declared() -> list[str]:
    """Names of the unit tests in all yml files of the models, by the faster parser: they are long."""
    return [
        test["name"]
        for file in MODELS.rglob("*.yml")
        for test in yaml.load(file.read_text(), yaml.CSafeLoader).get("unit_tests", [])
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    # a unit test takes the columns of its inputs from built tables, a data test must hold of empty ones
    return Warehouse(tmp_path_factory.mktemp("empty")).results("build")


def test_every_unit_test_in_the_yml_files_ran_and_passed(results: list[Result]) -> None:
    ran = {result.name: result for result in results if result.resource == "unit_test"}
    assert sorted(ran) == sorted(declared())
    assert {name: result.message for name, result in ran.items() if result.status != "pass"} == {}


def test_models_and_data_tests_hold_on_an_empty_lake(results: list[Result]) -> None:
    others = [result for result in results if result.resource != "unit_test"]
    assert len([result for result in others if result.resource == "test"]) > 100
    assert {result.name: result.message for result in others if result.status not in ("pass", "success")} == {}


@pytest.mark.parametrize(
    "claim",
    [
        "the_worked_example_of_decision_1_gives_its_table",
        "the_worked_example_of_decision_2_gives_its_table",
        "cisco_golden_70_10_20",
    ],
)
def test_unit_tests_that_decisions_names_exist(claim: str) -> None:
    assert claim in declared()
    assert f"`{claim}`" in Path(PROJECT, "DECISIONS.md").read_text()
