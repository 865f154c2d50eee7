"""What follows a contact is the same for a seed, keeps its contracts, and happens as often as intended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from expectations.contracts import contract
from simulator.aftermath import Aftermath
from simulator.aftermath.complaints import COMPLAINT_TYPES
from simulator.aftermath.recordings import REQUIREMENTS
from simulator.aftermath.tickets import FIELDS, TICKET_TYPES
from simulator.events import Contact
from simulator.records import Record
from simulator.scenarios.effects import NO_EFFECTS, Change, Effects, Planting
from simulator.truth.complaints import ComplaintRecount
from simulator.truth.quality import QualityRecount
from simulator.truth.surveys import SurveyRecount
from simulator.truth.tickets import TicketRecount
from simulator.truth.values import Value
from tests.simulator.contacts import AGENTS, DAY_S, MONDAY, contacts, customer_of

FEEDS = {
    f"canonical.{name}"
    for name in (
        *("ticket", "ticket_event", "ticket_field", "complaint", "survey_invitation", "survey_response"),
        *("qa_evaluation", "qa_evaluation_item", "recording", "compliance_record", "audio_quality"),
        *("sentiment_alert", "interaction_sync", "knowledge_use"),
    )
}
# as instants are told in the language of Python
TYPES: dict[str, type | tuple[type, ...]] = {
    "VARCHAR": str,
    "BOOLEAN": bool,
    "INTEGER": int,
    "DOUBLE": (int, float),
    "TIMESTAMP": int,
}


def aftermath(effects: Effects = NO_EFFECTS) -> Aftermath:
    return Aftermath(7, customer_of, AGENTS, effects)


@pytest.fixture(scope="module")
def handled() -> list[Contact]:
    return list(contacts(5000, 14))


@pytest.fixture(scope="module")
def records(handled: list[Contact]) -> list[Record]:
    following = aftermath()
    return [record for contact in handled for record in following.of(contact)]


def latest(records: Iterable[Record], feed: str, *key: str) -> list[dict[str, Any]]:
    found = {tuple(record.row[name] for name in key): record.row for record in records if record.feed == feed}
    return list(found.values())


def share(rows: list[dict[str, Any]], is_so: Callable[[dict[str, Any]], bool]) -> float:
    return sum(map(is_so, rows)) / len(rows)


# --- determinism ----------------------------------------------------------------------------------------------------


def test_one_seed_gives_the_same_records_and_another_others(handled: list[Contact], records: list[Record]) -> None:
    again, other = aftermath(), Aftermath(8, customer_of, AGENTS)
    first = [record for contact in handled[:1500] for record in again.of(contact)]
    assert first == records[: len(first)]
    assert first != [record for contact in handled[:1500] for record in other.of(contact)]


def test_what_follows_a_contact_depends_on_no_contact_of_others(handled: list[Contact]) -> None:
    """Contacts that repeat nothing and complain of nothing have the same aftermath when they are alone."""
    alone = [c for c in handled if c.repeat_of is None and c.issue_id != "service_complaint"][:200]
    together = aftermath()
    found = {contact.contact_id: list(together.of(contact)) for contact in handled[:1000]}
    for contact in reversed(alone):
        assert list(aftermath().of(contact)) == found[contact.contact_id]


# --- contracts ------------------------------------------------------------------------------------------------------


def test_every_feed_has_records_and_no_other_feed_has(records: list[Record]) -> None:
    assert {record.feed for record in records} == FEEDS


def test_records_have_the_names_types_and_enums_of_their_contracts(records: list[Record]) -> None:
    for record in records:
        told = contract(record.feed)
        columns = {column.name: column for column in told.columns}
        assert set(record.row) <= {*columns, *(name.name for name in told.inputs)}, record.feed
        for name, column in columns.items():
            value = record.row.get(name)
            if value is None:
                assert not column.required, f"{record.feed} {name}"
                continue
            assert isinstance(value, TYPES[column.type]), f"{record.feed} {name} {value!r}"
            assert column.type == "BOOLEAN" or not isinstance(value, bool)
            assert not column.enum or value in column.enum, f"{record.feed} {name} {value!r}"


def test_a_key_and_its_version_come_once(records: list[Record]) -> None:
    keys: Counter[tuple[object, ...]] = Counter()
    for record in records:
        told = contract(record.feed)
        version = (told.version_column,) if told.version_column else ()
        keys[record.feed, *(record.row[name] for name in (*told.natural_key, *version))] += 1
    assert keys.most_common(1)[0][1] == 1


def test_values_rise_as_their_contracts_order_them(records: list[Record]) -> None:
    for record in records:
        for chain in contract(record.feed).ordered:
            known = [record.row[name] for name in chain if record.row.get(name) is not None]
            assert all(a <= b for a, b in pairwise(known)), f"{record.feed} {chain} {known}"


def test_nothing_is_written_before_its_contact_is_over_or_before_it_happened(
    handled: list[Contact], records: list[Record]
) -> None:
    following = aftermath()
    for contact in handled[:500]:
        assert all(record.at >= contact.ended_at for record in following.of(contact))
    for record in records:
        event_time = contract(record.feed).event_time
        assert event_time is None or record.row[event_time] <= record.at


def test_a_contact_that_nobody_handled_has_no_aftermath(handled: list[Contact]) -> None:
    following = aftermath()
    unhandled = [contact for contact in handled if contact.last_agent_id is None]
    assert unhandled and not any(list(following.of(contact)) for contact in unhandled)


def test_every_code_has_a_name_in_both_languages(records: list[Record]) -> None:
    tickets = latest(records, "canonical.ticket", "ticket_id")
    fields = latest(records, "canonical.ticket_field", "ticket_id", "field_name")
    for names, used in (
        (TICKET_TYPES, {row["ticket_type"] for row in tickets}),
        (FIELDS, {row["field_name"] for row in fields}),
        (COMPLAINT_TYPES, {row["complaint_type"] for row in latest(records, "canonical.complaint", "complaint_id")}),
        (
            REQUIREMENTS,
            {
                row["requirement_id"]
                for row in latest(records, "canonical.compliance_record", "contact_id", "requirement_id")
            },
        ),
    ):
        assert used <= set(names)
        assert all(zh and en and not zh.isascii() and en.isascii() for zh, en in names.values())


# --- rates ----------------------------------------------------------------------------------------------------------


def between(low: float, value: float, high: float) -> bool:
    return low < value < high


def test_tickets_go_as_intended(records: list[Record]) -> None:
    tickets = latest(records, "canonical.ticket", "ticket_id")
    archived = [row for row in tickets if row["archived_at"] is not None]
    assert between(0.97, len(archived) / len(tickets), 0.999)
    assert between(0.85, share(archived, lambda row: row["archived_at"] <= row["due_at"]), 0.97)
    assert between(0.02, share(tickets, lambda row: row["returned_count"] > 0), 0.08)
    assert between(0.01, share(tickets, lambda row: row["reopened_count"] > 0), 0.07)
    assert between(0.02, share(archived, lambda row: row["initial_category"] != row["final_category"]), 0.09)
    assert all(row["status"] == "archived" for row in archived)


def test_ticket_events_tell_what_the_tickets_say(records: list[Record]) -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for row in latest(records, "canonical.ticket_event", "ticket_id", "event_id"):
        kinds[row["ticket_id"]][row["kind"]] += 1
    for row in latest(records, "canonical.ticket", "ticket_id"):
        told = kinds[row["ticket_id"]]
        assert told["created"] == 1
        assert told["archived"] == (row["archived_at"] is not None)
        assert told["reopened"] == row["reopened_count"]
        assert (told["returned"] > 0) == (row["returned_count"] > 0)
        assert told["sent_to_department"] == told["accepted"]


def test_who_answers_a_survey_is_not_like_who_does_not(handled: list[Contact], records: list[Record]) -> None:
    """Those whose issue was solved answer more often and give better scores, so silence is no random sample."""
    is_solved = {contact.contact_id: contact.is_solved for contact in handled}
    sent = latest(records, "canonical.survey_invitation", "survey_id")
    answers = latest(records, "canonical.survey_response", "survey_id", "question_id")
    rated = [row for row in answers if row["question_kind"] == "csat"]
    answered = {row["survey_id"] for row in rated}
    assert between(0.27, len(answered) / len(sent), 0.34)
    rates = {
        solved: share(
            [row for row in sent if is_solved[row["contact_id"]] is solved], lambda row: row["survey_id"] in answered
        )
        for solved in (True, False)
    }
    assert rates[True] > rates[False] + 0.04
    pleased = {
        solved: share([row for row in rated if is_solved[row["contact_id"]] is solved], lambda row: row["score"] >= 4)
        for solved in (True, False)
    }
    assert pleased[True] > 0.9 and pleased[False] < 0.5
    assert all(row["is_praise"] is False or row["score"] == 5 for row in rated)


def test_complaints_are_rare_and_come_again_about_the_same_matter(records: list[Record]) -> None:
    complaints = {row["complaint_id"]: row for row in latest(records, "canonical.complaint", "complaint_id")}
    assert between(0.04, share(list(complaints.values()), lambda row: row["escalated_at"] is not None), 0.16)
    reports = [row for row in complaints.values() if row["is_regulator_report"]]
    assert len(reports) < 0.05 * len(complaints)
    assert all(row["received_contact_id"] is None for row in reports)
    again = [row for row in complaints.values() if row["parent_complaint_id"] is not None]
    assert again
    for row in again:
        parent = complaints[row["parent_complaint_id"]]
        assert (row["complaint_type"], row["customer_id"]) == (parent["complaint_type"], parent["customer_id"])
        assert row["opened_at"] > parent["closed_at"]


def test_evaluations_add_up_and_know_good_agents(records: list[Record]) -> None:
    items: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in latest(records, "canonical.qa_evaluation_item", "evaluation_id", "item_id"):
        items[row["evaluation_id"]].append(row)
    evaluations = latest(records, "canonical.qa_evaluation", "evaluation_id")
    for row in evaluations:
        applied = [item for item in items[row["evaluation_id"]] if item["is_applicable"]]
        assert row["score"] == pytest.approx(sum(item["score"] for item in applied), abs=0.2)
        assert row["score_max"] == sum(item["score_max"] for item in applied)
    by_people = [row for row in evaluations if row["evaluator_type"] == "human" and row["sampled_by"] == "random"]
    scores: dict[bool, list[float]] = {True: [], False: []}
    for row in by_people:
        scores[AGENTS[row["agent_id"]] > 0].append(row["score"] / row["score_max"])
    assert sum(scores[True]) / len(scores[True]) > sum(scores[False]) / len(scores[False]) + 0.03
    assert between(0.78, share(by_people, lambda row: row["is_passed"]), 0.96)


def test_recordings_are_complete_but_for_a_few(handled: list[Contact], records: list[Record]) -> None:
    legs = sum(len(contact.legs) for contact in handled)
    recordings = latest(records, "canonical.recording", "recording_id")
    assert between(0.0, 1 - len(recordings) / legs, 0.008)
    assert any(row["deleted_at"] is not None for row in recordings)


# --- effects --------------------------------------------------------------------------------------------------------


class Planted(Effects):
    """The cases of repair tickets, of an agent who completes too little, and of what customers say."""

    levels: Mapping[str, tuple[str, object, float]] = {
        "ticket_route_s": ("topic", "repair", 3 * 3600.0),
        "ticket_stage_s": ("topic", "repair", 1.8 * 3600.0),
        "ticket_rework": ("topic", "repair", 0.15),
        "survey_points": ("topic", "repair", 65.0),
        "strong_emotion": ("topic", "complaint", 0.30),
        "ticket_completed": ("agent", "1003", 0.60),
    }

    def level(self, effect: str, base: float, at: int, **of: str | int | None) -> float:
        name, member, level = self.levels.get(effect, ("", "", 0.0))
        return level if name in of and of[name] == member else base


@pytest.fixture(scope="module")
def planted() -> list[Value]:
    following = aftermath(Planted())
    tickets, surveys, quality, complaints = TicketRecount(), SurveyRecount(), QualityRecount(), ComplaintRecount()
    for contact in contacts(7000, 14):
        quality.add_contact(contact)
        complaints.add_contact(contact)
        for record in following.of(contact):
            for recount in (tickets, surveys, quality, complaints):
                recount.add(record)
    end = MONDAY + 120 * DAY_S
    return [*tickets.values(end), *surveys.values(), *quality.values(), *complaints.values(end)]


def whole(values: list[Value], kpi_id: str, variant: str, **where: object) -> float:
    """A ratio over all days."""
    rows = [
        value
        for value in values
        if (value.kpi_id, value.variant, value.grain) == (kpi_id, variant, "day")
        and all(getattr(value, name) == wanted for name, wanted in where.items())
    ]
    return sum(value.numerator or 0 for value in rows) / sum(value.denominator or 0 for value in rows)


def test_a_planted_case_is_in_the_truth(planted: list[Value]) -> None:
    repair = {"issue": "repair_request", "dim_set": "issue"}
    assert whole(planted, "M088", "ticket_business", **repair) == pytest.approx(3 * 3600, rel=0.08)
    assert whole(planted, "M089", "business", category="service>after_sales", **repair) == pytest.approx(0.6, abs=0.04)
    assert whole(planted, "M091", "tickets", **repair) == pytest.approx(0.15, abs=0.04)
    assert whole(planted, "M113", "mean_100", category="after_sales") == pytest.approx(65, abs=3)
    assert whole(planted, "M119", "contacts", issue="service_complaint") == pytest.approx(0.30, abs=0.08)
    assert whole(planted, "M085", "assigned", agent="1003") < 0.8 < whole(planted, "M085", "assigned", agent="1004")


def after(handled: list[Contact], *changes: Change) -> list[Record]:
    following = aftermath(Effects([Planting("test", changes, "before")]))
    return [record for contact in handled for record in following.of(contact)]


def test_where_a_scenario_says_how_many_complaints_come_again_no_others_do(
    handled: list[Contact], records: list[Record]
) -> None:
    again = [row for row in latest(records, "canonical.complaint", "complaint_id") if row["parent_complaint_id"]]
    assert {row["received_contact_id"] is None for row in again} == {True, False}
    never = (Change("complaint_again", "before", level=0.0, where={"complaint_type": it}) for it in COMPLAINT_TYPES)
    planted = latest(after(handled, *never), "canonical.complaint", "complaint_id")
    assert planted
    assert not [row for row in planted if row["parent_complaint_id"]]


def test_planted_satisfaction_stays_as_planted_when_more_is_solved(handled: list[Contact]) -> None:
    """What raises the score is a solution where there is usually none."""
    solved = [contact for contact in handled if contact.is_solved]
    points = Change("survey_points", "before", level=60.0)

    def mean_points(*changes: Change) -> float:
        answers = [record.row for record in after(solved, *changes) if record.feed == "canonical.survey_response"]
        scores = [row["score"] for row in answers if row["question_kind"] == "csat"]
        return float(sum(25 * (score - 1) for score in scores) / len(scores))

    assert mean_points(points, Change("solved", "before", level=1.0)) == pytest.approx(60, abs=1.5)
    assert mean_points(points) > 62
