"""The KPI dictionary says what the registry says, in both languages."""

from __future__ import annotations

import re

import pytest

from orchestration.catalogue import CATEGORIES
from orchestration.dictionary.measures import measure_texts
from orchestration.dictionary.page import DOCS, PAGES, Language, page
from orchestration.dictionary.registry import Kpi, feeds_of, kpis

SECTION = re.compile(r"^### (M\d{3})\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def sections(language: Language) -> dict[str, str]:
    return dict(SECTION.findall(page(language)))


def kpi(kpi_id: str) -> Kpi:
    return next(found for found in kpis() if found.kpi_id == kpi_id)


@pytest.mark.parametrize("language", PAGES)
def test_page_is_what_the_registry_makes_of_it(language: Language) -> None:
    assert (DOCS / PAGES[language]).read_text("utf-8") == page(language), (
        "stale: run python -m orchestration.dictionary"
    )


@pytest.mark.parametrize("language", PAGES)
def test_every_kpi_has_its_variants_with_their_formulas_and_one_of_them_official(language: Language) -> None:
    found = sections(language)
    assert list(found) == [each.kpi_id for name in CATEGORIES for each in kpis() if each.official["category"] == name]
    for each in kpis():
        rows = re.findall(r"^\| `(\w+)`( ★)? \| .* \| `(\w+)`(?: / `(\w+)`)? \|$", found[each.kpi_id], re.MULTILINE)
        said = [(row["variant"], row["numerator"], row["denominator"]) for row in each.variants]
        assert [(variant, numerator, denominator) for variant, _, numerator, denominator in rows] == said
        assert [variant for variant, star, *_ in rows if star] == [each.official["variant"]]
        assert f"](#{each.kpi_id.lower()})" in page(language)


@pytest.mark.parametrize("language", PAGES)
def test_no_sentence_of_a_definition_is_lost(language: Language) -> None:
    found = sections(language)
    for each in kpis():
        for row in each.variants:
            for sentence in re.split(r"(?<=\.) |(?<=。)", row[f"definition_{language}"]):
                assert sentence.replace("|", r"\|") in found[each.kpi_id], (each.kpi_id, sentence)


@pytest.mark.parametrize("language", PAGES)
def test_every_trigger_stands_with_what_to_do(language: Language) -> None:
    found = sections(language)
    for each in kpis():
        for rule in each.remedies:
            assert rule[f"measure_{language}"] in found[each.kpi_id]
    assert sum(len(each.remedies) for each in kpis()) > 0


def test_what_a_section_says_of_a_kpi() -> None:
    said = sections("en")["M021"]
    assert "- **Target**: ≥ 80% by `all`, `queue`, each day, of 30 records or more (`offered_net_short`);" in said
    assert "`queue` (hour to rolling 12 months)" in said and "(not `total_inbound`)" in said
    assert said.count("Share answered by an agent within the queue's threshold") == 1
    assert "`asterisk.queue_log`" in said and "each hour, owner operations manager." in said
    assert "final 7 days after the period" in sections("en")["M098"]
    assert "R15 Core targets, Access" in sections("en")["M024"] and "R13 KPI 四维看板" in sections("zh")["M112"]
    assert "3 periods running" in sections("en")["M140"] and "profile finance" in sections("en")["M108"]
    assert "**What to do**: " in sections("en")["M065"] and ", expected 70%–80%." in sections("en")["M065"]
    assert "预期 ≥ 85%" in sections("zh")["M093"] and "运营经理" in sections("zh")["M093"]


def test_a_need_that_no_feed_gives_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.kpi_id for each in kpis() if _lacks(each)] == _said_to_lack()
    monkeypatch.setattr(
        "orchestration.dictionary.page.feeds_of", lambda need: set(feeds_of(need)) - {"canonical.shift"}
    )
    assert _said_to_lack() == ["M065", "M066"]


def _lacks(each: Kpi) -> bool:
    return any(not feeds_of(need) for row in each.variants for need in row["needs"].split(";"))


def _said_to_lack() -> list[str]:
    return sorted(kpi_id for kpi_id, text in sections("en").items() if "no feed gives it yet" in text)


def test_both_pages_have_the_same_names_in_code() -> None:
    english, chinese = (set(re.findall(r"`([^`]+)`", page(language))) for language in PAGES)
    texts = " ".join(row[f"definition_{language}"] for each in kpis() for row in each.variants for language in PAGES)
    assert english ^ chinese <= set(re.findall(r"`([^`]+)`", texts))


def test_no_chinese_in_the_english_page_but_the_link() -> None:
    assert set(re.findall(r"[\u4e00-\u9fff]+", page("en"))) == {"中文"}


def test_every_role_has_a_chinese_name() -> None:
    roles = {row["owner_role"] for each in kpis() for row in [*each.variants, *each.remedies]}
    chinese = page("zh")
    assert roles and not [role for role in roles if role.replace("_", " ") in chinese]


def test_measures_are_told_in_the_words_of_their_macros() -> None:
    texts = measure_texts()
    assert texts["answered_in_target"] == ("在目标时限内接起数", "Answered within the service-level threshold")
    assert texts["abandoned_by_wait"][1] == "Abandons by wait"
    named = {row[side] for each in kpis() for row in each.variants for side in ("numerator", "denominator")} - {""}
    assert named <= set(texts)
