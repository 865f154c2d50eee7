"""Both engines build the same lake, and every mart must be equal, row for row.

Here belongs: Spark beside DuckDB. Not here: what the marts must hold, which is tested on DuckDB.
Needs the environment of requirements-spark.lock: `make test-spark`.
"""

from __future__ import annotations

import gzip
from contextlib import closing
from datetime import date

import duckdb
import pytest

from orchestration.paths import warehouse_path
from tests.end_to_end.centre import Centre
from tests.end_to_end.deliveries import deliver
from tests.spark.conftest import LAST, LATE, Engines

CLOCKS_CHANGE, VANISHED = date(2026, 3, 29), date(2026, 3, 26)
LOGS = ("asterisk/queue_log.{}.gz", "asterisk/cdr-csv/Master.csv.{}.gz", "asterisk/cel-custom/Master.csv.{}.gz")


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
    assert first.on_spark.hashes() == first.on_duckdb.hashes()


@pytest.fixture(scope="module")
def later(first: Engines, whole: Centre) -> Engines:
    """The last date comes, and the late log; the logs of another date are empty now."""
    centre = first.on_duckdb
    deliver(whole.source, centre.source, LAST)
    for log in LOGS:
        file = centre.source / log.format(f"{VANISHED:%Y%m%d}")
        assert file.exists(), file
        file.write_bytes(gzip.compress(b"", mtime=0))
    first.build()
    return first


def test_every_mart_is_equal_after_a_new_date_a_late_file_and_a_vanished_date(later: Engines) -> None:
    visits = "select count(*) from marts.fct_queue_visit where local_date = '{}' and source_system = 'asterisk'"
    for day in (LATE, LAST):
        assert later.on_spark.rows(visits.format(day))[0][0] > 0
    # a file's hours reach into two local dates: the one that vanished has those of its neighbour alone
    assert later.on_spark.rows(visits.format(VANISHED)) == later.on_duckdb.rows(visits.format(VANISHED))
    assert later.differing() == {}
