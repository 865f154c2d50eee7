"""A lake made longer by copies of its partitions."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from benchmarks import tasks
from benchmarks.settings import DAYS
from benchmarks.stage import FIRST_DATE, Stage
from benchmarks.years import copy_lake
from orchestration.config import load_config
from orchestration.extract.lake import lake_inventory

FEEDS = {"queue_log": "event_at", "cdr": "started_at"}
PERIOD = f"interval {DAYS} day"


@pytest.fixture(scope="module")
def longer(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base lake in two copies."""
    base, root = stage.base(), tmp_path_factory.mktemp("longer")
    with tasks.key():
        copy_lake(base.root, root, load_config(base.config), DAYS, 2)
    return root


def rows(root: Path, feed: str) -> str:
    files = f"{root}/lake/asterisk/{feed}/*/*.parquet"
    return f"read_parquet('{files}', hive_partitioning = true, hive_types = {{'dt': date}})"


def one(sql: str) -> tuple[object, ...]:
    found = duckdb.execute(sql).fetchone()
    assert found is not None
    return found


@pytest.mark.parametrize(("feed", "moment"), FEEDS.items())
def test_the_first_copy_is_the_base_and_the_second_its_rows_two_weeks_later(
    stage: Stage, longer: Path, feed: str, moment: str
) -> None:
    base, both = rows(stage.base().root, feed), rows(longer, feed)
    end = FIRST_DATE + timedelta(days=DAYS)
    first = f"select * from {both} where dt < date '{end}'"
    assert one(f"select count(*) from ({first} except all select * from {base})") == (0,)
    assert one(f"select count(*) from ({first})") == one(f"select count(*) from {base} where dt < date '{end}'")
    shifted = f"select {moment} - {PERIOD} as {moment}, flags from {both} where dt >= date '{end}'"
    assert one(f"select count(*) from (select {moment}, flags from {base} except all {shifted})") == (0,)


@pytest.mark.parametrize(("feed", "moment"), FEEDS.items())
def test_every_row_lies_in_the_partition_of_its_local_date(longer: Path, feed: str, moment: str) -> None:
    local = f"cast({moment} at time zone 'UTC' at time zone 'Asia/Shanghai' as date)"
    assert one(f"select count(*) from {rows(longer, feed)} where dt <> {local}") == (0,)


def test_calls_of_two_copies_have_nothing_in_common(longer: Path) -> None:
    end = FIRST_DATE + timedelta(days=DAYS)
    for feed, names in {"queue_log": ("call_id", "row_hash"), "cdr": ("call_id", "linked_id", "row_hash")}.items():
        for name in (*names, "source_file"):
            early = f"select {name} from {rows(longer, feed)} where dt < date '{end}' and {name} is not null"
            late = f"select {name} from {rows(longer, feed)} where dt >= date '{end}' and {name} is not null"
            assert one(f"select count(*) from ({early} intersect {late})") == (0,), name


def test_callmart_takes_the_copies_for_its_own_partitions(longer: Path) -> None:
    inventory = lake_inventory(longer)
    partitions = [hash_ for name, hash_ in inventory.items() if re.search("/asterisk/(cdr|queue_log)/", name)]
    assert len(set(partitions)) == len(partitions) == 2 * (2 * DAYS + 1)
