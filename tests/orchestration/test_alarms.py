"""What fires brings its remedy with it, and stands on the board and in the explanation."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from orchestration.alarms import alarms
from orchestration.board import data
from orchestration.board.html import html_board
from orchestration.board.terminal import terminal_board
from orchestration.catalogue import fallback_of
from orchestration.explain import explain
from tests.orchestration.released import LAST_DAY, SCHEMAS, make_release

RULE = "('M021', null, '低', 'low', '加人', 'Add agents', '>= 0.8', 'operations_manager', 'S1')"
FIRED = (
    "('M021', 'offered_net_short', null, 'all', 'day', timestamp '2026-03-31', '', 0.8, 960, '<', 0.9, 1)",
    "('M021', 'offered_net_short', 'together', 'queue', 'day', timestamp '2026-03-31', 'sales', 0.6, 90, '<', 0.7, 1)",
    "('M034', 'queued', null, 'all', 'day', timestamp '2026-03-31', '', 0.3, 960, '>', 0.2, 1)",
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        for name in ("rpt_alarm", "strategy_rule", "kpi_fallback"):
            con.execute(f"create table {name} ({SCHEMAS[name]})")
        con.execute(f"insert into strategy_rule values {RULE}")
        con.execute(f"insert into rpt_alarm values {', '.join(FIRED)}")
        yield con


def test_an_alarm_has_the_remedy_of_its_kpi_and_group_where_there_is_one(con: duckdb.DuckDBPyConnection) -> None:
    whole, queue, other = alarms(con)
    assert whole.remedy is not None and whole.remedy.owner_role == "operations_manager"
    assert queue.remedy is None and other.remedy is None
    assert [alarm.condition("rate") for alarm in (whole, queue)] == ["80.0% < 90%", "sales: 60.0% < 70%"]
    assert alarms(con, "M034") == [other]


def test_a_fallback_tells_why_another_variant_is_official(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into kpi_fallback values ('M094', 'a', 'b', 'day', '2026-03-31', 340, 41, 41 / 340, 0.5)")
    found = fallback_of(con, "M094", "b", "day", LAST_DAY)
    assert found is not None and found.text_en == (
        "in place of a: customer and issue are known of 12.1% of 340 handled contacts (least 50%)"
    )
    assert fallback_of(con, "M094", "a", "day", LAST_DAY) is None


def test_board_and_explanation_show_what_fires_and_what_to_do(tmp_path: Path) -> None:
    make_release(
        tmp_path,
        extra=(
            f"insert into marts.rpt_alarm values {FIRED[0]}",
            f"insert into marts.strategy_rule values {RULE}",
            "insert into marts.kpi_fallback values ('M021', 'offered', 'offered_net_short', 'day', "
            f"'{LAST_DAY}', 1000, 100, 0.1, 0.5)",
        ),
    )
    board = data.read_board(tmp_path)
    shown = {
        "html": html_board(board),
        "terminal": text_of(terminal_board(board)),
        "explain": explain(tmp_path, "M021"),
    }
    for name, text in shown.items():
        assert "80.0% < 90%" in text.replace("&lt;", "<"), name
        assert "加人" in text and "Add agents" in text and "operations_manager" in text, name
    assert "in place of offered" in shown["html"] and "in place of offered" in shown["explain"]
    assert "too little is known" in shown["terminal"]


def text_of(renderable: Any) -> str:
    out = StringIO()
    Console(file=out, width=140).print(renderable)
    return out.getvalue()
