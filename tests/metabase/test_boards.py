"""What people may expect of the boards: the KPIs of their reports, words on each page, clicks that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metabase.content import Note, Question, read_content
from metabase.registry import read_kpis
from metabase.render import Sources
from orchestration.paths import PROJECT
from seeds import seed_rows
from tests.metabase.compared import without_values

# What the requirement list puts into each report. R01 and R05 are made of others; the rows of R13 and R15 are those of
# seeds/report_kpi.csv; R16 names none.
REPORTS = {
    "R02": "M001-M015",
    "R03": "M025-M035",
    "R06": "M062-M076 M084-M086",
    "R07": "M095 M097 M102 M112-M116 M125",
    "R08": "M138-M142",
    "R09": "M050-M056 M103-M105",
    "R10": "M112-M117 M122-M135",
    "R11": "M139 M140 M143-M149",
    "R12": "M108-M110 M134 M156-M164",
    "R14": "M037-M039",
}
# KPIs that the registry has and their report's board has not, with the reason.
ABSENT: dict[tuple[str, str], str] = {}
# Figures by what no value is released; an end-to-end test compares all others with kpi_value.
NOTHING_RELEASED = {
    "agent_effectiveness__resolution M095",
    "agent_effectiveness__resolution_by_week M095",
    "agents__utilisation_by_hour M066",
    "calls_and_queues__by_hour M006",
    "calls_and_queues__by_outcome M001",
    "floor__abandonment M033",
    "floor__service_level M021",
    "scorecard__quality_by_month M095",
    "scorecard__quality_by_month M097",
    "scorecard__repeats M097",
    "scorecard__resolution M095",
    "scorecard__resolution_by_week M095",
}
RECORDS = {"contacts", "visits", "conversations"}
CONTENT = read_content()


def test_the_board_of_tickets_has_every_kpi_of_tickets() -> None:
    """No report of the requirement list is theirs alone."""
    registered = {kpi.kpi_id for kpi in read_kpis().values()}
    shown = {kpi for question in CONTENT.dashboards["tickets"].questions() for kpi in asked(question)}
    assert (set(ids("M084-M092")) & registered) - shown == set()


@pytest.mark.parametrize("report", REPORTS)
def test_a_board_has_every_kpi_of_its_report_that_the_registry_knows(report: str) -> None:
    registered = {kpi.kpi_id for kpi in read_kpis().values()}
    boards = [board for board in CONTENT.dashboards.values() if report in board.reports]
    shown = {kpi for board in boards for question in board.questions() for kpi in asked(question)}
    assert boards
    missing = (set(ids(REPORTS[report])) & registered) - shown
    assert missing == {kpi for of, kpi in ABSENT if of == report}


def test_what_coverage_names_beside_a_dashboard_is_on_it() -> None:
    file = PROJECT / "orchestration" / "coverage"
    rows = [row for row in seed_rows("requirement", file) if "dashboard:" in row["evidence"] and row["id"][0] == "R"]
    assert len(rows) > 10
    for row in rows:
        named = [pointer.partition(":")[::2] for pointer in row["evidence"].split()]
        boards = [CONTENT.dashboards[name] for kind, name in named if kind == "dashboard"]
        shown = {kpi for board in boards for question in board.questions() for kpi in asked(question)}
        assert {name for kind, name in named if kind == "kpi"} <= shown, row["id"]


def test_each_page_of_a_board_says_what_its_figures_mean() -> None:
    for key, board in CONTENT.dashboards.items():
        for tab in board.tabs:
            notes = [card for card in tab.cards if isinstance(card, Note)]
            assert any(len(note.text.zh) > 15 and len(note.text.en) > 40 for note in notes), f"{key}: {tab.name.en}"


def test_a_click_on_records_passes_what_was_clicked() -> None:
    """A figure without a member has a condition that no filter knows; it would open all contacts."""
    for place, question in questions():
        if question.click and question.click.dashboard in RECORDS:
            assert question.click.passes and question.display != "scalar", place


@pytest.mark.parametrize("key", [key for key, board in CONTENT.dashboards.items() if board.collection == "work"])
def test_each_board_of_daily_work_leads_to_single_records(key: str) -> None:
    clicks = [question.click for question in CONTENT.dashboards[key].questions() if question.click]
    assert [click for click in clicks if click.dashboard in RECORDS]


def test_a_queue_leads_to_its_visits_and_an_agent_to_the_conversations() -> None:
    """A contact names one queue and one agent, and may have been with several."""
    lists = {key: CONTENT.dashboards[key] for key in RECORDS}
    columns = {(key, said.key): said.columns for key, board in lists.items() for said in board.filters}
    tables = {(key, question.table) for key, board in lists.items() for question in board.questions()}
    assert columns["visits", "queue"] == ["queue_id"] and ("visits", "fct_queue_visit") in tables
    assert columns["conversations", "agent"] == ["agent_id"] and ("conversations", "fct_agent_leg") in tables
    assert ("contacts", "queue") not in columns and ("contacts", "agent") not in columns
    clicks = [(question.click.dashboard, set(question.click.passes)) for _, question in questions() if question.click]
    assert any(to == "visits" and "queue" in passed for to, passed in clicks)
    assert any(to == "conversations" and "agent" in passed for to, passed in clicks)


def test_a_date_that_is_passed_names_its_period() -> None:
    """Metabase passes the whole month of a point that is grouped by month, and one day of a date without a unit."""
    for place, question in questions():
        click = question.click
        passed = click.passes.get("date") if click else None
        if passed:
            named = [said for said in (*question.by, *question.columns) if said.partition(":")[0] == passed]
            assert named and all(":" in said for said in named), place
        if passed and question.released:
            assert named == [f"{passed}:{question.released.grain}"], place


def test_the_tour_tells_how_to_reach_the_records_behind_a_chart() -> None:
    """Where a click leads somewhere of its own, Metabase shows no menu: the question itself has one."""
    board = CONTENT.dashboards["start_here"]
    notes = [card.text for tab in board.tabs for card in tab.cards if isinstance(card, Note)]
    (english,) = [text.en for text in notes if "See these records" in text.en]
    (chinese,) = [text.zh for text in notes if "查看这些记录" in text.zh]
    assert english.index("open the question by its title") < english.index("See these records")
    assert chinese.index("点图的标题打开问题") < chinese.index("查看这些记录")


def test_the_figures_with_nothing_to_be_compared_with_are_known(sources: Sources) -> None:
    """Agents' resolution, repeats and hours are released by agent or by hour alone, never of both or of the centre."""
    assert without_values(sources) == NOTHING_RELEASED


def asked(question: Question) -> set[str]:
    """Ids of the KPIs that it shows."""
    released = {question.released.kpi} if question.released else set()
    return {name[:4] for name in question.metrics} | released


def ids(ranges: str) -> Iterator[str]:
    """`M001-M003 M007` one by one."""
    for said in ranges.split():
        first, _, last = said.partition("-")
        for number in range(int(first[1:]), int((last or first)[1:]) + 1):
            yield f"M{number:03}"


def questions() -> Iterator[tuple[str, Question]]:
    """All of them with the place where they stand."""
    for key, board in CONTENT.dashboards.items():
        for question in board.questions():
            yield f"{key}: {question.question}", question
