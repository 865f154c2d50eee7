"""A centre's files come over months, and each build gives the marts that a build from scratch gives of the same files.

Too long for each change: `make test-long`. `CALLMART_DAYS` is how many days there are, 90 unless it says otherwise.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.centre import Centre, simulated
from tests.end_to_end.deliveries import deliver
from tests.metabase.compared import of_boards, released_sources

DAYS = int(os.environ.get("CALLMART_DAYS", "90"))
FIRST = date(2026, 1, 5)
STEPS = (1, 2, 3, 7, 14)  # days between two builds: daily, after a week-end, after weeks of trouble
FEED_DAY = "fct_feed_day"


def dates(days: int) -> Iterator[date]:
    """When builds run: after the first month, then every few days, at last when all is there."""
    step, day = random.Random(days), min(30, days // 2)
    while day < days:
        yield FIRST + timedelta(days=day - 1)
        day += step.choice(STEPS)
    yield FIRST + timedelta(days=days - 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return simulated(
        tmp_path_factory.mktemp("whole"), days=DAYS, agents=8, seed=5, start=FIRST.isoformat(), is_whole=True
    )


def test_builds_over_months_give_what_one_build_of_all_files_gives(whole: Centre, tmp_path: Path) -> None:
    grown, at_once = Centre(tmp_path / "grown"), Centre(tmp_path / "at_once")
    ends = list(dates(DAYS))
    for number, until in enumerate(ends, 1):
        deliver(whole.source, grown.source, until)
        said = grown.build()
        assert ("(everything)" in said) == (number == 1), said
        print(f"{number} of {len(ends)}: until {until}", flush=True)
    shutil.copytree(grown.source, at_once.source)
    at_once.build()
    one, other = grown.hashes(), at_once.hashes()
    assert {name for name in one if one[name] != other.get(name)} - {FEED_DAY} == set()
    # minutes that two requests ask for are landed twice, and told to be
    told = f"select * from marts.{FEED_DAY} where feed <> 'canonical.api_call_minute' order by all"
    assert grown.rows(told) == at_once.rows(told)
    figures_are_released_values(at_once.served / "callmart.duckdb")


def figures_are_released_values(catalogue: Path) -> None:
    """KPIs that take a month to be decided have values here alone; recordings are kept for half a year."""
    sources = released_sources(catalogue)
    counts, found = of_boards(catalogue, sources)
    assert found == []
    empty = {key for key, count in counts.items() if not count}
    assert {key.split()[1] for key in empty} == {"M160"}
