"""The centre's people, menu, resolution, chats and records are what their contracts and a real centre would have."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from simulator.asterisk_files import CdrLog, CelLog, QueueLog
from simulator.catalogue import ISSUE_BY_ID, MENU
from simulator.centre import Centre
from simulator.events import Contact
from simulator.evidence.asterisk_logs import parse_line, raw_lines
from simulator.records import Record
from simulator.setting import CHAT_SLOTS, QUEUES, Setting
from simulator.truth.resolution import ResolutionRules, recount_resolution
from simulator.truth.service import recount_service

CONTRACTS = Path(__file__).parents[2] / "expectations" / "contracts"
FIRST_DAY = (date(2026, 3, 2) - date(1970, 1, 1)).days
DAY_S = 86_400


class Run(NamedTuple):
    """A simulated centre and all that it told."""

    centre: Centre
    contacts: list[Contact]
    records: list[Record]
    folder: Path

    def of_feed(self, feed: str) -> list[dict[str, Any]]:
        return [record.row for record in self.records if record.feed == f"canonical.{feed}"]

    def of_medium(self, medium: str) -> list[Contact]:
        return [contact for contact in self.contacts if contact.medium == medium and contact.direction == "inbound"]


def run(folder: Path, days: int, agents: int, calls_per_day: int, *, seed: int = 4, is_recorded: bool = True) -> Run:
    for name in ("cdr", "cel"):
        (folder / name).mkdir(parents=True)
    last_day = FIRST_DAY + days - 1
    queue_log = QueueLog(folder, FIRST_DAY, last_day, seed, [queue.queue_id for queue in QUEUES])
    cdr, cel = CdrLog(folder / "cdr", FIRST_DAY, last_day), CelLog(folder / "cel", FIRST_DAY, last_day)
    contacts: list[Contact] = []
    records: list[Record] = []
    centre = Centre(
        Setting(FIRST_DAY, days, agents, seed, calls_per_day),
        queue_log,
        cdr,
        cel if is_recorded else None,
        contacts.append,
        records.append if is_recorded else None,
    )
    centre.run()
    for log in (queue_log, cdr, cel):
        log.close()
    return Run(centre, contacts, records, folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("centre"), days=11, agents=10, calls_per_day=560)


def handled(contacts: list[Contact]) -> list[Contact]:
    return [contact for contact in contacts if contact.issue_id is not None]


def share(contacts: list[Contact], name: str) -> float:
    return sum(bool(getattr(contact, name)) for contact in contacts) / len(contacts)


# --- one seed, one centre -------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_records_and_another_seed_others(tmp_path: Path) -> None:
    one, two, other = (run(tmp_path / name, 1, 8, 200, seed=seed) for name, seed in (("a", 4), ("b", 4), ("c", 5)))
    assert one.records == two.records and one.contacts == two.contacts
    assert one.records != other.records


def test_who_listens_changes_nothing(tmp_path: Path) -> None:
    recorded, silent = (run(tmp_path / str(told), 1, 8, 200, is_recorded=told) for told in (True, False))
    assert recorded.contacts == silent.contacts and len(recorded.contacts) > 200
    assert (recorded.folder / "queue_log").read_bytes() == (silent.folder / "queue_log").read_bytes()


# --- records keep their contracts -----------------------------------------------------------------------------------


def violations(contract: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the rows of a feed, by its contract."""
    columns = {column["name"]: column for column in contract["columns"]}
    filled_by: dict[str, set[str]] = defaultdict(set)
    for given in contract.get("inputs", ()):
        for column in given["fills"]:
            filled_by[column].add(given["name"])
    allowed = {*columns, *(name for names in filled_by.values() for name in names)}
    required = {name: {name, *filled_by[name]} for name, column in columns.items() if column.get("required")}
    key_names = [{name, *filled_by[name]} for name in contract["natural_key"]]
    version = str(contract.get("version_column"))
    keys: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        if not row.keys() <= allowed:
            yield f"unknown names {row.keys() - allowed}"
        yield from (f"{name} is empty" for name, by in required.items() if all(row.get(n) is None for n in by))
        for name, value in row.items():
            legal = columns.get(name, {}).get("enum")
            if legal and value is not None and value not in legal:
                yield f"{name} is {value}"
        for ordered in contract.get("ordered", ()):
            instants = [row[name] for name in ordered if row.get(name) is not None]
            if instants != sorted(instants):
                yield f"{ordered} are {instants}"
        keys[(*(next(row[n] for n in names if n in row) for names in key_names), row.get(version))] += 1
    yield from (f"key {key} stands {n} times" for key, n in keys.items() if n > 1)


FEEDS = (*("contact", "ivr_step", "transfer", "chat_message", "customer", "customer_identity", "shift", "agent_state"),)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_record_keeps_the_contract_of_its_feed(made: Run, feed: str) -> None:
    contract = yaml.safe_load((CONTRACTS / f"canonical.{feed}.yml").read_text(encoding="utf-8"))
    rows = made.of_feed(feed)
    assert len(rows) > 50
    assert list(violations(contract, rows))[:3] == []
    broken = [rows[0] | {"unheard_of": 1}, rows[0]]
    assert any("unknown" in text for text in violations(contract, broken))
    assert any("times" in text for text in violations(contract, broken))


def test_no_other_feed_is_written_and_records_come_in_the_order_of_their_time(made: Run) -> None:
    assert {record.feed for record in made.records} == {f"canonical.{feed}" for feed in FEEDS}
    assert all(one.at <= two.at for one, two in pairwise(made.records))


def test_the_crm_lists_each_handled_call_under_the_id_of_the_telephone_system(made: Run) -> None:
    cdr = {row[16] for row in csv.reader(raw_lines(made.folder / "cdr", "Master.csv*"))}
    listed = [row["telephony_call_id"] for row in made.of_feed("contact") if row["telephony_call_id"]]
    answered = {contact.contact_id for contact in made.contacts if contact.medium == "voice" and contact.legs}
    assert len(listed) == len(set(listed))
    assert set(listed) == answered <= cdr
    others = {row["contact_id"] for row in made.of_feed("contact") if not row["telephony_call_id"]}
    assert others == {contact.contact_id for contact in made.contacts if contact.medium != "voice"}


def test_each_contact_is_told_once_in_the_order_of_ends(made: Run) -> None:
    assert len({contact.contact_id for contact in made.contacts}) == len(made.contacts)
    assert all(one.ended_at <= two.ended_at for one, two in pairwise(made.contacts))
    assert {contact.medium for contact in made.contacts} == {"voice", "im", "email"}


# --- people ---------------------------------------------------------------------------------------------------------


def test_most_callers_are_known_and_some_numbers_belong_to_several_customers(made: Run) -> None:
    calls = made.of_medium("voice")
    assert 0.75 < share(calls, "customer_id") < 0.92
    assert 0.85 < share(handled(calls), "customer_id") < 0.95
    assert 0.01 < sum(call.caller == "anonymous" for call in calls) / len(calls) < 0.04
    owners: dict[str, set[str]] = defaultdict(set)
    for row in made.of_feed("customer_identity"):
        if row["identity_type"] == "phone":
            owners[row["identity_number"]].add(row["customer_id"])
    assert any(len(customers) > 1 for customers in owners.values())
    by_caller = defaultdict(set)
    for call in handled(calls):
        by_caller[call.caller].add(call.customer_id)
    assert any(len(people - {None}) > 1 for number, people in by_caller.items() if number != "anonymous")


def test_volume_is_what_the_setting_says_returns_included(made: Run) -> None:
    calls = made.of_medium("voice")
    assert len(calls) / 11 == pytest.approx(made.centre.setting.calls_per_day, rel=0.08)
    days = Counter((call.started_at + 8 * 3600) // DAY_S for call in calls if call.repeat_of)
    assert days[FIRST_DAY + 8] > 3 * days[FIRST_DAY]


def test_new_customers_ask_for_activation_more_than_others(made: Run) -> None:
    asked: dict[str, list[bool]] = defaultdict(list)
    for contact in handled(made.contacts):
        if contact.customer_id and not contact.repeat_of:
            tier = made.centre.population.known(contact.customer_id).tier(contact.started_at)
            asked[tier].append(ISSUE_BY_ID[contact.issue_id or ""].parent_id == "activation")
    rates = {tier: sum(answers) / len(answers) for tier, answers in asked.items()}
    assert rates["new"] > 2 * rates["regular"] > 0
    assert set(rates) == {"new", "regular", "vip"}


def test_talk_depends_on_the_issue(made: Run) -> None:
    talks: dict[str, list[int]] = defaultdict(list)
    for call in handled(made.of_medium("voice")):
        if len(call.legs) == 1 and call.issue_id:
            talks[call.issue_id].append(call.legs[0].talk_s)
    mean = {issue_id: sum(seconds) / len(seconds) for issue_id, seconds in talks.items()}
    assert set(mean) == set(ISSUE_BY_ID)
    assert mean["device_setup"] > 1.4 * mean["address_change"]


# --- the menu -------------------------------------------------------------------------------------------------------


def test_the_steps_of_the_menu_fill_the_time_from_its_answer_to_the_queue(made: Run) -> None:
    calls = [call for call in made.of_medium("voice") if call.steps]
    assert len(calls) > 4000
    for call in calls:
        assert call.steps[0].entered_at == call.answered_at
        assert all(one.left_at == two.entered_at for one, two in pairwise(call.steps))
        assert call.steps[-1].left_at == (call.visits[0].entered_at if call.visits else call.ended_at)
        for one, two in pairwise(call.steps):
            next_node = MENU[one.node_id].keys[one.key] if one.ended == "next_node" and one.key else one.node_id
            assert two.node_id == next_node == (one.target_id or one.node_id)


def test_calls_done_in_the_menu_are_in_the_cdr_and_not_in_the_queue_log(made: Run) -> None:
    served = {call.contact_id for call in made.of_medium("voice") if call.is_self_served}
    queued = {parse_line(text).call_id for text in raw_lines(made.folder, "queue_log*")}
    cdr = {row[16]: row[7] for row in csv.reader(raw_lines(made.folder / "cdr", "Master.csv*"))}
    assert len(served) > 300
    assert not served & queued
    assert {cdr[call_id] for call_id in served} == {"Playback"}


def test_more_callers_hang_up_the_deeper_they_are_in_the_menu(made: Run) -> None:
    visits: Counter[int] = Counter()
    hangups: Counter[int] = Counter()
    for call in made.of_medium("voice"):
        for hop, step in enumerate(call.steps[:3]):
            visits[hop] += 1
            hangups[hop] += step.ended == "hangup" and step.key is None
    rates = [hangups[hop] / visits[hop] for hop in range(3)]
    assert 0 < rates[0] < rates[1] < rates[2] < 0.15
    ended: Counter[str] = Counter(step.ended for call in made.of_medium("voice") for step in call.steps)
    assert min(ended[kind] for kind in ("next_node", "agent", "hangup", "self_service_done", "timeout")) > 50
    assert ended["invalid_key"] > 50


# --- resolution -----------------------------------------------------------------------------------------------------


def test_agents_declare_more_solved_than_is(made: Run) -> None:
    contacts = handled(made.contacts)
    assert 0.78 < share(contacts, "is_solved") < 0.90
    assert 0.02 < share(contacts, "is_declared_solved") - share(contacts, "is_solved") < 0.10


def test_repeats_follow_contacts_on_the_same_issue_and_mostly_those_that_solved_nothing(made: Run) -> None:
    by_id = {contact.contact_id: contact for contact in made.contacts}
    repeats = [contact for contact in made.contacts if contact.repeat_of]
    for repeat in repeats:
        earlier = by_id[repeat.repeat_of or ""]
        assert earlier.ended_at < repeat.started_at <= earlier.ended_at + 13 * DAY_S
        assert repeat.issue_id in (earlier.issue_id, None)
        assert (repeat.repeat_reason == "new_problem") == earlier.is_solved
    assert sum(not by_id[repeat.repeat_of or ""].is_solved for repeat in repeats) > 0.75 * len(repeats)
    assert any(by_id[repeat.repeat_of or ""].repeat_of for repeat in repeats)
    assert {by_id[repeat.repeat_of or ""].medium + repeat.medium for repeat in repeats} >= {"voiceim", "imvoice"}


def test_first_contact_resolution_is_that_of_an_ordinary_centre(made: Run) -> None:
    values = recount_resolution(made.contacts, ResolutionRules(as_of=(FIRST_DAY + 11) * DAY_S - 8 * 3600))
    found = {
        (value.kpi_id, value.variant): (value.numerator or 0, value.denominator or 0)
        for value in values
        if value.dim_set == "all" and value.period_start == "2026-03-03"
    }
    observed, declared = (found["M094", name] for name in ("fcr_7d_issue", "fcr_declared"))
    assert 0.80 < observed[0] / observed[1] < 0.92
    assert found["M183", "mature_first"][0] > 0
    assert observed[1] == declared[1] > 500


def test_hand_overs_have_reasons_and_less_able_agents_more_of_them(made: Run) -> None:
    contacts = [contact for contact in made.of_medium("voice") if contact.legs]
    reasons = Counter(handover.reason for contact in contacts for handover in contact.handovers)
    assert set(reasons) == {"ability", "department", "customer_request", "overflow"}
    rate: dict[str, list[bool]] = defaultdict(list)
    for contact in contacts:
        rate[contact.legs[0].agent_id].append(any(h.reason == "ability" for h in contact.handovers))
    by_ability = sorted(made.centre.agents, key=lambda agent: agent.ability)
    low, high = (
        sum(sum(rate[agent.agent_id]) for agent in agents) / sum(len(rate[agent.agent_id]) for agent in agents)
        for agents in (by_ability[:3], by_ability[-3:])
    )
    assert low > 1.5 * high


# --- chats and mails ------------------------------------------------------------------------------------------------


def test_no_agent_has_more_chats_at_once_than_slots_and_states_tell_how_many(made: Run) -> None:
    edges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for chat in made.of_medium("im"):
        answered = chat.visits[-1]
        if answered.agent_id:
            edges[answered.agent_id] += [(answered.left_at, 1), (chat.ended_at, -1)]
    seconds_of_chats = 0
    for agent_edges in edges.values():
        load, before = 0, 0
        for at, change in sorted(agent_edges):
            seconds_of_chats += load * (at - before)
            load, before = load + change, at
            assert 0 <= load <= CHAT_SLOTS
    states = made.of_feed("agent_state")
    assert sum(row["slots_used"] * row["duration_s"] for row in states) == seconds_of_chats
    assert max(row["slots_used"] for row in states) == CHAT_SLOTS
    assert {(row["state"], row["channel_id"]) for row in states} == {
        (state, "im_web") for state in ("ready", "talk", "break")
    }


def test_chats_peak_in_the_evening_and_are_answered_within_half_a_minute(made: Run) -> None:
    chats = made.of_medium("im")
    hours = Counter((chat.started_at + 8 * 3600) % DAY_S // 3600 for chat in chats)
    assert {hour for hour, _ in hours.most_common(2)} == {20, 21}
    abandoned = sum(chat.visits[-1].exit_kind == "abandoned" for chat in chats) / len(chats)
    assert 0.002 < abandoned < 0.12
    values = [value for value in recount_service(chats) if value.kpi_id == "M023" and value.dim_set == "all"]
    turns, first = (
        sum(value.numerator or 0 for value in values if value.variant == variant)
        / sum(value.denominator or 0 for value in values if value.variant == variant)
        for variant in ("turns", "first_response")
    )
    assert 12 < turns < 30 and turns < first


def test_mails_are_answered_in_the_hours_of_their_desk_within_a_day(made: Run) -> None:
    mails = made.of_medium("email")
    assert len(mails) > 200
    for mail in mails:
        answers = [message.at for message in mail.messages if message.sender == "agent"]
        assert 1 <= len(answers) <= 4 and mail.messages[-1].sender == "agent"
        assert all(8 <= (at + 8 * 3600) % DAY_S / 3600 < 22 for at in answers)
        assert mail.ended_at - mail.started_at < DAY_S


# --- channel events -------------------------------------------------------------------------------------------------


def test_channel_events_tell_every_transfer_also_those_that_the_queue_log_loses(made: Run) -> None:
    rows = list(csv.reader(raw_lines(made.folder / "cel", "Master.csv*")))
    assert {len(row) for row in rows} == {20}
    events = Counter(row[0] for row in rows)
    queue_log = Counter(parse_line(text).event for text in set(raw_lines(made.folder, "queue_log*")))
    planted = made.centre.planted
    assert events["ATTENDEDTRANSFER"] == queue_log["ATTENDEDTRANSFER"] == planted["attended_transfers"] > 0
    assert planted["transfers_without_queue"] > 0
    assert events["BLINDTRANSFER"] == queue_log["BLINDTRANSFER"] + planted["transfers_without_queue"]
    assert events["CHAN_START"] == events["CHAN_END"] == events["HANGUP"]
    assert events["BRIDGE_ENTER"] == events["BRIDGE_EXIT"]
    transferees = {json.loads(row[19])["transferee_channel_uniqueid"] for row in rows if "TRANSFER" in row[0]}
    assert transferees <= {contact.contact_id for contact in made.contacts}
    times = [float(row[1]) for row in rows]
    assert times == sorted(times)
