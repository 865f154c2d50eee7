"""The reference pages say what the contracts say."""

from __future__ import annotations

import re

import pytest

from expectations.contracts import LINEAGE, all_contracts
from expectations.reference import DOCS, PAGES, Language, metric_ranges, page


@pytest.mark.parametrize("language", PAGES)
def test_page_is_what_the_contracts_make_of_it(language: Language) -> None:
    told = "stale: run python -m expectations.reference"
    assert (DOCS / PAGES[language]).read_text("utf-8") == page(language), told


@pytest.mark.parametrize("language", PAGES)
def test_page_shows_every_feed_and_each_of_its_columns_once(language: Language) -> None:
    sections = re.split(r"^##+ ", page(language), flags=re.MULTILINE)
    by_heading = {section.split("\n", 1)[0]: section for section in sections}
    for feed, said in all_contracts().items():
        shown = re.findall(r"^\| `([a-z0-9_]+)` \|", by_heading[feed], re.MULTILINE)
        assert shown == list(said.column_names)
        assert re.findall(r"^\| \*([a-z_]+)\* \|", by_heading[feed], re.MULTILINE) == [i.name for i in said.inputs]
        assert f"(#{feed.replace('.', '')})" in page(language)
    assert re.findall(r"^\| `([a-z_]+)` \|", sections[-1], re.MULTILINE) == [column.name for column in LINEAGE]


def test_both_pages_have_the_same_names_in_code() -> None:
    english, chinese = (sorted(set(re.findall(r"`([^`]+)`", page(language)))) for language in PAGES)
    assert english == chinese


def test_no_chinese_in_the_english_page_but_the_link() -> None:
    assert set(re.findall(r"[\u4e00-\u9fff]+", page("en"))) == {"中文"}


def test_metric_ids_in_a_row_are_joined() -> None:
    assert metric_ranges(["M003", "M001", "M002", "M010", "M011"]) == ["M001-M003", "M010", "M011"]
