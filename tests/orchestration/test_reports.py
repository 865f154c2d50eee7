"""The boards of the requirement list show every KPI that stands on them: decided, with its doubts, or with the reason
why there is nothing to show.

Here belongs: what is read from the marts of the boards and how it is shown. Not here: the marts themselves (their dbt
unit tests), tiles (test_board.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import duckdb
import pytest
import yaml
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from orchestration.board import words
from orchestration.board.data import Board, read_board
from orchestration.board.html import html_board, line_trend
from orchestration.board.reports import Line, check_report, read_reports
from orchestration.board.terminal import terminal_board
from orchestration.board.verdict import SMALL_N
from orchestration.cli import app
from orchestration.errors import InputError
from orchestration.interval import wilson_95
from orchestration.paths import PROJECT
from tests.orchestration.released import LAST_DAY, make_release
from tests.orchestration.test_board import Page

_ALWAYS = {"is_mature": "false", "is_small_sample": "false", "is_behind": "false", "stale_feed_count": "0"}


def _insert(mart: str, **columns: object) -> str:
    """A row of a mart; a value that is text already stands as it is."""
    told = {"as_of": "timestamp '2026-04-01'"} | _ALWAYS if mart in ("rpt_four_dimensions", "rpt_core_targets") else {}
    shown = told | {name: str(value) for name, value in columns.items()}
    listed = ", ".join(f"{value} as {name}" for name, value in shown.items())
    return f"insert into marts.{mart} by name select {listed}"


def _four(position: int, kpi_id: str, section: tuple[str, str, str], name: tuple[str, str], **more: object) -> str:
    return _insert(
        "rpt_four_dimensions",
        **{"report_id": "'R13'", "report_name_zh": "'KPI 四维看板'", "report_name_en": "'Four-dimension KPI board'"},
        **dict(zip(("section", "section_zh", "section_en"), map(repr, section), strict=True)),
        **{"position": position, "kpi_id": f"'{kpi_id}'", "name_zh": f"'{name[0]}'", "name_en": f"'{name[1]}'"},
        **more,
    )


_QUALITY = ("service_quality", "服务质量", "Service quality")
_EFFICIENCY = ("operating_efficiency", "运营效率", "Operating efficiency")
_RATE = {"unit": "'rate'", "direction": "'up'", "kind": "'ratio'", "grain": "'day'", "variant": "'v'"}
_RATE |= {"maturity_days": "0", "variant_name_zh": "'口径'", "variant_name_en": "'Variant'"}


def _rows() -> Iterable[str]:
    yield _four(
        1, "M093", _QUALITY, ("一次办结率", "One-stop completion rate"),
        **_RATE | {"maturity_days": 7, "is_mature": "true", "stale_feed_count": 1},
        period_start="timestamp '2026-03-24'",
        numerator=1190, denominator=1700, value=0.7, n=1700, operator="'>='", target=0.85, status="'missed'",
        value_before=0.72, change_before=-0.02, data_until="date '2026-03-29'", data_age_s=2 * 86_400,
        stale_feeds="'crm.ticket'", quarantined_rate=0.0125,
    )  # fmt: skip
    yield _four(2, "M043", _QUALITY, ("线路占用率", "Trunk occupancy"), **_RATE, status="'not_available'",
                missing_feeds="'line.status'")  # fmt: skip
    yield _four(3, "M022", _EFFICIENCY, ("平均响应时长（电话）", "Average response time, telephone"),
                status="'not_defined'")  # fmt: skip
    yield _four(
        4, "M112", _EFFICIENCY, ("客户满意度", "Customer satisfaction (CSAT)"),
        **_RATE | {"is_mature": "true", "is_small_sample": "true"},
        period_start="timestamp '2026-03-31'", numerator=21, denominator=24, value=0.875, n=24, operator="'>='",
        target=0.92, status="'few_records'", data_until="date '2026-03-31'", data_age_s=0, quarantined_rate=0,
    )  # fmt: skip
    yield _four(5, "M137", _EFFICIENCY, ("客户留存率（年度）", "Annual retention"),
                **_RATE | {"grain": "'month'", "maturity_days": 334}, status="'no_data'")  # fmt: skip
    for day, value in ((20, 0.6), (21, 0.65), (23, 0.72), (24, 0.7)):
        yield _insert("rpt_kpi_trend", kpi_id="'M093'", grain="'day'", period_start=f"timestamp '2026-03-{day}'",
                      variant="'v'", value=value)  # fmt: skip
    for rank, dim_set, path, value, first, volume, shortfall in (
        (1, "channel+issue", "voice_400 → after_sales", 0.58, 0.65, 0.4118, 0.7412),
        (2, "hour_of_day", "9", 0.6, "null", 0.5, 1.2),
    ):
        yield _insert(
            "rpt_weakest_segment", kpi_id="'M093'", grain="'day'", segment_rank=rank, variant="'v'",
            period_start="timestamp '2026-03-24'", dim_set=f"'{dim_set}'", member_path=f"'{path}'", value=value, n=700,
            value_of_first_member=first, volume_share=volume, shortfall_share=shortfall,
        )  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reports")
    make_release(root, days=9, extra=_rows())
    return root


@pytest.fixture(scope="module")
def board(root: Path) -> Board:
    return read_board(root, name={"zh": "示例中心", "en": "Demo centre"})


def line(board: Board, kpi_id: str) -> Line:
    (found,) = [line for report in board.reports for line in report.lines if line.kpi_id == kpi_id]
    return found


# --- what a board says -----------------------------------------------------------------------------------------------


def test_a_board_has_its_kpis_in_their_parts_and_order(board: Board) -> None:
    (report,) = board.reports  # a mart without rows is no board
    assert [(part.name["zh"], [found.kpi_id for found in part.lines]) for part in report.parts] == [
        ("服务质量", ["M093", "M043"]),
        ("运营效率", ["M022", "M112", "M137"]),
    ]
    assert (report.count("missed"), report.count("none")) == (1, 4)


def test_what_is_decided_after_days_shows_the_last_decided_date_and_says_so(board: Board) -> None:
    found = line(board, "M093")
    assert (found.shown("en"), found.period_start, found.status) == ("70.0%", datetime(2026, 3, 24), "missed")
    assert words.period_words(found) == {
        "zh": "2026-03-24（7 天后定型，最近已定型）",
        "en": "2026-03-24 (decided after 7 days; the last decided)",
    }
    assert found.change_before is not None and found.change_before.text["en"] == "−2.0 pp"
    assert (found.change_before.sense, found.change_week) == ("worse", None)


def test_a_kpi_without_a_value_stays_and_says_what_it_lacks(board: Board) -> None:
    whys = {kpi_id: words.why_no_value(line(board, kpi_id)) for kpi_id in ("M043", "M022", "M137", "M112")}
    assert whys == {
        "M043": {"zh": "需接入：line.status", "en": "Needs line.status"},
        "M022": {"zh": "指标注册表中尚无定义", "en": "The registry has no definition yet"},
        "M137": {"zh": "按月统计，334 天后定型，尚无一期", "en": "By month, decided after 334 days; none yet"},
        "M112": None,
    }


def test_every_doubt_about_the_data_is_told(board: Board) -> None:
    assert [doubt["en"] for doubt in words.doubts(line(board, "M093"))] == [
        "Data are 2 days behind",
        "Feed behind: crm.ticket",
        "1.25% of the rows in quarantine",
    ]
    assert words.trust(line(board, "M093"))["en"] == "Data to 03-29"
    assert words.trust(line(board, "M112"))["en"] == "Data to 03-31, complete"


def test_a_share_of_few_records_shows_its_interval(board: Board) -> None:
    found = line(board, "M112")
    assert found.interval == wilson_95(21, 24)
    assert [doubt["en"] for doubt in words.doubts(found)] == ["Few records: 24, 95% interval 69.0%–95.7%"]


def test_marts_and_tiles_mean_the_same_by_few_records() -> None:
    said = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    assert said["small_sample_n"] == SMALL_N


def test_a_date_without_a_row_is_a_gap_in_the_line(board: Board) -> None:
    assert [(start.day, value) for start, value in line(board, "M093").trend] == [
        (20, 0.6), (21, 0.65), (22, None), (23, 0.72), (24, 0.7),
    ]  # fmt: skip
    drawn = line_trend(line(board, "M093"))
    assert drawn is not None and [len(points.split()) for points in drawn.lines] == [2, 2]


def test_the_weakest_segment_is_named_by_its_members_with_the_arithmetic(board: Board) -> None:
    found = line(board, "M093")
    first, second = (words.weakest(found, segment) for segment in found.segments)
    assert first["zh"] == "400 电话 65.0% → after_sales 58.0%：量占 41%，缺口占 74%"
    assert first["en"] == "400 hotline 65.0% → after_sales 58.0%: 74% of the shortfall, 41% of volume"
    assert second["en"] == "09:00 60.0%: the whole shortfall, 50% of volume"
    assert found.remedy is None or found.remedy.kpi_id == "M093"


def test_a_release_made_before_there_were_boards_has_none() -> None:
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute("create view marts.rpt_four_dimensions as select 1 as a")
        assert read_reports(con) == []


@pytest.mark.parametrize(("text", "report_id"), [("r13", "R13"), (" R15 ", "R15"), ("ALL", "all")])
def test_a_board_is_named_by_its_id(text: str, report_id: str) -> None:
    assert check_report(text) == report_id


def test_another_name_of_a_board_is_an_input_error_that_says_which_there_are() -> None:
    with pytest.raises(InputError, match="R13, R15, all") as caught:
        check_report("R31")
    assert caught.value.exit_code == 2


# --- how it is shown -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(board: Board) -> str:
    return html_board(board)


def test_the_page_begins_with_the_boards_and_is_well_formed(page: str) -> None:
    parsed = Page()
    parsed.feed(page)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert page.index('id="R13"') < page.index("All KPIs") < page.index('id="s-service_quality"')
    assert len(parsed.words["zh"]) == len(parsed.words["en"])
    assert not [text for text in parsed.words["en"] if re.search(r"[\u4e00-\u9fff]", text)]
    assert {"一次办结率", "需接入：line.status", "缺数据源"} <= {*parsed.words["zh"]}


def test_a_name_leads_to_its_tile_where_there_is_one(page: str) -> None:
    boards = page[page.index('id="R13"') : page.index("All KPIs")]
    assert re.findall(r'href="#(M\d+)"', boards) == ["M112"]  # the others have no tile
    assert 'id="M112"' in page


def test_all_that_must_be_known_of_a_line_is_on_the_page(page: str) -> None:
    for text in (
        "70.0%",
        "≥ 85%",
        "74% of the shortfall",
        "Data are 2 days behind",
        "Needs line.status",
        "Not defined",
    ):
        assert text in page


def printed(board: Board, report_id: str = "all") -> list[str]:
    text = StringIO()
    Console(file=text, width=120).print(terminal_board(board, report_id=report_id))
    return text.getvalue().splitlines()


def test_the_terminal_shows_one_board_at_120_columns_and_cuts_no_name(board: Board) -> None:
    lines = printed(board, "R13")
    assert max(cell_len(text.rstrip()) for text in lines) <= 120
    row = next(text for text in lines if "M093" in text)
    assert re.search(r"M093 一次办结率 One-stop completion rate +70\.0% ≥ 85% +✗ missed +−2\.0 pp +1,700 ▁▄·█▇", row)
    text = "\n".join(lines)
    assert "平均响应时长（电话）" in text and "telephone" in text and "respons…" not in text
    assert "↳ 400 电话 65.0% → after_sales 58.0%" in text
    assert "缺数据源: 需接入：line.status" in text and "Not connected: Needs line.status" in text
    assert "M024" not in text and "M024" in "\n".join(printed(board))


def test_the_command_prints_the_board_that_is_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLMART_DATA", str(root))
    done = CliRunner().invoke(app, ["board", "r13"])
    assert done.exit_code == 0 and "M093" in done.stdout and "M001" not in done.stdout
    lacking = CliRunner().invoke(app, ["board", "R15"])
    assert isinstance(lacking.exception, InputError) and "no board R15" in str(lacking.exception)


def test_the_head_of_a_single_board_names_the_day(board: Board) -> None:
    assert f"{LAST_DAY}" in "\n".join(printed(board, "R13")) and date(2026, 3, 31) == LAST_DAY
