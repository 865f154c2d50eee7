"""Both engines build the same centre from the same files, by the same command, and every mart must be equal.

Here belongs: builds on Spark beside builds on DuckDB. Not here: what the marts must hold, which is tested on DuckDB.
Needs the environment of requirements-spark.lock: `make test-spark`.
"""

from __future__ import annotations

import gzip
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import duckdb
import pytest

from orchestration.paths import warehouse_path
from orchestration.spark import CHOICE, DUCKDB, SPARK
from tests.end_to_end.centre import Centre, simulated
from tests.end_to_end.deliveries import deliver

# In the second week clocks go forward in Berlin, where the centre is; its logs are written in China's time.
FIRST, ZONE = date(2026, 3, 23), "Europe/Berlin"
DAYS, CLOCKS_CHANGE, LAST = 14, date(2026, 3, 29), date(2026, 4, 5)
BEFORE_LAST, LATE, VANISHED = date(2026, 4, 4), date(2026, 4, 2), date(2026, 3, 26)
LOGS = ("asterisk/queue_log.{}.gz", "asterisk/cdr-csv/Master.csv.{}.gz", "asterisk/cel-custom/Master.csv.{}.gz")
# They tell when files were landed, which is not the same moment in two data roots.
TIMED = {"dim_feed", "rpt_feed_health", "fct_feed_drift"}
# An API's answer is named by when it was asked; of the released marts one says where its rows came from.
ASKED_AT, TRACED = "source_file", "fct_link_fault"


@dataclass(frozen=True)
class Engines:
    """The same centre twice."""

    on_duckdb: Centre
    on_spark: Centre

    def build(self) -> None:
        """`callmart build` on both."""
        for name, centre in ((DUCKDB, self.on_duckdb), (SPARK, self.on_spark)):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(CHOICE, name)
                said = centre.build()
                print(f"--- {name}\n{said}", flush=True)

    def differing(self) -> dict[str, tuple[int, int]]:
        """Marts and seeds that differ: how many rows DuckDB's has that Spark's has not, and the other way round."""
        found = {}
        with closing(duckdb.connect()) as db:
            db.execute(f"attach '{warehouse_path(self.on_duckdb.data)}' as callmart (read_only)")
            db.execute(f"attach '{warehouse_path(self.on_spark.data)}' as spark (read_only)")
            for schema, table in self.tables(db):
                columns = ", ".join(
                    f'"{name}"'
                    for name, *_ in db.execute(f"describe callmart.{schema}.{table}").fetchall()
                    if name != ASKED_AT
                )
                one, other = (f"select {columns} from {name}.{schema}.{table}" for name in ("callmart", "spark"))
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
        return [(schema, name) for schema, name in told if name not in TIMED]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    centre = simulated(
        tmp_path_factory.mktemp("whole"), days=DAYS, agents=8, seed=5, start=FIRST.isoformat(), is_whole=True
    )
    config = centre.config.read_text("utf-8")
    centre.config.write_text(config.replace("timezone: Asia/Shanghai", f"timezone: {ZONE}", 1), "utf-8")
    return centre


@pytest.fixture(scope="module")
def first(whole: Centre, tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """Built of all files but those of the last date and of one log that is late."""
    folder = tmp_path_factory.mktemp("engines")
    engines = Engines(Centre(folder / DUCKDB), Centre(folder / SPARK))
    for centre in (engines.on_duckdb, engines.on_spark):
        deliver(whole.source, centre.source, BEFORE_LAST)
        (centre.source / LOGS[0].format(f"{LATE:%Y%m%d}")).unlink()
    engines.build()
    return engines


def test_every_mart_of_a_first_build_is_equal(first: Engines) -> None:
    with closing(duckdb.connect()) as db:
        db.execute(f"attach '{warehouse_path(first.on_duckdb.data)}' as callmart (read_only)")
        assert len(first.tables(db)) > 130
    assert first.differing() == {}


def test_the_date_on_which_clocks_change_has_no_hour_two(first: Engines) -> None:
    hours = f"select distinct local_hour from marts.fct_queue_interval where local_date = '{CLOCKS_CHANGE}'"
    for centre in (first.on_duckdb, first.on_spark):
        found = {hour for (hour,) in centre.rows(hours)}
        assert 1 in found or 3 in found
        assert 2 not in found


def test_a_release_from_spark_is_duckdbs_file_for_file(first: Engines) -> None:
    ours, theirs = first.on_duckdb.hashes(), first.on_spark.hashes()
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if ours[name] != theirs[name]} <= {TRACED}


@pytest.fixture(scope="module")
def later(first: Engines, whole: Centre) -> Engines:
    """The last date comes, and the late log."""
    for centre in (first.on_duckdb, first.on_spark):
        deliver(whole.source, centre.source, LAST)
    first.build()
    return first


def test_every_mart_is_equal_after_a_new_date_and_a_late_file(later: Engines) -> None:
    visits = "select count(*) from marts.fct_queue_visit where local_date = '{}'"
    for day in (LATE, LAST):
        assert later.on_spark.rows(visits.format(day))[0][0] > 0
    assert later.differing() == {}


@pytest.fixture(scope="module")
def vanished(later: Engines) -> Engines:
    """The logs of one date are empty now."""
    for centre in (later.on_duckdb, later.on_spark):
        for log in LOGS:
            file = centre.source / log.format(f"{VANISHED:%Y%m%d}")
            assert file.exists(), file
            file.write_bytes(gzip.compress(b"", mtime=0))
    later.build()
    return later


def test_every_mart_is_equal_after_a_date_vanished(vanished: Engines) -> None:
    legs = f"select count(*) from marts.fct_queue_visit where local_date = '{VANISHED}' and source_system = 'asterisk'"
    # a file tells of the hours around its own date's: another one's reach into it by the difference of zones
    assert vanished.on_spark.rows(legs) == vanished.on_duckdb.rows(legs)
    assert vanished.differing() == {}
