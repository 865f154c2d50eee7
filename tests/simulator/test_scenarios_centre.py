"""What the worked cases plant in arrivals, menu, lines and queues is found again in the centre's events."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.asterisk_files import CdrLog, QueueLog
from simulator.catalogue import ISSUE_BY_ID
from simulator.centre import Centre
from simulator.events import Contact, History
from simulator.local_time import DAY_S, HOUR_S, UTC_OFFSET_S, day_of, midnight, number_of
from simulator.occasions import Calendar
from simulator.records import Record
from simulator.run import usual_calls_per_day
from simulator.scenarios.cases import scenario
from simulator.scenarios.effects import Effects
from simulator.scenarios.planting import planting
from simulator.scenarios.scenario import Expected
from simulator.setting import QUEUES, Setting

SEED = 1
FIRST = date(2026, 3, 2)


class Watched(Centre):
    """A centre with all that happened in it."""

    told: History
    digital: list[Contact]


Simulate = Callable[..., Watched]


@pytest.fixture
def simulate(tmp_path: Path) -> Simulate:
    def run(
        *cases: str,
        days: int,
        agents: int = 24,
        start: date = FIRST,
        calls_per_day: int | None = None,
        records: list[Record] | None = None,
    ) -> Watched:
        folder = tmp_path / ("-".join(cases) or "ordinary")
        (folder / "cdr").mkdir(parents=True)
        first = number_of(start)
        queue_log = QueueLog(folder, first, first + days - 1, SEED, [queue.queue_id for queue in QUEUES])
        cdr = CdrLog(folder / "cdr", first, first + days - 1)
        told, contacts = History(), list[Contact]()
        centre = Watched(
            Setting(first, days, agents, SEED, calls_per_day or usual_calls_per_day(agents)),
            queue_log,
            cdr,
            on_contact=contacts.append,
            on_record=None if records is None else records.append,
            effects=Effects([planting(case) for case in cases], Calendar(SEED)),
            listener=told,
        )
        centre.told = told
        centre.run()
        centre.digital = [contact for contact in contacts if contact.medium != "voice"]
        queue_log.close()
        cdr.close()
        return centre

    return run


# --- what contacts show -----------------------------------------------------------------------------------------------


def calls(centre: Watched) -> list[Contact]:
    return [contact for contact in centre.told.contacts if contact.direction == "inbound"]


def hour(call: Contact) -> int:
    """The local hour of the queue entry, or of the begin of a call that never queued."""
    at = call.visits[0].entered_at if call.visits else call.started_at
    return (at + UTC_OFFSET_S) % DAY_S // HOUR_S


def wait_s(call: Contact) -> int:
    """Seconds from the first queue entry to the answer or to leaving the last queue; 0 without a queue."""
    if not call.visits:
        return 0
    end = next((visit for visit in call.visits if visit.exit_kind == "answered"), call.visits[-1])
    return end.left_at - call.visits[0].entered_at


def is_abandoned(call: Contact) -> bool:
    return bool(call.visits) and not call.legs and call.visits[-1].exit_kind == "abandoned"


def is_connected(call: Contact) -> bool:
    return call.disposition not in ("CONGESTION", "FAILED")


def tier(centre: Watched, call: Contact) -> str | None:
    if call.customer_id is None:
        return None
    return centre.population.known(call.customer_id).tier(call.started_at)


def topic(contact: Contact) -> str:
    assert contact.issue_id is not None
    return ISSUE_BY_ID[contact.issue_id].parent_id


def share(of: Iterable[object], at_least: int = 100) -> float:
    """Of things the share that is true; there must be enough of them to tell."""
    told = [bool(one) for one in of]
    assert len(told) >= at_least
    return sum(told) / len(told)


def expected(scenario_id: str, metric_id: str, phase: str, **where: str) -> Expected:
    (found,) = [
        it
        for it in scenario(scenario_id).expected
        if (it.metric_id, it.phase) == (metric_id, phase) and where.items() <= it.where.items()
    ]
    return found


def assert_found(value: float, wanted: Expected) -> None:
    assert abs(value - wanted.value) <= wanted.tolerance, f"{wanted.metric_id}: {value:.3f} is not {wanted.value:.3f}"


# --- nothing else changes ---------------------------------------------------------------------------------------------


def test_a_case_of_other_things_leaves_every_call_as_it_was(simulate: Simulate, tmp_path: Path) -> None:
    ordinary, planted = simulate(days=1, agents=8), simulate("S4-3=before", "S2-9=before", days=1, agents=8)
    assert ordinary.told.contacts == planted.told.contacts
    assert len(ordinary.told.contacts) > 200
    logs = [(tmp_path / name / "queue_log").read_bytes() for name in ("ordinary", "S4-3=before-S2-9=before")]
    assert logs[0] == logs[1]


def test_a_case_leaves_the_days_before_its_measure_as_without_it(simulate: Simulate) -> None:
    alone, both = simulate("S4-8=before", days=2, agents=8), simulate("S4-8=2026-03-03", days=2, agents=8)
    noon = midnight(number_of(FIRST)) + 12 * HOUR_S

    def until_noon(centre: Watched) -> list[Contact]:
        return [call for call in centre.told.contacts if call.ended_at < noon]

    assert until_noon(alone) == until_noon(both) != []
    assert alone.told.contacts != both.told.contacts


# --- who comes --------------------------------------------------------------------------------------------------------


def test_repayment_days_bring_two_and_a_half_times_the_calls_and_a_rota_answers_a_third_more(
    simulate: Simulate,
) -> None:
    start, calendar = date(2026, 3, 3), Calendar(SEED)
    answered: dict[str, float] = {}
    for switch in ("before", "after"):
        per_day: Counter[int] = Counter()
        asked = []
        for call in calls(simulate(f"S2-1={switch}", days=12, agents=12, start=start)):
            day = day_of(call.started_at)
            per_day[day] += 1
            if calendar.has(day, "repayment") and (call.visits or call.legs or not is_connected(call)):
                asked.append(call)
        answered[switch] = share(call.legs for call in asked)
        usual = {(day + 3) % 7: n for day, n in per_day.items() if not calendar.has(day, "repayment")}
        days = [day for day in per_day if calendar.has(day, "repayment") and (day + 3) % 7 in usual]
        assert len(days) == 5
        uplift = sum(per_day[day] for day in days) / sum(usual[(day + 3) % 7] for day in days)
        assert_found(uplift, expected("S2-1", "M012", "before"))
    assert_found(answered["after"] / answered["before"] - 1, expected("S2-1", "M030", "change"))
    (rota,) = scenario("S2-1").measures
    assert answered["before"] == pytest.approx(rota.baseline, abs=0.04)
    assert answered["after"] == pytest.approx(rota.reached, abs=0.04)


def test_a_rota_brings_in_agents_on_its_days_alone_and_publishes_their_shifts(simulate: Simulate) -> None:
    records: list[Record] = []
    centre = simulate("S2-1=after", days=5, agents=12, start=date(2026, 3, 5), records=records)
    brought_in = {agent.agent_id for agent in centre.brought_in}
    assert len(brought_in) == 6 and brought_in < {agent.agent_id for agent in centre.agents}
    at_work: dict[str, set[int]] = defaultdict(set)
    for presence in centre.told.presences:
        at_work[presence.agent_id].add(day_of(presence.started_at))
    published = {
        (record.row["agent_id"], day_of(record.row["planned_start_at"]))
        for record in records
        if record.feed == "canonical.shift" and record.row["agent_id"] in brought_in
    }
    days = {day for agent_id in brought_in for day in at_work[agent_id]}
    assert min(days) == number_of(date(2026, 3, 7))
    assert {day for _, day in published} <= days
    answered_by = {leg.agent_id for call in calls(centre) for leg in call.legs}
    assert brought_in <= answered_by


def test_after_sales_is_45_percent_of_what_the_centre_handles(simulate: Simulate) -> None:
    centre = simulate("S2-2=before", days=9, agents=12)
    handled = [contact for contact in [*calls(centre), *centre.digital] if contact.issue_id]
    wanted = expected("S2-2", "M005", "before")
    assert_found(share(topic(contact) == "repair" for contact in handled), wanted)
    assert_found(share(topic(contact) == "repair" for contact in handled if contact.medium == "voice"), wanted)


def test_chats_peak_from_20_to_22_h(simulate: Simulate) -> None:
    chats = [contact for contact in simulate("S0-4=before", days=1).digital if contact.medium == "im"]
    by_hour = Counter(hour(chat) for chat in chats)
    (peak, most), *_ = by_hour.most_common(1)
    assert_found(peak, expected("S0-4", "M010", "before"))
    assert most > 2 * by_hour[19]


def test_new_contacts_come_by_chat_and_about_after_sales_as_the_whole_of_s0_1_needs(simulate: Simulate) -> None:
    centre = simulate("S0-1=before", days=9, agents=12)
    new = [
        contact
        for contact in [*calls(centre), *centre.digital]
        if contact.issue_id and contact.customer_id and not contact.repeat_of
    ]
    assert share(contact.medium == "im" for contact in new) == pytest.approx(0.05 / 0.17, abs=0.02)
    assert not any(contact.medium == "email" and not contact.repeat_of for contact in new)
    handled = [call for call in calls(centre) if call.issue_id]
    assert share(topic(call) == "repair" for call in handled) == pytest.approx(0.17, abs=0.02)


def test_60_percent_of_what_new_customers_come_with_is_activation(simulate: Simulate) -> None:
    centre = simulate("S4-4=before", days=7, agents=12)
    handled = [contact for contact in [*calls(centre), *centre.digital] if contact.issue_id]
    of_new = [contact for contact in handled if tier(centre, contact) == "new"]
    others = [contact for contact in handled if tier(centre, contact) == "regular"]
    assert share(topic(contact) == "activation" for contact in of_new) == pytest.approx(0.60, abs=0.03)
    assert share(topic(contact) == "activation" for contact in others) < 0.15


def test_in_the_evening_60_percent_are_new_customers_and_30_percent_of_them_give_up_the_menu(
    simulate: Simulate,
) -> None:
    centre = simulate("S4-5=before", days=6)
    evening = [call for call in calls(centre) if hour(call) in (19, 20)]
    assert_found(share(tier(centre, call) == "new" for call in evening), expected("S4-5", "M018", "before"))
    in_menu = [call for call in evening if call.steps and tier(centre, call) == "new"]
    assert_found(share(map(gives_up_the_menu, in_menu)), expected("S4-5", "M057", "before"))
    others = [call for call in calls(centre) if call.steps and hour(call) in (14, 15)]
    assert share(map(gives_up_the_menu, others)) < 0.03


def gives_up_the_menu(call: Contact) -> bool:
    """Hung up inside the menu after two failures, or two hops."""
    failed = sum(step.ended in ("invalid_key", "timeout") for step in call.steps)
    hops = sum(step.ended == "next_node" for step in call.steps)
    return not call.visits and call.steps[-1].ended == "hangup" and (failed >= 2 or hops >= 2)


# --- menu and lines ---------------------------------------------------------------------------------------------------


def test_90_percent_leave_the_delivery_node_for_an_agent(simulate: Simulate) -> None:
    stays = [step for call in calls(simulate("S2-8=before", days=2)) for step in call.steps]
    wanted = expected("S2-8", "M052", "before")
    assert_found(share(step.ended == "agent" for step in stays if step.node_id == "delivery_query"), wanted)
    assert share(step.ended == "agent" for step in stays if step.node_id == "bill_query") < 0.5


def test_lines_lose_30_percent_in_one_hour_until_there_are_more(simulate: Simulate) -> None:
    found = calls(simulate("S4-8=2026-03-04", days=4))
    switched = midnight(number_of(date(2026, 3, 4)))
    before = [call for call in found if call.started_at < switched]
    after = [call for call in found if call.started_at >= switched]
    wanted = [it for it in scenario("S4-8").expected if it.metric_id == "M177"]
    assert_found(share(is_connected(call) for call in before if hour(call) != 15), wanted[0])
    assert_found(share(is_connected(call) for call in before if hour(call) == 15), wanted[1])
    assert_found(share(is_connected(call) for call in after if hour(call) == 15), wanted[2])


# --- queues -----------------------------------------------------------------------------------------------------------


def test_23_percent_abandon_in_the_queue_and_60_percent_of_them_within_30_s(simulate: Simulate) -> None:
    queued = [call for call in calls(simulate("S2-3=before", days=2)) if call.visits]
    abandoned = [call for call in queued if is_abandoned(call)]
    net = [call for call in queued if not (is_abandoned(call) and wait_s(call) < 5)]
    assert_found(share(is_abandoned(call) for call in net), expected("S2-3", "M034", "before"))
    assert_found(share(wait_s(call) <= 30 for call in abandoned), expected("S2-3", "M035", "before"))


@pytest.mark.parametrize(("switch", "hops", "days"), [("before", 3, 24), ("after", 2, 14)])
def test_the_morning_queue_and_the_hops_of_the_menu_lose_as_many_as_planted(
    simulate: Simulate, switch: str, hops: int, days: int
) -> None:
    centre = simulate(f"S4-1={switch}", days=days, agents=12)
    found = calls(centre)
    late = [call for call in found if call.visits and wait_s(call) > 120]
    morning = [call for call in late if hour(call) in (10, 11)]
    assert_found(share(map(is_abandoned, morning)), expected("S4-1", "M036", switch, hour_of_day="10-11"))
    others = share(is_abandoned(call) for call in late if hour(call) not in (10, 11))
    assert_found(others, expected("S4-1", "M036", "before", hour_of_day="other"))
    wait = statistics.fmean(wait_s(call) for call in found if call.legs and hour(call) in (10, 11))
    if switch == "after":
        assert_found(wait, expected("S4-1", "M024", "after"))
    else:
        assert wait == pytest.approx(120, abs=12)
    at_last_node = [
        step.ended == "hangup"
        for call in found
        for number, step in enumerate(call.steps)
        if sum(earlier.ended == "next_node" for earlier in call.steps[:number]) == hops
    ]
    assert_found(share(at_last_node), expected("S4-1", "M053", switch, hops=str(hops)))


def test_agents_who_are_held_back_do_tickets_and_nothing_else_meanwhile(simulate: Simulate) -> None:
    ordinary, held = simulate(days=1, agents=12), simulate("S4-1=before", days=1, agents=12)

    def tickets_s(centre: Watched, hours: range) -> int:
        return sum(
            pause.ended_at - pause.started_at
            for pause in centre.told.presences
            if pause.reason == "ticket" and (pause.started_at + UTC_OFFSET_S) % DAY_S // HOUR_S in hours
        )

    assert tickets_s(held, range(10, 12)) > 3 * HOUR_S + tickets_s(ordinary, range(10, 12))
    # nobody is held back beyond the planted hours
    noon = midnight(number_of(FIRST)) + 12 * HOUR_S
    over = [pause for pause in held.told.presences if pause.reason == "ticket" and pause.started_at < noon]
    assert max(pause.ended_at for pause in over) <= noon + 20 * 60
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for pause in held.told.presences:
        if pause.reason is not None:
            spans[pause.agent_id].append((pause.started_at, pause.ended_at))
    for call in held.told.contacts:
        for leg in call.legs:
            if leg.kind == "queue":
                spans[leg.agent_id].append((leg.started_at, leg.ended_at))
    for of_agent in spans.values():
        assert all(one[1] <= two[0] for one, two in pairwise(sorted(of_agent)))
