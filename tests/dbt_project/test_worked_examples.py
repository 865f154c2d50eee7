"""The tables of DECISIONS.md, from the lake to kpi_value, and the clock around them. Values are worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project import examples
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities


def built(root: Path, log: list[dict[str, Any]], cdr: list[dict[str, Any]]) -> Warehouse:
    warehouse = Warehouse(root)
    warehouse.write("centre.queue", ZERO, examples.QUEUES)
    warehouse.write("centre.number", ZERO, examples.NUMBERS)
    warehouse.write("centre.feed_capability", ZERO, capabilities("asterisk.queue_log", "asterisk.cdr"))
    warehouse.write_days("asterisk.queue_log", log)
    warehouse.write_days("asterisk.cdr", cdr)
    warehouse.build()
    return warehouse


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return built(tmp_path_factory.mktemp("calls"), examples.CALLS_LOG, examples.CALLS_CDR)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return built(tmp_path_factory.mktemp("agent"), examples.AGENT_LOG, [])


def values(warehouse: Warehouse, dim_set: str = "all", member: str | None = None) -> dict[Key, float]:
    """Values of the day by KPI, variant and category, of one member of the dimension set."""
    rows = warehouse.rows(
        "select kpi_id, variant, category, value from marts.kpi_value "
        "where grain = 'day' and dim_set = ? and coalesce(channel, queue, agent) is not distinct from ?",
        dim_set,
        member,
    )
    found = {(kpi, variant, category): value for kpi, variant, category, value in rows}
    assert len(found) == len(rows)
    return found


def test_the_worked_example_of_decision_1_gives_its_table(calls: Warehouse) -> None:
    share = {key: value for key, value in values(calls, "channel", "voice_400").items() if key[0] == "M014"}
    found = values(calls) | share
    assert {key: found.get(key) for key in examples.CALLS_VALUES} == pytest.approx(examples.CALLS_VALUES, abs=1e-9)


def test_at_queue_level_only_visits_count(calls: Warehouse) -> None:
    found = values(calls, "queue", "sales")
    assert found["M021", "offered_net_short", None] == pytest.approx(2 / 6)
    assert found["M024", "answered", None] == pytest.approx(49 / 3)
    assert found["M061", "agent", None] == pytest.approx(230 / 3)
    assert ("M021", "total_inbound", None) not in found


def test_the_worked_example_of_decision_2_gives_its_table(agent: Warehouse) -> None:
    states = dict(agent.rows("select state, sum(duration_s) from marts.fct_agent_state group by state"))
    assert states == examples.AGENT_STATES
    for dim_set in ("all", "agent"):
        found = values(agent, dim_set)
        assert {key: found.get(key) for key in examples.AGENT_VALUES} == pytest.approx(examples.AGENT_VALUES, abs=1e-9)


def test_every_kpi_that_the_feeds_allow_is_said_to_be_available(calls: Warehouse) -> None:
    missing = calls.rows(
        "select kpi_id, variant, missing_capabilities from marts.kpi_availability where not is_available"
    )
    assert sorted(missing) == [("M065", "paid", "shift"), ("M066", "utilisation_paid", "shift")]
