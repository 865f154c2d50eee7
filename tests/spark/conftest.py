"""The same centre twice: DuckDB builds it by `callmart build`, Spark builds the lake that this build has left.

Here belongs: what tests of Spark share. Not here: what they claim.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.paths import warehouse_path
from orchestration.spark import CHOICE, SPARK
from tests.end_to_end.centre import Centre, simulated
from tests.end_to_end.deliveries import deliver
from tests.spark import build_lake

# Spark is set up for small tables on two cores.
os.environ["SPARK_CONF_DIR"] = str(Path(__file__).with_name("conf"))
os.environ["CALLMART_SPARK_PARTITIONS"] = "2"

# In the second week clocks go forward in Berlin, where the centre is; its logs are written in China's time.
FIRST, ZONE, DAYS = date(2026, 3, 23), "Europe/Berlin", 14
BEFORE_LAST, LAST, LATE = date(2026, 4, 4), date(2026, 4, 5), date(2026, 4, 2)
LATE_LOG = f"asterisk/queue_log.{LATE:%Y%m%d}.gz"
# Two data roots would ask an API at two moments, and get what was written between them.
EXTRACTED = ("landing", "lake", "quarantine", "drift")


@dataclass(frozen=True)
class Engines:
    """The same centre twice. It has one folder of source files."""

    on_duckdb: Centre
    on_spark: Centre

    def build(self) -> None:
        """Build the centre by DuckDB, and then, of what was extracted for that, by Spark."""
        print(self.on_duckdb.build(), flush=True)
        self.build_by_spark()

    def build_by_spark(self) -> None:
        """Build by Spark what lies in DuckDB's lake."""
        for zone in EXTRACTED:
            shutil.rmtree(self.on_spark.data / zone, ignore_errors=True)
            shutil.copytree(self.on_duckdb.data / zone, self.on_spark.data / zone)
        done = subprocess.run(
            [sys.executable, "-m", build_lake.__name__, str(self.on_duckdb.config), str(self.on_spark.data)],
            env=self.on_spark.environment() | {CHOICE: SPARK}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(done.stdout, done.stderr, flush=True)
        assert done.returncode == 0, done.stderr[-5000:]

    def differing(self) -> dict[str, tuple[int, int]]:
        """Marts and seeds that differ: how many rows DuckDB's has that Spark's has not, and the other way round."""
        found = {}
        with closing(duckdb.connect()) as db:
            db.execute(f"attach '{warehouse_path(self.on_duckdb.data)}' as callmart (read_only)")
            db.execute(f"attach '{warehouse_path(self.on_spark.data)}' as spark (read_only)")
            for schema, table in self.tables(db):
                one, other = (f"from {name}.{schema}.{table}" for name in ("callmart", "spark"))
                counts = [
                    db.execute(f"select count(*) from ({left} except all {right})").fetchall()[0][0]
                    for left, right in ((one, other), (other, one))
                ]
                if any(counts):
                    found[table] = (counts[0], counts[1])
        return found

    def tables(self, db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
        """Schema and name of every mart and seed that DuckDB has."""
        told = db.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = 'callmart' and table_schema in ('marts', 'reference') order by all"
        ).fetchall()
        return [(schema, name) for schema, name in told]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    centre = simulated(
        tmp_path_factory.mktemp("whole"), days=DAYS, agents=8, seed=5, start=FIRST.isoformat(), is_whole=True
    )
    config = centre.config.read_text("utf-8")
    centre.config.write_text(config.replace("timezone: Asia/Shanghai", f"timezone: {ZONE}", 1), "utf-8")
    return centre


@pytest.fixture(scope="session")
def first(whole: Centre, tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """Built of all files but those of the last date and of one log that is late."""
    folder = tmp_path_factory.mktemp("engines")
    engines = Engines(Centre(folder / "duckdb"), Centre(folder / "spark"))
    deliver(whole.source, engines.on_duckdb.source, BEFORE_LAST)
    (engines.on_duckdb.source / LATE_LOG).unlink()
    engines.build()
    return engines
