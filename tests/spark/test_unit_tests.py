"""The unit tests that stand beside the models, on Spark: they take the columns of their inputs from built tables."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestration import spark, warehouse
from orchestration.paths import DBT_PROJECT
from tests.dbt_project.test_unit_tests import declared
from tests.spark.conftest import Engines


@pytest.fixture(scope="module")
def results(first: Engines, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[str, str]]:
    """What dbt says of each unit test: its status and message, by name."""
    target = tmp_path_factory.mktemp("unit_tests")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(spark.CHOICE, spark.SPARK)
        told = warehouse.environment(first.on_spark.data)
    command = [str(warehouse.dbt_executable()), "test", "--select", "test_type:unit", "--target-path", str(target)]
    done = subprocess.run(command, cwd=DBT_PROJECT, env=os.environ | told, capture_output=True, text=True, check=False)
    file = Path(target, "run_results.json")
    assert file.exists(), done.stdout[-3000:]
    return {
        result["unique_id"].rsplit(".", 1)[1]: (result["status"], result["message"])
        for result in json.loads(file.read_text("utf-8"))["results"]
    }


def test_every_unit_test_in_the_yml_files_ran_and_passed_on_spark(results: Mapping[str, tuple[str, str]]) -> None:
    assert sorted(results) == sorted(declared())
    assert {name: message for name, (status, message) in results.items() if status != "pass"} == {}
