"""The tables of DECISIONS.md, from the lake to kpi_value. Values are worked by hand.

Here belongs: values of the worked examples. Not here: single claims about a model (unit tests beside the models).
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from expectations.contracts import all_contracts
from tests.dbt_project import examples
from tests.dbt_project.warehouse import Warehouse

CALLS_DAY = examples.DAY
AGENT_DAY = examples.DAY + timedelta(days=3)
# As architecture and README promise to other programs.
KPI_VALUE = """kpi_id, variant, grain, period_start, dim_set, channel, direction, queue, agent, team, issue, region,
    segment, hour_of_day, member, category, numerator, denominator, value, n, is_official, target_profile, target,
    status, is_mature, as_of"""

Key = tuple[str, str, str | None]
"""KPI, variant, category."""


def values(warehouse: Warehouse, day: date, dim_set: str = "all", member: str | None = None) -> dict[Key, float]:
    """Values of a date by KPI, variant and category, of one member of the dimension set."""
    rows = warehouse.rows(
        "select kpi_id, variant, category, value from marts.kpi_value where grain = 'day' and period_start = ? "
        "and dim_set = ? and coalesce(channel, queue, agent) is not distinct from ?",
        day,
        dim_set,
        member,
    )
    found = {(kpi, variant, category): value for kpi, variant, category, value in rows}
    assert len(found) == len(rows)
    return found


def test_the_worked_example_of_decision_1_gives_its_table(examples_warehouse: Warehouse) -> None:
    by_channel = values(examples_warehouse, CALLS_DAY, "channel", "voice_400")
    share = {key: value for key, value in by_channel.items() if key[0] == "M014"}
    found = values(examples_warehouse, CALLS_DAY) | share
    assert {key: found.get(key) for key in examples.CALLS_VALUES} == pytest.approx(examples.CALLS_VALUES, abs=1e-9)


def test_at_queue_level_only_visits_count(examples_warehouse: Warehouse) -> None:
    found = values(examples_warehouse, CALLS_DAY, "queue", "sales")
    assert found["M021", "offered_net_short", None] == pytest.approx(2 / 6)
    assert found["M024", "answered", None] == pytest.approx(49 / 3)
    assert found["M061", "agent", None] == pytest.approx(230 / 3)
    assert ("M021", "total_inbound", None) not in found


def test_the_worked_example_of_decision_2_gives_its_table(examples_warehouse: Warehouse) -> None:
    states = examples_warehouse.rows(
        "select state, sum(duration_s) from marts.fct_agent_state where local_date = ? group by state", AGENT_DAY
    )
    assert dict(states) == examples.AGENT_STATES
    for dim_set, member in (("all", None), ("agent", "A1")):
        found = values(examples_warehouse, AGENT_DAY, dim_set, member)
        assert {key: found.get(key) for key in examples.AGENT_VALUES} == pytest.approx(examples.AGENT_VALUES, abs=1e-9)


def test_every_kpi_that_the_feeds_allow_is_said_to_be_available(examples_warehouse: Warehouse) -> None:
    given = {name for feed in ("asterisk.queue_log", "asterisk.cdr") for name in all_contracts()[feed].capabilities()}
    needs = examples_warehouse.rows("select kpi_id, variant, needs from marts.kpi_definition where valid_to is null")
    lacking = {(kpi_id, variant): sorted({*needed.split(";")} - given) for kpi_id, variant, needed in needs}
    missing = examples_warehouse.rows(
        "select kpi_id, variant, missing_capabilities from marts.kpi_availability where not is_available"
    )
    assert dict(((kpi_id, variant), names.split(", ")) for kpi_id, variant, names in missing) == {
        key: names for key, names in lacking.items() if names
    }
    assert lacking["M065", "paid"] == ["paid_time", "shift"] and lacking["M021", "offered_net_short"] == []


def test_every_default_variant_that_is_available_has_a_value(examples_warehouse: Warehouse) -> None:
    without = examples_warehouse.rows(
        "select kpi_id, variant from marts.kpi_definition join marts.kpi_availability using (kpi_id, variant) "
        "where is_default_official and is_available "
        "and (kpi_id, variant) not in (select (kpi_id, variant) from marts.kpi_value)"
    )
    assert without == []


def test_kpi_value_has_the_published_columns_in_their_order(examples_warehouse: Warehouse) -> None:
    found = [name for name, *_ in examples_warehouse.rows("describe marts.kpi_value")]
    assert found == KPI_VALUE.replace(",", " ").split()
