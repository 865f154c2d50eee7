"""The recounts of resolution, menu and chats give the values worked by hand in DECISIONS.md, sections 20 and 21."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.events import Contact, Leg, Message, Sender, Step, Visit
from simulator.records import Record
from simulator.truth.resolution import ResolutionRules, recount_resolution
from simulator.truth.service import recount_service
from simulator.truth.tickets import TicketRecount
from simulator.truth.values import Value

MIDNIGHT = 1772380800  # 2026-03-02 00:00 in Shanghai
RULES = ResolutionRules(as_of=MIDNIGHT + 18 * 86400, not_resolvable=frozenset({"repair_request"}))
REFUND, BILL, REPAIR = "refund", "bill_explained", "repair_request"


def instant(day: int, clock: str) -> int:
    """An instant of a day of March."""
    hours, minutes, seconds = (int(part) for part in f"{clock}:00".split(":")[:3])
    return MIDNIGHT + (day - 2) * 86400 + hours * 3600 + minutes * 60 + seconds


def handled(
    name: str, customer: str | None, number: str, agent: str, issue: str, day: int, start: str, end: str, declared: bool
) -> Contact:
    """A handled call, or a chat where there is no number."""
    begin, over = instant(day, start), instant(day, end)
    contact = Contact(name, "inbound", "voice_400", number, begin, begin, over, "ANSWERED")
    if number:
        contact.visits = [Visit("billing", begin, begin, "answered", agent)]
        contact.legs = [Leg(agent, "queue", "billing", begin, over)]
    else:
        contact.medium, contact.channel, contact.messages = "im", "im_app", [Message("agent", begin, agent)]
    contact.customer_id, contact.issue_id, contact.is_declared_solved = customer, issue, declared
    return contact


@pytest.fixture(scope="module")
def example() -> list[Contact]:
    return [
        handled("k1", "C1", "N1", "A1", REFUND, 2, "10:00", "10:05", True),
        handled("k2", "C1", "", "A9", REFUND, 5, "20:00", "20:10", True),
        handled("k3", "C1", "N1", "A1", BILL, 6, "10:00", "10:05", True),
        handled("k4", "C2", "N2", "A2", REFUND, 2, "10:50", "11:00", False),
        handled("k5", "C2", "N2", "A1", REFUND, 9, "11:00", "11:10", True),
        handled("k6", "C3", "N3", "A1", REFUND, 2, "11:50", "12:00", True),
        handled("k7", "C3", "N3", "A2", REFUND, 9, "12:00:01", "12:10", True),
        handled("k8", None, "N8", "A2", REFUND, 2, "13:00", "13:05", True),
        handled("k9", "C4", "N4", "A2", REPAIR, 2, "14:00", "14:05", False),
        handled("k10", "C5", "N5", "A1", REFUND, 14, "08:50", "09:00", True),
    ]


def fractions(values: list[Value], day: int, **where: str) -> dict[tuple[str, str], tuple[object, object]]:
    wanted = {"dim_set": "all", "period_start": f"2026-03-{day:02d}"} | where
    return {
        (value.kpi_id, value.variant): (value.numerator, value.denominator)
        for value in values
        if all(getattr(value, name) == expected for name, expected in wanted.items())
    }


@pytest.mark.parametrize(
    ("kpi_id", "variant", "second", "ninth", "fourteenth"),
    [
        ("M094", "fcr_7d_issue", (1, 3), (1, 1), None),
        ("M094", "fcr_7d_issue_gross", (2, 4), (1, 1), None),
        ("M094", "fcr_declared", (2, 3), (1, 1), (1, 1)),
        ("M094", "fcr_declared_gross", (2, 4), (1, 1), (1, 1)),
        ("M094", "mature_share", (3, 3), (1, 1), (0, 1)),
        ("M094", "fcr_caller_id", (3, 5), (1, 1), None),
        ("M094", "unknown_customer", (1, None), (0, None), (0, None)),
        ("M098", "forward", (2, 4), (0, 2), None),
        ("M098", "backward", (0, 4), (1, 2), (0, 1)),
        ("M099", "all", (0, None), (1, None), (0, None)),
        ("M183", "mature_first", (1, 3), (0, 1), None),
        ("M093", "contact_and_ticket", (2, 4), (1, 1), None),
        ("M093", "contact", (2, 4), (1, 1), None),
        ("M096", "declared", (3, 5), (2, 2), (1, 1)),
        ("M096", "observed_7d", (2, 4), (1, 2), None),
    ],
)
def test_the_worked_example_of_decision_20_gives_its_table(
    example: list[Contact], kpi_id: str, variant: str, second: object, ninth: object, fourteenth: object
) -> None:
    values = recount_resolution(example, RULES)
    found = [fractions(values, day).get((kpi_id, variant)) for day in (2, 9, 14)]
    assert found == [second, ninth, fourteenth]


def test_resolution_and_repeats_are_the_earlier_contacts_agents(example: list[Contact]) -> None:
    values = recount_resolution(example, RULES)
    first, second = (fractions(values, 2, dim_set="agent", agent=agent) for agent in ("A1", "A2"))
    assert (first["M095", "fcr_7d_issue"], first["M097", "forward"]) == ((1, 2), (1, 2))
    assert (second["M095", "fcr_7d_issue"], second["M097", "forward"]) == ((0, 1), (1, 2))
    assert (first["M096", "declared"], second["M096", "declared"]) == ((2, 2), (1, 3))
    assert fractions(values, 2, dim_set="issue", issue=REPAIR)["M094", "fcr_7d_issue_gross"] == (1, 1)


def test_completion_is_told_by_channel_and_issue_together(example: list[Contact]) -> None:
    values = recount_resolution(example, RULES)

    def completed(issue: str) -> object:
        found = fractions(values, 2, dim_set="channel+issue", channel="voice_400", issue=issue)
        return found["M093", "contact_and_ticket"]

    assert (completed(REFUND), completed(REPAIR)) == ((1, 3), (1, 1))
    assert fractions(values, 5, dim_set="channel+issue", channel="im_app", issue=REFUND) == {}


@pytest.mark.parametrize(("clock", "solved"), [("11:59:59", 0), ("12:00:00", 0), ("12:00:01", 1)])
def test_a_ticket_opened_again_within_a_week_was_not_solved_by_its_first_contact(
    example: list[Contact], clock: str, solved: int
) -> None:
    at = instant(9, clock)
    records = [
        Record("canonical.ticket", at, {"ticket_id": "T6", "contact_id": "k6"}),
        Record("canonical.ticket_event", at, {"ticket_id": "T6", "kind": "reopened", "happened_at": at}),
    ]
    found = fractions(recount_resolution(example, RULES, records), 2)
    assert found["M094", "fcr_7d_issue"] == (solved, 3)
    assert found["M093", "contact_and_ticket"] == (solved + 1, 4)
    assert (found["M093", "contact"], found["M098", "forward"]) == ((2, 4), (2, 4))


def test_a_ticket_is_one_touch_if_its_writer_solved_it_with_nothing_missing_and_once() -> None:
    recount = TicketRecount()
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"returned_count": 1},
        {"assigned_agent_id": "B1"},
        {"reopened_count": 1},
    )
    for number, changed in enumerate(changes):
        row = {
            "ticket_id": f"T{number}",
            "channel_id": "voice_400",
            "issue_id": REFUND,
            "ticket_type": "billing",
            "created_by_agent_id": "A1",
            "assigned_agent_id": "A1",
            "created_at": instant(2, "09:00"),
            "first_solved_at": instant(2, "23:59:59"),
            "solved_at": instant(3, "00:00"),
            "reopened_count": 0,
            "returned_count": 0,
            "record_updated_at": instant(3, "00:00"),
        }
        empty = ("assigned_at", "due_at", "archived_at", "final_category", "initial_category", "is_complaint",
                 "filled_field_count", "required_field_count", "assigned_department_id")  # fmt: skip
        recount.add(
            Record(
                "canonical.ticket",
                instant(3, "00:00"),
                dict.fromkeys(empty, 0) | dict.fromkeys(empty[:4]) | row | changed,
            )
        )
    assert fractions(list(recount.values(instant(10, "00:00"))), 2)["M094", "fcr_ticket"] == (1, 4)


def test_a_tier_is_that_of_the_contacts_beginning(example: list[Contact]) -> None:
    changes_at = instant(2, "11:55")
    rules = replace(RULES, tier_of=lambda customer, at: "vip" if at >= changes_at else "regular")
    values = recount_resolution(example, rules)
    found = [fractions(values, 2, dim_set="tier", tier=tier)["M098", "forward"] for tier in ("regular", "vip")]
    assert found == [(2, 3), (0, 1)]


def test_the_worked_example_of_decision_21_gives_its_values() -> None:
    def menu(name: str, queued: bool, is_self_served: bool = False) -> Contact:
        contact = Contact(name, "inbound", "voice_400", "1", MIDNIGHT, MIDNIGHT, MIDNIGHT + 60, "ANSWERED")
        contact.steps = [Step("welcome", MIDNIGHT, MIDNIGHT + 9, "agent")]
        contact.visits = [Visit("sales", MIDNIGHT + 9, MIDNIGHT + 30, "abandoned")] if queued else []
        contact.is_self_served = is_self_served
        return contact

    def chat(name: str, *messages: tuple[Sender, int]) -> Contact:
        contact = Contact(name, "inbound", "im_app", "o", MIDNIGHT, MIDNIGHT, MIDNIGHT + 90, "ANSWERED", medium="im")
        contact.messages = [Message(sender, MIDNIGHT + second) for sender, second in messages]
        return contact

    direct = Contact("d", "inbound", "voice_unknown", "1", MIDNIGHT, None, MIDNIGHT + 20, "NO ANSWER")
    contacts = [
        menu("m1", True),
        menu("m2", True),
        menu("m3", False, True),
        menu("m4", False, True),
        menu("m5", False),
        direct,
        chat("h1", ("customer", 0), ("bot", 1), ("customer", 5), ("agent", 20), ("agent", 25), ("customer", 60),
             ("agent", 70), ("customer", 80)),
        chat("h2", ("customer", 0), ("bot", 1), ("agent", 50)),
        chat("h3", ("customer", 0), ("bot", 1)),
    ]  # fmt: skip
    found = fractions(recount_service(contacts), 2)
    assert found == {
        ("M051", "contact"): (45, 5),
        ("M052", "centre"): (2, 5),
        ("M053", "visits"): (0, 5),
        ("M055", "contact"): (0, 5),
        ("M058", "all"): (2, 5),
        ("M023", "turns"): (80, 3),
        ("M023", "first_response"): (70, 2),
    }
