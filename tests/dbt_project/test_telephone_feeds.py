"""What an export tells of queue visits, legs, ring attempts and agents' states: DECISIONS.md, section 36.

Here belongs: the worked example and made-up calls against their recount in plain Python, from the lake to the facts.
Not here: single claims about a model (unit tests beside the models).
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.paths import PROJECT
from tests.dbt_project import examples, telephone_feeds
from tests.dbt_project.telephone_feeds import MADE_DAY, Contact
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities
from tests.orchestration.extract_kit import Kit

FEEDS = ("contact", "queue_visit", "leg", "queue_offer", "agent_state")
DAY = examples.DAY
FREESWITCH_DAY = date(2026, 3, 9)
MADE = telephone_feeds.made_up(seed=35)


def write_freeswitch(folder: Path, warehouse: Warehouse) -> None:
    """The calls of examples/freeswitch, as the lake has them."""
    shutil.copytree(PROJECT / "examples" / "freeswitch", folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
        patch.delenv("FREESWITCH_JSON_CDR", raising=False)
        for feed in ("canonical.contact", "canonical.leg"):
            kit = Kit(folder, feed)
            kit.refresh()
            warehouse.write(feed, FREESWITCH_DAY, kit.partition(FREESWITCH_DAY.isoformat()))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    found = Warehouse(tmp_path_factory.mktemp("telephone"))
    found.write("centre.queue", ZERO, examples.QUEUES)
    found.write("centre.feed_capability", ZERO, capabilities(*(f"canonical.{feed}" for feed in FEEDS)))
    worked = telephone_feeds.worked_example()
    for feed in FEEDS:
        found.write_days(f"canonical.{feed}", worked.rows[feed] + MADE.rows[feed])
    write_freeswitch(tmp_path_factory.mktemp("freeswitch"), found)
    end = f"{MADE_DAY + timedelta(days=2)} 00:00:00"
    bridges = [f"+rpt_bridge_{name}" for name in ("queue", "queue_handling", "agent", "interval", "agent_clock")]
    selling = "+fct_contact_sale_day"  # an answered contact may have no agent
    found.build("--select", *bridges, "+fct_agent_day", selling, "--indirect-selection", "cautious", as_of=end)
    return found


def test_the_worked_example_of_decision_36_is_one_contact_of_three_agents(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select outcome, first_agent_id, last_agent_id, agent_count, transfer_count, queue_visit_count, queue_wait_s, "
        "talk_s, hold_s, consult_s, acw_s, handle_s, total_s from marts.fct_contact where local_date = ?", DAY
    ) == [("answered", "A", "C", 3, 1, 2, 15, 510, 10, 30, 20, 570, 600)]  # fmt: skip


def test_the_worked_example_of_decision_36_gives_each_agent_the_own_talk(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select agent_id, via, queue_id, talk_s, handle_s from marts.fct_agent_leg where local_date = ? "
        "order by answered_at", DAY
    ) == [
        ("A", "queue", "sales", 140, 200), ("B", "transfer", None, 180, 180), ("C", "queue", "support", 200, 200)
    ]  # fmt: skip


def test_the_worked_example_of_decision_36_gives_its_visits_and_ring_attempts(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select visit_no, queue_id, wait_s, exit_kind, agent_id, talk_s, handle_s from marts.fct_queue_visit "
        "where local_date = ? order by visit_no", DAY
    ) == [(1, "sales", 15, "answered", "A", 140, 200), (2, "support", 30, "answered", "C", 200, 200)]  # fmt: skip
    assert warehouse.rows(
        "select queue_visit_id, agent_id, ring_s, result from marts.fct_queue_offer where local_date = ?", DAY
    ) == [("canonical:e1:1", "D", 10, "no_answer")]


def test_the_worked_example_of_decision_36_gives_its_states(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select state, reason_code, duration_s from marts.fct_agent_state where local_date = ? order by started_at", DAY
    ) == [("busy", "training", 480), ("ready", None, 49200)]
    # 16 hours after 10:20, cut at midnight
    assert warehouse.rows(
        "select sum(duration_s) from marts.fct_agent_state where local_date = ?", DAY + timedelta(days=1)
    ) == [(57600 - 49200,)]


def test_the_worked_example_of_decision_36_bridges_to_its_agents(warehouse: Warehouse) -> None:
    steps = warehouse.rows(
        "select measure, step, amount from marts.rpt_bridge_agent where local_date = ? and amount != 0", DAY
    )
    assert {(measure, step): amount for measure, step, amount in steps} == {
        ("answered", "start"): 1, ("answered", "handed_on"): 1, ("answered", "return"): 1, ("answered", "end"): 3,
        ("talk_s", "start"): 510, ("talk_s", "told_apart"): 10, ("talk_s", "end"): 520,
        ("handle_s", "start"): 570, ("handle_s", "told_apart"): 10, ("handle_s", "end"): 580,
    }  # fmt: skip


def test_a_called_leg_of_freeswitch_names_the_agent_to_whom_a_call_was_handed_on(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select right(contact_id, 1), agent_id, via, round(talk_s, 1) from marts.fct_agent_leg where local_date = ? "
        "order by contact_id, answered_at", FREESWITCH_DAY
    ) == [
        ("1", "1001", "queue", 170.3), ("4", "1002", "outbound", 60.0), ("5", "1001", "queue", 200.0),
        ("5", "1003", "transfer", 120.0),
    ]  # fmt: skip
    assert warehouse.rows(
        "select agent_count, transfer_count, first_agent_id, last_agent_id, round(talk_s, 1) from marts.fct_contact "
        "where local_date = ? and agent_count > 1",
        FREESWITCH_DAY,
    ) == [(2, 1, "1001", "1003", 330.3)]


@pytest.fixture(scope="module")
def recount() -> dict[str, Contact]:
    found = telephone_feeds.contacts(MADE)
    kinds = Counter((len(one.visits), len(one.conversations), one.talk_s is None) for one in found.values())
    assert len(kinds) > 12, "the calls show few cases: take another seed"
    return found


def test_made_up_calls_give_the_contacts_of_the_recount(warehouse: Warehouse, recount: dict[str, Contact]) -> None:
    rows = warehouse.rows(
        "select substring(contact_id, 11), outcome, queue_visit_count, agent_count, talk_s, transfer_count "
        "from marts.fct_contact where local_date = ?", MADE_DAY
    )  # fmt: skip
    outcome = {"short_abandon": "abandoned_queue"}
    assert {row[0]: (outcome.get(row[1], row[1]), *row[2:]) for row in rows} == {
        name: (one.outcome, len(one.visits), len({part.agent for part in one.conversations} - {None}), one.talk_s,
               one.handed_on)
        for name, one in recount.items()
    }  # fmt: skip


def test_made_up_calls_give_the_queue_visits_of_the_recount(warehouse: Warehouse, recount: dict[str, Contact]) -> None:
    found = defaultdict(list)
    for name, *visit in warehouse.rows(
        "select substring(contact_id, 11), queue_id, wait_s, exit_kind from marts.fct_queue_visit "
        "where local_date = ? order by visit_no", MADE_DAY
    ):  # fmt: skip
        found[name].append(tuple(visit))
    assert dict(found) == {name: one.visits for name, one in recount.items() if one.visits}


def test_made_up_calls_give_the_conversations_of_the_recount(warehouse: Warehouse, recount: dict[str, Contact]) -> None:
    rows = warehouse.rows(
        "select substring(contact_id, 11), agent_id, answered_at, ended_at, talk_s, coalesce(hold_s, 0), acw_s, "
        "case when via = 'queue' then cast(split_part(leg_id, ':', 3) as integer) end "
        "from marts.fct_agent_leg where local_date = ?", MADE_DAY
    )  # fmt: skip
    expected = [
        (name, part.agent, part.begins, part.ends, part.talk_s, part.hold_s, part.acw_s, part.visit_no)
        for name, one in recount.items()
        for part in one.conversations
    ]
    assert sorted(rows, key=str) == sorted(expected, key=str)


def test_ring_attempts_are_those_that_are_told_and_of_flat_contacts_the_believed_ones(warehouse: Warehouse) -> None:
    told = Counter((row["agent_id"], {"declined": "no_answer"}.get(row["result"], row["result"]))
                   for row in MADE.rows["queue_offer"])  # fmt: skip
    rows = warehouse.rows(
        "select agent_id, result, count(*) from marts.fct_queue_offer where local_date = ? group by all", MADE_DAY
    )
    assert {(agent, result): count for agent, result, count in rows} == told
    assert warehouse.rows(
        "select count(*) from marts.fct_queue_offer left join marts.fct_queue_visit as visits using (queue_visit_id) "
        "where fct_queue_offer.queue_id is distinct from visits.queue_id"
    ) == [(0,)]


def test_states_of_agents_are_those_of_the_recount(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select agent_id, state, sum(duration_s) from marts.fct_agent_state where local_date >= ? group by all",
        MADE_DAY,
    )
    assert {(agent, state): seconds for agent, state, seconds in rows} == telephone_feeds.state_seconds(MADE)


def test_agents_days_hold_the_states_that_the_export_tells(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select agent_id, logged_in_s, busy_s from marts.fct_agent_day where local_date = ? and logged_in_s > 0", DAY
    ) == [("A", 49680, 480)]


def test_bridges_leave_nothing_unexplained_but_what_two_records_tell_of_an_agents_time(warehouse: Warehouse) -> None:
    for bridge in ("queue", "queue_handling", "agent", "interval"):
        assert warehouse.rows(
            f"select * from marts.rpt_bridge_{bridge} where step = 'unexplained' and abs(amount) > 0.01"
        ) == [], bridge  # fmt: skip
