"""One call that several systems tell of counts once: DECISIONS.md, section 15, from the lake to the facts.

Here belongs: the worked examples, and made-up calls against their recount in plain Python. Not here: single claims
about a model (unit tests beside the models).
"""

from __future__ import annotations

import pytest

from tests.dbt_project import examples, several_systems
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities

MADE = several_systems.made_up(seed=15)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    found = Warehouse(tmp_path_factory.mktemp("several"))
    found.write("centre.queue", ZERO, examples.QUEUES)
    found.write("centre.number", ZERO, examples.NUMBERS)
    found.write("centre.agent", ZERO, examples.AGENTS)
    found.write("centre.feed_capability", ZERO, capabilities("asterisk.queue_log", "asterisk.cdr", "asterisk.cel"))
    found.write_days("asterisk.queue_log", examples.TRANSFER_LOG + MADE.queue_log)
    found.write_days("asterisk.cdr", examples.TRANSFER_CDR + examples.MATCH_CDR + MADE.cdr)
    found.write_days("asterisk.cel", examples.TRANSFER_CEL + MADE.cel)
    found.write_days("canonical.contact", examples.MATCH_LIST + MADE.contacts)
    found.write_days("canonical.transfer", MADE.transfers)
    found.build("--select", "+fct_transfer", "+fct_contact", "--indirect-selection", "cautious")
    return found


def test_the_worked_example_gives_its_transfers(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select contact_id, transfer_kind, from_agent_id, to_agent_id, to_queue_id, is_external, is_completed, "
        "is_in_queue_log, is_in_cel from marts.fct_transfer where local_date = ?",
        examples.TRANSFER_DAY,
    )
    assert len(rows) == 5 and set(rows) == examples.TRANSFERS


def test_a_contact_counts_the_transfers_that_the_queue_log_lost(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select contact_id, transfer_count from marts.fct_contact where local_date = ?", examples.TRANSFER_DAY
    )
    assert dict(rows) == {"asterisk:t-c1": 3, "asterisk:t-c2": 1}


MATCHES = "select contact_id, matched_contact_id, match_rule, is_match_ambiguous from marts.fct_contact"


def test_the_worked_example_gives_its_contacts(warehouse: Warehouse) -> None:
    rows = warehouse.rows(f"{MATCHES} where local_date = ?", examples.MATCH_DAY)
    assert len(rows) == 8 and set(rows) == examples.CONTACTS


def test_a_contact_of_two_systems_has_the_calls_times_and_the_exports_issue(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select started_at, outcome, issue_id from marts.fct_contact where contact_id = 'asterisk:m-a5'"
    )
    assert rows == [(examples.at("10:30:00", examples.MATCH_DAY), "abandoned_ivr", "issue of m-k5")]


def test_made_up_calls_give_the_contacts_of_the_recount(warehouse: Warehouse) -> None:
    rows = warehouse.rows(f"{MATCHES} where local_date = ?", several_systems.RANDOM_DAY)
    expected = several_systems.contacts(MADE)
    assert len(rows) == len(expected) and set(rows) == expected
    kinds = {(rule, ambiguous) for _, _, rule, ambiguous in expected}
    assert len(kinds) == 6, "the calls show no rule at work: take another seed"


def test_made_up_calls_give_the_transfers_of_the_recount(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select contact_id, transferred_at, transfer_kind, is_in_queue_log, is_in_cel, is_in_export "
        "from marts.fct_transfer where local_date = ?",
        several_systems.RANDOM_DAY,
    )
    contact_of = {other: one for one, other, *_ in several_systems.contacts(MADE) if other}
    expected = several_systems.transfers(MADE, contact_of)
    assert len(rows) == len(expected) and set(rows) == expected
    told = {tuple(row[3:]) for row in expected}
    assert len(told) == 7, "the calls show no combination of logs: take another seed"
