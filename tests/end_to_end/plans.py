"""How DuckDB would run what dbt compiled: joins that compare every row of one side with every row of the other.

Here belongs: finding them in plans. Not here: which models may have one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

EVERY_PAIR = "BLOCKWISE_NL_JOIN"


def compares_every_pair(db: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a statement is run so. A condition that computes with both sides makes an outer join one, whatever else
    is equal."""
    ((_, plan),) = db.execute(f"explain (format json) {sql}").fetchall()
    return EVERY_PAIR in _operators(json.loads(plan))


def models_that_compare_every_pair(warehouse: Path, compiled: Path) -> set[str]:
    """Names of the models below a folder of compiled ones. Plans are those for the rows that the warehouse has."""
    files = sorted(compiled.glob("*/models/**/*.sql"))
    assert files, f"no model was compiled to {compiled}"
    with duckdb.connect(str(warehouse), read_only=True) as db:
        return {
            file.stem for file in files if file.parent.suffix != ".yml" and compares_every_pair(db, file.read_text())
        }


def _operators(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        yield node["name"].strip()
        yield from _operators(node["children"])
