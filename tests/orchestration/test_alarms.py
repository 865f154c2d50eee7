"""Triggers fire where the registry says so, on official values alone, and bring their remedy with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from orchestration.alarms import Alarm, alarms
from orchestration.board import data
from orchestration.board.html import html_board
from orchestration.board.terminal import terminal_board
from orchestration.catalogue import fallback_of
from orchestration.explain import explain
from tests.orchestration.released import LAST_DAY, SCHEMAS, make_release, value_row

Fires = Callable[..., list[Alarm]]
RULE = "('M021', null, '低', 'low', '加人', 'Add agents', '>= 0.8', 'operations_manager', 'S1')"
NINE = datetime(2026, 3, 31, 9)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        for name in ("kpi_value", "kpi_target", "strategy_rule", "kpi_fallback"):
            con.execute(f"create table {name} ({SCHEMAS[name]})")
        con.execute(f"insert into strategy_rule values {RULE}")
        yield con


@pytest.fixture
def fires(con: duckdb.DuckDBPyConnection) -> Fires:
    def found(*values: tuple[Any, ...], kpi: str | None = None) -> list[Alarm]:
        for row in values:
            con.execute(f"insert into kpi_value values ({', '.join('?' * len(row))})", list(row))
        return alarms(con, LAST_DAY, kpi)

    return found


def trigger(con: duckdb.DuckDBPyConnection, kpi: str = "M021", **said: Any) -> None:
    row = {"scope": "all", "operator": "<", "limit": 0.7, "grain": "day", "periods": 1, "group": None} | said
    con.execute(
        "insert into kpi_target values (?, 'v', 'default', ?, 'trigger', ?, ?, null, null, ?, ?, 30, ?, 'S1', "
        "date '2026-01-01', null)",
        [kpi, *(row[name] for name in ("scope", "operator", "limit", "grain", "periods", "group"))],
    )


def value(start: date, share: float, kpi: str = "M021", **more: Any) -> tuple[Any, ...]:
    return value_row(kpi, "v", start, share * 100, 100, **more)


@pytest.mark.parametrize(
    ("operator", "share", "is_fired"),
    [
        ("<", 0.69, True),
        ("<", 0.70, False),
        ("<=", 0.70, True),
        (">", 0.70, False),
        (">", 0.71, True),
        (">=", 0.7, True),
    ],
)
def test_a_limit_is_strict_where_the_source_says_over_or_under(
    con: duckdb.DuckDBPyConnection, fires: Fires, operator: str, share: float, is_fired: bool
) -> None:
    trigger(con, operator=operator)
    found = fires(value(LAST_DAY, share))
    assert bool(found) is is_fired
    assert all(alarm.remedy is not None and alarm.remedy.owner_role == "operations_manager" for alarm in found)


def test_only_official_mature_values_with_enough_records_of_the_last_period_fire(
    con: duckdb.DuckDBPyConnection, fires: Fires
) -> None:
    trigger(con)
    yesterday = LAST_DAY - timedelta(days=1)
    assert fires(value(LAST_DAY, 0.5, official=False)) == []
    assert fires(value(LAST_DAY, 0.5, n=29)) == []
    assert [alarm.period_start.date() for alarm in fires(value(yesterday, 0.5, mature=True))] == []
    assert fires(value(LAST_DAY + timedelta(days=1), 0.5)) == []


def test_what_is_not_mature_is_judged_by_the_last_period_that_is(con: duckdb.DuckDBPyConnection, fires: Fires) -> None:
    trigger(con)
    week_ago = LAST_DAY - timedelta(days=7)
    (alarm,) = fires(value(week_ago, 0.5), value(LAST_DAY, 0.1, mature=False))
    assert (alarm.period_start.date(), alarm.value, alarm.condition("rate")) == (week_ago, 0.5, "50.0% < 70%")


def test_periods_must_hold_in_a_row(con: duckdb.DuckDBPyConnection, fires: Fires) -> None:
    trigger(con, periods=3)
    days = [LAST_DAY - timedelta(days=back) for back in (3, 1, 0)]
    assert fires(*(value(day, 0.5) for day in days)) == []
    assert len(fires(value(LAST_DAY - timedelta(days=2), 0.5))) == 1


def test_any_hour_of_the_day_and_any_member_fires_for_itself(con: duckdb.DuckDBPyConnection, fires: Fires) -> None:
    trigger(con, grain="hour", scope="queue")
    told = {"grain": "hour", "dim_set": "queue"}
    found = fires(
        value(NINE, 0.5, queue="sales", **told),
        value(NINE + timedelta(hours=1), 0.9, queue="sales", **told),
        value(NINE + timedelta(hours=2), 0.6, queue="support", **told),
        value(NINE - timedelta(days=1), 0.1, queue="billing", **told),
    )
    assert [(alarm.member, alarm.period_start.hour) for alarm in found] == [("sales", 9), ("support", 11)]


def test_triggers_of_a_group_fire_together_or_not_at_all(con: duckdb.DuckDBPyConnection, fires: Fires) -> None:
    trigger(con, "M034", operator=">", limit=0.2, group="slow")
    trigger(con, "M035", scope="all:within_30", operator=">=", limit=0.6, group="slow")
    assert fires(value(LAST_DAY, 0.3, "M034"), value(LAST_DAY, 0.59, "M035", category="within_30")) == []
    con.execute("delete from kpi_value where kpi_id = 'M035'")
    found = fires(value(LAST_DAY, 0.6, "M035", category="within_30"))
    assert [alarm.kpi_id for alarm in found] == ["M034", "M035"]
    assert [alarm.kpi_id for alarm in alarms(con, LAST_DAY, "M034")] == ["M034"]


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
            "insert into marts.kpi_target values ('M021', 'offered_net_short', 'default', 'all', 'trigger', '<', 0.9, "
            "null, null, 'day', 1, 30, null, 'S1', date '2026-01-01', null)",
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
