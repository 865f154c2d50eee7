"""The whole project on Spark, on a lake without a row: every seed, model, unit test and data test.

Here belongs: that what holds on DuckDB holds on Spark. Not here: what the tests claim, which stands beside the models.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration import spark
from orchestration.paths import PROJECT
from tests.dbt_project.test_unit_tests import declared
from tests.dbt_project.warehouse import Warehouse


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What dbt says of each node of one whole build: its status, by unique id."""
    root = tmp_path_factory.mktemp("empty")
    Warehouse(root)  # the lake alone is used
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(spark.CHOICE, spark.SPARK)
        env = os.environ | spark.environment(root)
    spark.folder(root).mkdir(parents=True)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "build", "--no-use-colors", "--profiles-dir", "."],
        cwd=PROJECT / "dbt_project",
        env=env
        | {
            "CALLMART_LAKE": str(root / "lake"),
            "DBT_TARGET_PATH": str(root / "target"),
            "DBT_LOG_PATH": str(root / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    results = root / "target" / "run_results.json"
    assert results.exists(), done.stdout[-3000:]
    return {result["unique_id"]: result for result in json.loads(results.read_text("utf-8"))["results"]}


def of_kind(told: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {name: result["status"] for name, result in told.items() if name.startswith(f"{kind}.")}


def test_every_unit_test_in_the_yml_files_ran_and_passed_on_spark(told: Mapping[str, Any]) -> None:
    ran = of_kind(told, "unit_test")
    assert sorted(name.rsplit(".", 1)[1] for name in ran) == sorted(declared())
    assert {name: told[name]["message"] for name, status in ran.items() if status != "pass"} == {}


@pytest.mark.parametrize(("kind", "at_least"), [("seed", 13), ("model", 250), ("test", 390)])
def test_every_seed_model_and_data_test_passes_on_spark(told: Mapping[str, Any], kind: str, at_least: int) -> None:
    ran = of_kind(told, kind)
    assert len(ran) >= at_least
    assert {name: told[name]["message"] for name, status in ran.items() if status not in ("pass", "success")} == {}
