"""The board shows what was released: each number a row of kpi_value, each verdict its target, each doubt marked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.cells import cell_len
from rich.console import Console

from orchestration.board.data import Bar, Board, Tile, read_board, with_response_rate
from orchestration.board.html import html_board, trend, write_board
from orchestration.board.terminal import age_text, terminal_board
from orchestration.board.terminal_parts import sparkline
from orchestration.errors import InputError
from orchestration.interval import wilson_95
from tests.orchestration.released import LAST_DAY, make_release

STALE = {"asterisk.cdr": [date(2026, 3, 31)]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("board")
    make_release(root, stale=STALE)
    return root


@pytest.fixture(scope="module")
def board(root: Path) -> Board:
    return read_board(root, name={"zh": "示例中心", "en": "Demo centre"})


def tile(board: Board, kpi_id: str) -> Tile:
    (found,) = [tile for tile in board.tiles if tile.definition.kpi_id == kpi_id]
    return found


def value_on(root: Path, kpi_id: str, day: date) -> float:
    with duckdb.connect(str(root / "published/default/callmart.duckdb"), read_only=True) as con:
        row = con.execute(
            "select value from marts.kpi_value where kpi_id = ? and is_official and grain = 'day' and dim_set = 'all' "
            "and period_start = ?",
            [kpi_id, day],
        ).fetchone()
    assert row is not None
    return float(row[0])


# --- what a tile says ------------------------------------------------------------------------------------------------


def test_every_official_kpi_with_values_is_on_the_board_once_in_its_category(board: Board) -> None:
    ids = [tile.definition.kpi_id for tile in board.tiles]
    assert len(ids) == len(set(ids))
    numbers = [1, 2, 3, 6, 8, 10, 14, 21, 24, 26, 30, 31, 33, 35, 61, 63, 65, 66, 70, 98, 112, 151]
    assert sorted(ids) == [f"M{number:03d}" for number in numbers]
    assert [section.key for section in board.sections] == [
        "service_quality",
        "operating_efficiency",
        "customer_experience",
        "business_value",
    ]


def test_the_board_is_of_the_last_complete_day(board: Board) -> None:
    assert board.day == LAST_DAY
    assert board.as_of == datetime(2026, 4, 1)
    assert board.stale == STALE


def test_a_tile_has_value_target_verdict_and_records_of_the_official_variant(board: Board) -> None:
    found = tile(board, "M021")
    assert (found.definition.variant, found.value, found.n) == ("offered_net_short", 0.8, 960)
    assert (found.shown("zh"), found.target["en"], found.target["zh"], found.status) == (
        "80.0%",
        "≥ 80%",
        "≥ 80%",
        "met",
    )


def test_changes_are_against_the_day_before_and_the_same_weekday(root: Path, board: Board) -> None:
    found = tile(board, "M021")
    day, week = (value_on(root, "M021", LAST_DAY - timedelta(days=back)) for back in (1, 7))
    assert found.change_before is not None and found.change_week is not None
    assert found.change_before.text["en"] == f"{(0.8 - day) * 100:+.1f} pp".replace("-", "−")
    assert found.change_week.text["en"] == f"{(0.8 - week) * 100:+.1f} pp".replace("-", "−")


def test_more_is_better_only_where_the_registry_says_so(root: Path, board: Board) -> None:
    for kpi_id, up in (("M030", True), ("M033", False)):
        now, before = value_on(root, kpi_id, LAST_DAY), value_on(root, kpi_id, LAST_DAY - timedelta(days=1))
        change = tile(board, kpi_id).change_before
        assert change is not None
        assert change.sense == ("better" if (now > before) == up else "worse")
    volume = tile(board, "M002").change_before
    assert volume is not None and volume.sense == "neutral"


def test_a_missed_target_that_is_near_is_told_apart_and_shows_why_it_is_missed(board: Board) -> None:
    near = tile(board, "M030")
    assert near.status == "near"
    assert near.shown("en") == "84.98%"  # 85.0% beside the target 85% would look like a mistake
    assert tile(board, "M070").status == "missed"


def test_a_band_is_a_target_with_two_bounds(board: Board) -> None:
    found = tile(board, "M065")
    assert (found.target["en"], found.bounds, found.status) == ("70%–80%", (0.7, 0.8), "near")


def test_what_is_not_decided_yet_has_no_value_and_says_so(board: Board) -> None:
    found = tile(board, "M098")
    assert (found.value, found.is_mature, found.status, found.shown("en")) == (None, False, "none", "–")


def test_few_records_are_marked_for_rates_and_never_for_counts(board: Board) -> None:
    assert tile(board, "M112").is_small
    assert not tile(board, "M070").is_small  # 8 agent-days are 860 contacts
    assert [found.definition.kpi_id for found in board.tiles if found.is_small] == ["M112"]


def test_a_share_of_few_records_shows_how_far_it_can_be_trusted(board: Board, page: str) -> None:
    satisfied = tile(board, "M112")  # 21 of 24
    assert satisfied.interval == wilson_95(21, 24)
    assert satisfied.shown_interval("en") == "69.0%–95.7%" and "95% interval 69.0%–95.7%" in page
    assert tile(board, "M001").interval is None and tile(board, "M070").interval is None


def test_the_response_rate_stands_beside_every_rating_and_nothing_else(board: Board) -> None:
    level = tile(board, "M021")
    rate = replace(level, definition=replace(level.definition, kpi_id="M182"), value=0.425)
    shown = with_response_rate([*board.tiles, rate])
    beside = {found.definition.kpi_id: found.beside for found in shown if found.beside}
    assert beside == {"M112": {"zh": "回收率 42.5%", "en": "Response rate 42.5%"}}
    assert "Response rate 42.5%" in html_board(replace(board, sections=[replace(board.sections[0], tiles=shown)]))
    assert with_response_rate(board.tiles) == board.tiles


def test_a_kpi_on_a_feed_that_is_behind_is_marked(board: Board) -> None:
    assert [found.definition.kpi_id for found in board.tiles if found.stale_feeds] == ["M031"]
    assert tile(board, "M031").stale_feeds == "asterisk.cdr"


def test_the_trend_has_35_days_and_a_gap_where_there_is_no_value(board: Board) -> None:
    days = [start.date() for start, _ in tile(board, "M021").trend]
    assert (days[0], days[-1], len(days)) == (date(2026, 2, 25), LAST_DAY, 35)
    assert [value is None for _, value in tile(board, "M098").trend].count(True) == 7


def test_the_trend_of_a_young_centre_begins_with_its_first_day(tmp_path: Path) -> None:
    make_release(tmp_path, days=9)
    found = tile(read_board(tmp_path), "M021")
    assert [start.date() for start, _ in found.trend] == [LAST_DAY - timedelta(days=back) for back in range(8, -1, -1)]
    assert found.change_week is not None


def test_a_distribution_is_bars_in_the_order_of_its_bounds(board: Board) -> None:
    found = tile(board, "M035")
    assert [bar.label["zh"] for bar in found.bars] == ["≤ 10 秒", "10–30 秒", "30–60 秒", "60–120 秒", "> 120 秒"]
    assert found.bars[0].value == 43 / 140


def test_hours_are_a_profile_of_the_day_with_its_peak(board: Board) -> None:
    found = tile(board, "M006")
    assert (found.bars_by, len(found.bars)) == ("hour", 24)
    assert found.notable is not None and found.notable.label["en"] in ("10", "11")


def test_an_hour_without_calls_keeps_its_place_in_the_day(board: Board) -> None:
    bars = tile(board, "M006").bars
    assert [bar.label["en"] for bar in bars] == [f"{hour:02d}" for hour in range(24)]
    assert [bar.value for bar in bars[:2]] == [None, None]
    assert bars[10].value is not None


def test_where_higher_is_better_the_hour_to_look_at_is_the_lowest_with_enough_records(board: Board) -> None:
    found = tile(board, "M006")
    label = {"zh": "x", "en": "x"}
    rates = [Bar(label, 0.9, 100), Bar(label, 0.7, 40), Bar(label, 0.1, 2), Bar(label, None, None)]
    definition = replace(found.definition, unit="rate", direction="up")
    assert replace(found, definition=definition, bars=rates).notable == rates[1]
    assert replace(found, definition=replace(definition, direction="down"), bars=rates).notable == rates[0]
    assert replace(found, definition=definition, bars=rates[2:]).notable == rates[2]


def test_a_kpi_of_one_dimension_is_bars_by_its_names_largest_first(board: Board) -> None:
    found = tile(board, "M014")
    assert [bar.label["zh"] for bar in found.bars] == ["400 电话", "APP 内呼叫", "官网热线", "广告落地页热线"]


def test_a_peak_shows_where_it_is(board: Board) -> None:
    assert (tile(board, "M010").label, tile(board, "M010").value) == ("10:00", 1250 // 9)


def test_a_weekly_kpi_shows_the_last_full_week_not_the_running_one(board: Board) -> None:
    found = tile(board, "M008")
    assert (found.grain, found.period_start, found.value) == ("week", datetime(2026, 3, 23), 8_437)
    assert found.change_before is not None and found.change_before.text["en"] == "−0.4%"


def test_a_monthly_kpi_says_its_month(board: Board) -> None:
    found = tile(board, "M151")
    assert (found.grain, found.period_start, found.is_mature) == ("month", datetime(2026, 3, 1), True)


def test_what_cannot_be_computed_is_listed_by_what_it_lacks(board: Board) -> None:
    assert [(group.needs, [kpi.kpi_id for kpi in group.kpis]) for group in board.missing] == [("line.status", ["M043"])]


def test_without_a_release_the_error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="callmart build") as caught:
        read_board(tmp_path)
    assert caught.value.exit_code == 2


# --- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What the tests ask of the page: attributes, ids, balance of tags, and the words of each language."""

    VOID = frozenset({"meta", "link", "input", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: dict[str, list[str]] = {"zh": [], "en": []}
        self.language: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [value for value in [found.get("id")] if value]
        self.links += [value for name in ("href", "src") if (value := found.get(name))]
        if tag == "span" and found.get("lang") in self.words:
            self.language = found["lang"]
            self.words[str(self.language)].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closed at once: nothing to balance."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"
        if tag == "span":
            self.language = None

    def handle_data(self, data: str) -> None:
        if self.language:
            self.words[self.language][-1] += data


@pytest.fixture(scope="module")
def page(board: Board) -> str:
    return html_board(board)


@pytest.fixture(scope="module")
def parsed(page: str) -> Page:
    parser = Page()
    parser.feed(page)
    parser.close()
    return parser


def test_the_page_is_well_formed_and_every_id_is_used_once(parsed: Page) -> None:
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))


def test_the_page_asks_nothing_of_any_network(page: str, parsed: Page) -> None:
    assert {link.split(":")[0] if link.startswith("data:") else link[0] for link in parsed.links} == {"data", "#"}
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\s'\"]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of the SVG language, not an address that is fetched
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<iframe", page)


def test_every_phrase_is_there_in_both_languages(board: Board, parsed: Page) -> None:
    assert len(parsed.words["zh"]) == len(parsed.words["en"])
    for found in board.tiles:
        assert found.definition.name_zh in parsed.words["zh"]
        assert found.definition.name_en in parsed.words["en"]
    assert not [text for text in parsed.words["en"] if re.search(r"[\u4e00-\u9fff]", text)]


def test_links_of_the_page_lead_to_tiles_of_the_page(parsed: Page) -> None:
    targets = [link[1:] for link in parsed.links if link.startswith("#")]
    assert targets == ["M070", "M030", "M065", "M112"]  # missed first, then near
    assert set(targets) <= set(parsed.ids)


def test_a_verdict_is_a_word_and_never_a_colour_alone(parsed: Page) -> None:
    assert parsed.words["en"].count("Met") == 1 + 2  # the head of its count, and the two tiles
    assert parsed.words["zh"].count("未达标") == 1 + 1 + 1  # head, list of attention, tile


def test_doubts_are_on_the_page(parsed: Page) -> None:
    english = parsed.words["en"]
    assert "Few records: 24" in english
    assert "Not final: its period or window is still running" in english
    assert "Feed behind: asterisk.cdr" in english
    assert "Some feeds are behind; KPIs that need them may be incomplete" in english


def test_names_from_the_data_cannot_become_markup(board: Board) -> None:
    evil = replace(board, name={"zh": "<script>alert(1)</script>", "en": "a & b"}, stale={"<img src=x>": []})
    page = html_board(evil)
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)" in page and "a &amp; b" in page


def test_the_page_replaces_the_former_one_and_leaves_no_draft(root: Path) -> None:
    first = write_board(root)
    assert first == root / "published" / "default" / "board.html"
    before = first.read_bytes()
    assert write_board(root).read_bytes() == before  # no clock in it
    assert not list(first.parent.glob("_board*"))


def test_a_board_without_any_tile_is_still_a_page(board: Board) -> None:
    parser = Page()
    parser.feed(html_board(replace(board, sections=[], missing=[], stale={})))
    assert parser.open == []


# --- the small charts ------------------------------------------------------------------------------------------------


def test_a_target_far_from_the_values_is_not_drawn(board: Board) -> None:
    wait, level = trend(tile(board, "M024")), trend(tile(board, "M021"))
    assert wait is not None and level is not None
    assert wait.bounds == []  # 90 s above a line between 15 s and 33 s would flatten it
    assert len(level.bounds) == 1


def test_a_band_is_drawn_as_an_area_inside_the_chart(board: Board) -> None:
    drawn = trend(tile(board, "M065"))
    assert drawn is not None and drawn.band is not None
    top, height = drawn.band
    assert 0 <= top < top + height <= 56


def test_a_day_without_value_breaks_the_line() -> None:
    assert sparkline([1.0, None, 3.0]) == "▁·█"


def test_a_constant_runs_through_the_middle(board: Board) -> None:
    drawn = trend(tile(board, "M066"))
    assert drawn is not None and drawn.last is not None
    assert drawn.last[1] == 28.0
    assert sparkline([5.0, 5.0]) == "▄▄"


def test_a_missing_day_inside_the_trend_makes_two_lines(board: Board) -> None:
    found = tile(board, "M021")
    broken = [(start, None if number == 10 else value) for number, (start, value) in enumerate(found.trend)]
    drawn = trend(replace(found, trend=broken))
    assert drawn is not None
    assert [len(line.split()) for line in drawn.lines] == [10, 24]
    assert len(drawn.hits) == 35


# --- the terminal ----------------------------------------------------------------------------------------------------


def printed(board: Board, now: datetime | None = None) -> list[str]:
    text = StringIO()
    Console(file=text, width=120).print(terminal_board(board, now))
    return text.getvalue().splitlines()


def test_the_terminal_board_fits_120_columns_and_cuts_nothing_off(board: Board) -> None:
    lines = printed(board)
    assert max(cell_len(line.rstrip()) for line in lines) <= 120
    row = next(line for line in lines if "M021" in line)
    assert re.search(r"M021 服务水平 Service level +80\.0% ≥ 80% +✓ met .* 960 [▁-█]{14}", row)
    trends = [line for line in lines if re.search(r"M0\d\d .*[▁-█]{3}", line)]
    assert trends and not [line for line in trends if line.rstrip().endswith("…")]


def test_the_terminal_board_shows_doubts_and_stale_feeds(board: Board) -> None:
    text = "\n".join(printed(board))
    assert "asterisk.cdr is behind 数据滞后: 03-31" in text
    assert re.search(r"M112 .*24 !", text)
    assert re.search(r"M098 .*– …", text)
    assert re.search(r"M031 .*⚑", text)
    assert "line.status" in text


def test_the_age_of_the_release_is_told_in_the_unit_people_use(board: Board) -> None:
    assert "2 h ago" in "\n".join(printed(board, datetime(2026, 4, 1, 3, 30)))
    since = datetime(2026, 4, 1)
    assert age_text(since, datetime(2026, 4, 1, 0, 20)) == "20 min"
    assert age_text(since, datetime(2026, 4, 4), "zh") == "3 天"
