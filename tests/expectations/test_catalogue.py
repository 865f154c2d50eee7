"""The catalogue of checks is light, complete and says in two languages what each check is for."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date

import pytest

from expectations.catalogue import checks_of, checks_of_mart, feeds, mart_suites
from expectations.check import Check
from expectations.contracts import all_contracts
from expectations.errors import UnknownSuiteError
from expectations.settings import FeedSettings

SUITES: dict[str, tuple[Check, ...]] = {
    **{feed: checks_of(feed) for feed in feeds()},
    **{mart: checks_of_mart(mart) for mart in mart_suites()},
}


def test_listing_checks_imports_neither_great_expectations_nor_sqlalchemy() -> None:
    program = (
        "import sys; from expectations.catalogue import checks_of, checks_of_mart; import expectations.validate; "
        "checks_of('asterisk.cdr'); checks_of_mart('kpi_value'); "
        "print(sorted({'great_expectations', 'sqlalchemy', 'dagster', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_feed_with_partitions_has_a_suite() -> None:
    assert set(feeds()) == {feed for feed, contract in all_contracts().items() if not contract.is_reference}


def test_feed_without_suite_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownSuiteError, match=r"crm\.customers.*asterisk\.cdr"):
        checks_of("crm.customers")


@pytest.mark.parametrize("suite", SUITES)
def test_names_are_unique_and_fit_dagster(suite: str) -> None:
    names = [check.name for check in SUITES[suite]]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize("suite", SUITES)
def test_every_check_gives_reason_and_remedy_in_chinese_and_english(suite: str) -> None:
    for check in SUITES[suite]:
        for text in (check.reason, check.action):
            assert re.search(r"[\u4e00-\u9fff]", text.zh), check.name
            assert re.search(r"[a-z]", text.en), check.name
            assert not re.search(r"[\u4e00-\u9fff]", text.en), check.name


@pytest.mark.parametrize("feed", feeds())
def test_settings_change_neither_names_nor_levels(feed: str) -> None:
    strict = FeedSettings(
        timezone="America/New_York",
        clock_tolerance_s=0,
        quiet_dates=frozenset({date(2026, 2, 17)}),
        own_numbers=frozenset({"13800138000"}),
        volume_block_share=0.3,
    )
    names = [(check.name, check.level) for check in checks_of(feed)]
    assert [(check.name, check.level) for check in checks_of(feed, strict)] == names
