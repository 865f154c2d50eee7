"""`callmart actions` and the board's section tell what waits for somebody, what was measured, and what is next."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from orchestration.actions import list_actions
from orchestration.board.data import Board, read_board
from orchestration.board.html import html_board
from orchestration.board.terminal import terminal_board
from orchestration.errors import InputError
from tests.orchestration.released import make_release

_ACTION = (
    "insert into marts.rpt_action_review by name select '{id}' as action_id, 'Bill [red]' as problem, 'Explain' as "
    "measure, 'service' as department_id, 'M098' as metric_id, 'rate' as metric_unit, {score} as ease_score, 'open' as "
    "status, '{state}' as review_state, timestamp '2026-03-02' as local_created_at, timestamp '2026-03-30 18:00:00' as "
    "local_due_at, '{state}' = 'overdue' as is_overdue, {late} as overdue_days, 'down' as target_direction, 0.15 as "
    "target_value, 0.22 as stated_before, {before} as before_value, {after} as after_value, {remedy} as "
    "next_measure_zh, {remedy} as next_measure_en, timestamp '2026-04-01' as as_of"
)


def action(name: str, state: str, score: int = 5, late: int = 0, **said: str) -> str:
    found = {"before": "null", "after": "null", "remedy": "null"} | said
    return _ACTION.format(id=name, state=state, score=score, late=late, **found)


def printed(board: Board) -> str:
    text = io.StringIO()
    Console(file=text, width=120).print(terminal_board(board))
    return text.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("actions")
    make_release(
        folder,
        extra=(
            action("A-open", "open", 25),
            action("A-easy", "open", 3),
            action("A-late", "overdue", 1, 2),
            action("A-review", "to_review", before="0.25", after="0.1"),
            action("A-missed", "missed", before="0.25", after="0.2", remedy="'Train'"),
            action("A-done", "reached"),
        ),
    )
    return folder


def test_what_waits_for_somebody_comes_first_and_then_what_gives_most(root: Path) -> None:
    rows = json.loads(list_actions(root, None, "json", "en"))
    assert [row["action_id"] for row in rows] == ["A-late", "A-review", "A-open", "A-easy"]
    assert rows[0]["overdue_days"] == 2 and rows[0]["local_due_at"] == "2026-03-30 18:00:00"


def test_a_table_shows_what_was_measured_and_in_brackets_what_is_only_stated(root: Path) -> None:
    text = list_actions(root, "all", "table", "en", width=200)
    late, review, missed = (
        next(line for line in text.splitlines() if name in line) for name in ("A-late", "A-review", "A-missed")
    )
    assert "overdue" in late and "2 d" in late and "(22.0%)" in late and "≤ 15.0%" in late and "[red]" in late
    assert "25.0%" in review and "10.0%" in review and "(" not in review
    assert "missed" in missed and "next: Train" in text
    overdue = list_actions(root, "overdue", "table", "zh", width=200)
    assert "逾期" in overdue and "2天" in overdue and "A-open" not in overdue


def test_a_listing_in_csv_has_the_columns_of_the_report(root: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(list_actions(root, "to_review", "csv", "zh")))
    assert (row["action_id"], row["after_value"], row["as_of"]) == ("A-review", "0.1", "2026-04-01 00:00:00")


def test_an_unknown_state_is_told_with_those_that_exist(root: Path) -> None:
    with pytest.raises(InputError, match="overdue, to_review"):
        list_actions(root, "late", "table", "en")


def test_the_board_has_a_section_for_a_centre_that_keeps_a_register_and_none_for_another(
    root: Path, tmp_path: Path
) -> None:
    board = read_board(root)
    assert board.actions is not None
    assert [row.said["action_id"] for row in board.actions.rows] == ["A-late", "A-review", "A-open", "A-easy"]
    assert board.actions.counts["missed"] == 1 and board.actions.left_out <= 0
    page = html_board(board)
    assert 'id="s-actions"' in page and "待复盘" in page and "25.0% → 10.0%" in page
    text = printed(board)
    assert text.index("逾期 overdue 2天 2 d: Bill [red] → Explain") < text.index(
        "待复盘 to review: Bill [red] → Explain"
    )
    assert "service · 截止 due 2026-03-30 · M098 ≤ 15.0%" in text and "未达标 missed 1" in text
    make_release(tmp_path)
    assert read_board(tmp_path).actions is None and "s-actions" not in html_board(read_board(tmp_path))
    assert "改进措施" not in printed(read_board(tmp_path))
