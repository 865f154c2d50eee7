"""The recounts by tier and by issue give the values worked by hand in DECISIONS.md, section 35."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from simulator.events import CentreRules, Contact, Leg, Presence, QueueRules, Visit
from simulator.records import Record
from simulator.truth.regions import by_listed_customer, by_number_or_customer
from simulator.truth.segments import SegmentRecount
from simulator.truth.surveys import SurveyRecount
from simulator.truth.telephone import TelephoneRecount
from simulator.truth.values import Value

RULES = CentreRules(queues={"sales": QueueRules(20, 5)})
TEN = 1772380800 + 10 * 3600  # 2026-03-02 10:00 in Shanghai
ELEVEN = TEN + 3600


def tier_of(customer_id: str, at: int) -> str:
    return "regular" if customer_id == "C2" else "vip" if at >= ELEVEN else "new"


def call(name: str, customer: str | None, at: int, wait: int, talk: int | None, issue: str | None = None) -> Contact:
    answered_at = at + wait
    kind, ended_at = ("abandoned", answered_at) if talk is None else ("answered", answered_at + talk)
    visit = Visit("sales", at, answered_at, kind, None if talk is None else "1001")  # type: ignore[arg-type]
    legs = [] if talk is None else [Leg("1001", "queue", "sales", answered_at, ended_at)]
    contact = Contact(name, "inbound", "voice_400", "138", at, at, ended_at, "ANSWERED", [visit], legs)
    contact.customer_id, contact.issue_id = customer, issue
    return contact


@pytest.fixture(scope="module")
def calls() -> list[Contact]:
    return [
        call("g1", "C1", ELEVEN - 1, 10, 100, "refund"),
        call("g2", "C1", ELEVEN, 30, 150, "refund"),
        call("g3", None, ELEVEN + 3600, 50, 50, "bill_explained"),
        call("g4", "C2", ELEVEN + 7200, 70, None),
    ]


def figures(values: Iterable[Value], kpi_id: str, variant: str) -> dict[str | None, tuple[object, object]]:
    """Of each member of the day's values, numerator and denominator."""
    return {
        value.tier or value.issue: (value.numerator, value.denominator)
        for value in values
        if (value.kpi_id, value.variant, value.grain) == (kpi_id, variant, "day")
        and value.dim_set in ("tier", "issue")
    }  # fmt: skip


def test_waits_by_tier_are_of_known_customers_whom_an_agent_answered(calls: list[Contact]) -> None:
    recount = SegmentRecount(tier_of)
    for contact in calls:
        recount.add_contact(contact)
    found = list(recount.values())
    assert figures(found, "M024", "answered") == {"new": (10, 1), "vip": (30, 1)}
    assert {value.dim_set for value in found} == {"tier"}


@pytest.mark.parametrize("has_issues", [True, False])
def test_handling_by_issue_has_the_work_after_the_call_and_needs_a_crm(calls: list[Contact], has_issues: bool) -> None:
    recount = TelephoneRecount(RULES, has_issues)
    for contact, work in zip(calls, (20, 30, 10, 0), strict=True):
        recount.add_contact(contact)
        if work:
            recount.add_presence(Presence("1001", "ACW", contact.ended_at, contact.ended_at + work))
    by_issue = {"refund": (300, 2), "bill_explained": (60, 1)}
    assert figures(recount.values(), "M061", "contact") == (by_issue if has_issues else {})


def test_a_call_is_of_the_region_of_its_landline_or_of_the_customer_whom_an_agent_handled(calls: list[Contact]) -> None:
    recount = TelephoneRecount(RULES, region_of=by_number_or_customer(lambda customer_id: "310000"))
    for contact, number in zip(calls, ("01023456789", "13823456789", "anonymous", "13723456789"), strict=True):
        recount.add_contact(replace(contact, caller=number))
    found = [value for value in recount.values() if value.dim_set == "region"]
    assert {(value.region, value.numerator) for value in found if value[:2] == ("M002", "all")} == {
        ("110000", 1), ("310000", 1),
    }  # fmt: skip
    waits = {(it.region, it.numerator, it.denominator) for it in found if it[:2] == ("M024", "answered")}
    assert waits == {("110000", 10, 1), ("310000", 30, 1)}


def test_a_call_is_for_the_line_of_business_of_a_customer_whom_an_agent_handled(calls: list[Contact]) -> None:
    business_of = by_listed_customer(lambda customer_id: f"of {customer_id}")
    recount = TelephoneRecount(RULES, business_of=business_of)
    for contact in calls:
        recount.add_contact(contact)
    found = {
        (value.line_of_business, value.numerator)
        for value in recount.values()
        if value.dim_set == "line_of_business" and value[:2] == ("M002", "all")
    }
    assert found == {("of C1", 2)}, "neither the caller who is nobody's customer nor the one who hung up"


def test_ratings_are_of_the_tier_at_the_start_of_the_contact(calls: list[Contact]) -> None:
    recount = SurveyRecount(tier_of=tier_of)
    for contact, score in zip(calls, (5.0, 2.0, 5.0), strict=False):
        recount.add_contact(contact)
        row = {"survey_id": contact.contact_id, "contact_id": contact.contact_id, "agent_id": "1001",
               "channel_id": "voice_400", "scenario": "enquiry", "sent_at": contact.ended_at, "question_id": "q",
               "question_kind": "csat", "scale_min": 1.0, "scale_max": 5.0, "score": score}  # fmt: skip
        answered_at = contact.ended_at + 3600
        recount.add(Record("canonical.survey_response", answered_at, row | {"responded_at": answered_at}))
    assert figures(recount.values(), "M112", "top_2") == {"new": (1, 1), "vip": (0, 1)}
