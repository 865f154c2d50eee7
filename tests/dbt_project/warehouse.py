"""Builds a small warehouse from rows written in a test: a lake by the contracts, then dbt as a process of its own.

Here belongs: what the tests of dbt models share. Not here: expectations of a test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts import all_contracts
from orchestration import paths
from orchestration.dbt_process import DbtProcess
from orchestration.paths import PROJECT
from orchestration.warehouse import PARSED
from tests.parsed import parsed_project

ZERO = date(1, 1, 1)
FILE = paths.warehouse_path(Path()).name  # dbt's parsed project names it


@dataclass(frozen=True)
class Result:
    """What became of one dbt node. `kind` is the generic test it is made from, `failures` the rows a test returned."""

    resource: str
    name: str
    kind: str | None
    status: str
    failures: int
    message: str | None


class Warehouse:
    """A lake and a DuckDB file below `root`; `build` runs dbt on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lake = root / "lake"
        self.file = root / FILE
        for feed in all_contracts():
            self.write(feed, ZERO, [])
        self.write("centre.setting", ZERO, [setting()])

    def write(self, feed: str, day: date, rows: list[dict[str, Any]]) -> None:
        """Replace one partition of a feed by `rows`; columns left out are NULL."""
        contract = all_contracts()[feed]
        folder = self.lake / contract.source / contract.name / f"dt={day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)
        types = contract.duckdb_types()
        columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
        with duckdb.connect() as con:
            con.execute(f"create table t ({columns})")
            for line, row in enumerate(rows, 1):
                unknown = set(row) - set(types)
                assert not unknown, unknown
                filled = {"source_file": "test", "source_line": line, "ingested_at": datetime(2026, 1, 1)} | row
                filled.setdefault("row_hash", str(line))
                con.execute(
                    f"insert into t values ({', '.join('?' * len(types))})",
                    [filled.get(name) for name in types],
                )
            con.execute(f"copy t to '{folder / 'part-0.parquet'}' (format parquet)")

    def write_days(self, feed: str, rows: list[dict[str, Any]], day_of: dict[str, date] | None = None) -> None:
        """Write rows that carry their partition under the key `dt`."""
        by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            by_day[row["dt"]].append({k: v for k, v in row.items() if k != "dt"})
        for day, some in by_day.items():
            self.write(feed, day, some)

    def build(self, *args: str, window: tuple[str, str] | None = None, as_of: str = "2999-12-31 00:00:00") -> None:
        """`dbt build` without unit tests. Raises AssertionError with dbt's output when it fails."""
        variables = {"as_of": as_of}
        if window:
            variables |= {"window_from": window[0], "window_to": window[1]}
        self.dbt("build", "--exclude-resource-type", "unit_test", "--vars", json.dumps(variables), *args)

    def run(self, window: tuple[str, str], as_of: str) -> None:
        """Models of one build window and nothing else. Raises AssertionError with dbt's output when it fails."""
        self.dbt("run", "--vars", json.dumps({"as_of": as_of, "window_from": window[0], "window_to": window[1]}))

    def dbt(self, command: str, *args: str) -> str:
        """Run one dbt command on this warehouse and return its output."""
        done = self._dbt(command, *args)
        assert done.returncode == 0, done.stdout[done.stdout.rfind("Completed with") :][-4000:]
        return done.stdout

    def results(self, command: str, *args: str) -> list[Result]:
        """Run one dbt command that may fail and return what became of each of its nodes; of exposures nothing does."""
        done = self._dbt(command, *args)
        assert done.returncode in (0, 1), done.stdout[-4000:]
        manifest = json.loads((parsed_project() / "manifest.json").read_text())
        nodes = manifest["nodes"] | manifest["unit_tests"]
        run = json.loads((self.root / "target" / "run_results.json").read_text())
        found = []
        for result in run["results"]:
            if result["unique_id"] in manifest["exposures"]:
                continue
            node = nodes[result["unique_id"]]
            kind = (node.get("test_metadata") or {}).get("name")
            found.append(
                Result(
                    node["resource_type"],
                    node["name"],
                    kind,
                    result["status"],
                    result["failures"] or 0,
                    result["message"],
                )
            )
        return found

    def copy(self, root: Path) -> Warehouse:
        """A warehouse of its own with the same lake and tables."""
        other = Warehouse.__new__(Warehouse)
        other.root, other.lake, other.file = root, root / "lake", root / FILE
        shutil.copytree(self.lake, other.lake)
        shutil.copy(self.file, other.file)
        return other

    def execute(self, *statements: str) -> None:
        """Change the tables behind dbt's back."""
        with duckdb.connect(str(self.file)) as con:
            for statement in statements:
                con.execute(statement)

    def _dbt(self, command: str, *args: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {
            "CALLMART_LAKE": str(self.lake),
            "CALLMART_WAREHOUSE": str(self.file),
            "DBT_TARGET_PATH": str(self.root / "target"),
            "DBT_LOG_PATH": str(self.root / "logs"),
            "DBT_LOG_LEVEL_FILE": "none",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH")))),
        }
        dbt = DbtProcess(parsed_project() / PARSED, PROJECT / "dbt_project", env)
        try:
            process = dbt.invoke([command, "--profiles-dir", ".", "--no-use-colors", *args])
            assert process.stdout is not None
            said = process.stdout.read().decode()
            return subprocess.CompletedProcess(process.args, process.wait(), said)
        finally:
            dbt.close()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Result of a query on the warehouse, opened read-only."""
        with duckdb.connect(str(self.file), read_only=True) as con:
            return con.execute(sql, list(values)).fetchall()


def setting(**changes: Any) -> dict[str, Any]:
    """A centre's one row of settings, with the defaults of the worked examples."""
    return {
        "site_id": "test",
        "site_name_zh": "测试",
        "site_name_en": "Test",
        "timezone": "Asia/Shanghai",
        "currency": "CNY",
        "sl_target_s": 20,
        "sl_target_rate": 0.8,
        "short_abandon_s": 5,
        "invalid_call_s": 5,
        "anomalous_short_s": 5,
        "acw_pause_reasons": "|acw|wrapup|",
        "wrap_up_s": 0,
        "shift_day_start_s": 0,
        "agent_silence_max_s": 57600,
        "contact_match_s": 10,
        "not_resolvable_issues": "|",
        "min_known_rate": 0.5,
    } | changes


def capabilities(*feeds: str) -> list[dict[str, Any]]:
    """Rows of centre.feed_capability for a configuration that declares `feeds`."""
    return [
        {"feed": name, "capability": capability, "is_declared": name in feeds, "is_stale": False}
        for name, contract in all_contracts().items()
        for capability in contract.capabilities()
    ]
