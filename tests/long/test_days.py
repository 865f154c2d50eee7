"""A centre's files come over months, and each build gives the marts that a build from scratch gives of the same files.

Too long for each change: `make test-long`. `CALLMART_DAYS` is how many days there are, 90 unless it says otherwise.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.centre import Centre, simulated
from tests.metabase.compared import of_boards, released_sources

DAYS = int(os.environ.get("CALLMART_DAYS", "90"))
FIRST = date(2026, 1, 5)
STEPS = (1, 2, 3, 7, 14)  # days between two builds: daily, after a week-end, after weeks of trouble
FEED_DAY = "fct_feed_day"
_DATED = re.compile(r"(\d{4})-?(\d{2})(?:-?(\d{2}))?\.")
_WRITTEN_BY = {"member_history": "valid_from", "member_identity": "update_time", "service_record": "update_time",
               "sales_lead": "update_time", "sales_invite": "offer_time", "sales_order": "update_time",
               "channel_sync": "sync_time", "call_blacklist": "update_time"}  # fmt: skip


def file_date(file: Path) -> date | None:
    """The date that a file's name tells, of a month its first; None of a file that is always there or written to."""
    found = _DATED.search(file.name)
    return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None


def since(until: date) -> int:
    """Seconds since the end of a date in the centre: for an API that answers by time, its `now`."""
    return int((datetime.now(UTC) - datetime.combine(until, time(16), UTC)).total_seconds())


def deliver(whole: Path, source: Path, until: date) -> None:
    """Put into `source` what the systems have written by the end of a date."""
    for file in sorted(path for path in whole.rglob("*") if path.is_file()):
        written, target = file_date(file), source / file.relative_to(whole)
        if file.suffix == ".sqlite" or (written is None and file.parent != whole):
            continue  # cut below; and logs that are still written to come with the last date
        if (written is None or written <= until) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    config = (whole / "callmart.yaml").read_text("utf-8")
    assert config.count("lag_s: 120") == config.count("overlap_s: 600") == 1
    # a build asks later than this is written, by what it took until then: the next one must reach back as far
    config = config.replace("lag_s: 120", f"lag_s: {since(until)}").replace("overlap_s: 600", "overlap_s: 21600")
    (source / "callmart.yaml").write_text(config, "utf-8")
    shutil.copyfile(whole / "crm.sqlite", source / "crm.sqlite")
    with closing(sqlite3.connect(source / "crm.sqlite")) as crm:
        for table, column in _WRITTEN_BY.items():
            crm.execute(f"delete from {table} where {column} >= ?", ((until + timedelta(days=1)).isoformat(),))
        crm.commit()


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
