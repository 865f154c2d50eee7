"""Spark in the place of DuckDB: which engine builds a data root, and how Spark's tables become a release.

Here belongs: the choice of the engine, its folder, and the hand-over. Not here: SQL (dbt_project), how Spark is set up
(profiles.yml), what is built (warehouse.py).

The warehouse file that audit, release and scopes read holds views over the files of Spark's tables, so that all of them
work on both engines. What is a view in Spark has no files and is written as a table of its own first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from orchestration import paths
from orchestration.errors import CallmartError, InputError

CHOICE = "CALLMART_ENGINE"
DUCKDB, SPARK = "duckdb", "spark"


def folder(root: Path) -> Path:
    """Where Spark keeps its tables and its catalogue; there while Spark builds the data root."""
    return root / "warehouse" / "spark"


def engine(root: Path) -> str:
    """The engine that builds a data root: the one that CALLMART_ENGINE names, else the one that built it before.

    Raises InputError for an unknown name, and for Spark where it is not installed.
    """
    chosen = os.environ.get(CHOICE) or (SPARK if folder(root).exists() else DUCKDB)
    if chosen not in (DUCKDB, SPARK):
        raise InputError(
            f"{CHOICE} is {chosen!r}.", rule="engine", todo=f"name one of {DUCKDB}, {SPARK}, or leave it out."
        )
    if chosen == SPARK:
        _check_installed()
    return chosen


def environment(root: Path) -> dict[str, str]:
    """What dbt's profile needs to know of the engine."""
    return {CHOICE: engine(root), "CALLMART_SPARK": str(folder(root))}


def start_afresh(root: Path) -> None:
    """Before everything is built: nothing of Spark's tables stays, nor of the file with views over them.

    Tables that a killed build left half written would be in the way of those of their names.
    """
    if folder(root).exists():
        shutil.rmtree(folder(root))
        paths.warehouse_path(root).unlink(missing_ok=True)
    if engine(root) == SPARK:
        folder(root).mkdir(parents=True)
        paths.warehouse_path(root).unlink(missing_ok=True)


def hand_over(
    root: Path, manifest: Mapping[str, Any], invoke: Callable[[Sequence[str]], subprocess.Popen[bytes]]
) -> None:
    """Make the warehouse file anew: a view for each mart and seed, over the files of its table in Spark.

    `invoke` runs dbt on this data root. Raises CallmartError when Spark can't write what is a view there.
    """
    nodes = [node for node in manifest["nodes"].values() if _is_read_by_others(node)]
    targets = {
        f"{node['schema']}.{node['name']}": str(_exported(root, node["schema"], node["name"]))
        for node in nodes
        if _is_view(node)
    }
    process = invoke(["run-operation", "write_rows", "--args", json.dumps({"folders": targets})])
    assert process.stdout is not None
    said = process.stdout.read().decode()
    if process.wait():
        raise CallmartError(
            f"Spark can't write the marts that are views:\n{said[-3000:]}", rule="spark_hand_over",
            todo="mend what Spark names and build again; the last release goes on serving.",
        )  # fmt: skip
    file = paths.warehouse_path(root)
    fresh = paths.hidden(file)
    fresh.unlink(missing_ok=True)
    with closing(duckdb.connect()) as db:
        db.execute(f"attach '{fresh}' as {file.stem}")
        db.execute(f"use {file.stem}")
        for schema in sorted({node["schema"] for node in nodes}):
            db.execute(f"create schema if not exists {schema}")
        for node in nodes:
            db.execute(f"create view {node['schema']}.{node['name']} as {_rows(root, node)}")
        db.execute("use memory")
        db.execute(f"detach {file.stem}")
    paths.put(fresh, file)


def _is_read_by_others(node: Mapping[str, Any]) -> bool:
    is_mart = node["resource_type"] == "model" and bool(node["config"].get("contract", {}).get("enforced"))
    return is_mart or node["resource_type"] == "seed"


def _is_view(node: Mapping[str, Any]) -> bool:
    return bool(node["config"].get("materialized") == "view")


def _exported(root: Path, schema: str, name: str) -> Path:
    return folder(root) / "views" / schema / name


def _rows(root: Path, node: Mapping[str, Any]) -> str:
    """DuckDB's query for the rows of one of Spark's tables, columns and types as in the contract."""
    schema, name = node["schema"], node["name"]
    files = _exported(root, schema, name) if _is_view(node) else folder(root) / "tables" / f"{schema}.db" / name
    found = sorted(str(file) for file in files.rglob("*.parquet"))
    if not found and not files.exists():
        raise CallmartError(f"Spark has no table {schema}.{name}.", rule="spark_hand_over", todo="build all models.")
    source = (
        f"read_parquet('{files}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false, "
        "union_by_name = true)"
    )
    is_seed = node["resource_type"] == "seed"
    if is_seed and found:
        return f"select * from {source}"
    seeded = node["config"].get("column_types") or {}
    types = {
        name: seeded.get(name, "varchar") if is_seed else said["data_type"] for name, said in node["columns"].items()
    }
    if not found:  # of a table without a row there may be no file
        return f"select {', '.join(f'cast(null as {kind}) as {column}' for column, kind in types.items())} where false"
    return (
        f"select {', '.join(f'cast({column} as {kind}) as {column}' for column, kind in types.items())} from {source}"
    )


def _check_installed() -> None:
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        raise InputError(
            "the engine is Spark, and this environment has no Spark.",
            rule="spark_missing",
            todo="install requirements-spark.lock (docs/spark.md), or choose DuckDB by CALLMART_ENGINE=duckdb.",
        )
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise InputError(
            "the engine is Spark, which runs on Java 17, and there is no Java on the PATH.",
            rule="java_missing",
            todo="install openjdk-17-jre-headless, or set JAVA_HOME to where Java 17 is.",
        )
