"""Defects of records and clocks are planted only when asked for, and as many as are counted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from simulator.aftermath import Aftermath
from simulator.business import queries
from simulator.defect_kinds import DEFECTS, DefectDays, chosen
from simulator.defects import CLOCKS_DIFFER_BY_S, SLOW_BY_S, Defects
from simulator.errors import SettingError
from simulator.events import Contact
from simulator.local_time import date_of, day_of, midnight
from simulator.records import Record
from tests.simulator.contacts import AGENTS, MONDAY, contacts, customer_of

DAYS = DefectDays(day_of(MONDAY), 5)
OF_RECORDS = sorted(chosen(DEFECTS, "record"))
Found = dict[tuple[str, str], Counter[str]]


@pytest.fixture(scope="module")
def happened() -> list[Contact]:
    return list(contacts(3000, DAYS.count))


@pytest.fixture(scope="module")
def records(happened: list[Contact]) -> list[Record]:
    following = Aftermath(7, customer_of, AGENTS)
    made = [record for contact in happened for record in following.of(contact)]
    made += [
        Record(
            "canonical.transfer",
            contact.ended_at,
            {"transfer_id": contact.contact_id, "contact_id": contact.contact_id, "transferred_at": contact.ended_at},
        )
        for contact in happened[::10]
    ]
    for day in range(DAYS.first, DAYS.last + 1):
        made += queries.of_day(7, day, list(AGENTS))
    return made


def planted_in(records: list[Record], happened: list[Contact], *wanted: str) -> tuple[list[Record], Found]:
    """What comes out, and by (defect, feed) the rows of each date that are told."""
    defects = Defects(1, wanted, DAYS)
    for contact in happened:
        defects.see(contact)
    found = list(defects.through(records))
    told: Found = {}
    for one in defects.planted:
        told.setdefault((one.defect, one.feed), Counter())[one.date] += one.rows
    return found, told


def latest(records: list[Record], feed: str, key: str) -> list[dict[str, object]]:
    """The last versions that are written before the end."""
    end = midnight(DAYS.last + 1)
    return list(
        {r.row[key]: r.row for r in sorted(records, key=lambda r: r.at) if r.feed == feed and r.at < end}.values()
    )


def by_date(instants: list[object]) -> Counter[str]:
    return Counter(str(date_of(day_of(int(str(at))))) for at in instants)


def test_nothing_is_planted_unless_asked_for(records: list[Record], happened: list[Contact]) -> None:
    assert planted_in(records, happened) == (records, {})
    assert planted_in(records, happened, *chosen(DEFECTS, "file")) == (records, {})


def test_an_unknown_defect_is_refused() -> None:
    with pytest.raises(SettingError, match="there is no defect gremlins: choose from duplicate_file"):
        Defects(1, ["gremlins"], DAYS)


def test_what_is_counted_by_date_is_what_a_check_would_find(records: list[Record], happened: list[Contact]) -> None:
    found, told = planted_in(records, happened, *OF_RECORDS)
    known = {contact.contact_id for contact in happened}
    tickets = latest(found, "canonical.ticket", "ticket_id")
    wrong = [
        row["created_at"]
        for row in tickets
        if row["solved_at"] and int(str(row["solved_at"])) < int(str(row["created_at"]))
    ]
    assert told["solved_before_created", "canonical.ticket"] == by_date(wrong)
    nobodys = [row["created_at"] for row in tickets if str(row["customer_id"]).startswith("unknown-")]
    assert told["orphan_ticket", "canonical.ticket"] == by_date(nobodys)
    evaluations = latest(found, "canonical.qa_evaluation", "evaluation_id")
    lost = [row["evaluated_at"] for row in evaluations if row["contact_id"] not in known]
    assert told["orphan_evaluation", "canonical.qa_evaluation"] == by_date(lost)
    for feed, key, time in (
        ("canonical.survey_invitation", "survey_id", "sent_at"),
        ("canonical.survey_response", "responded_at", "responded_at"),
        ("canonical.transfer", "transfer_id", "transferred_at"),
    ):
        rows = [r.row for r in found if r.feed == feed and r.at < midnight(DAYS.last + 1)]
        name = "orphan_transfer" if key == "transfer_id" else "orphan_survey"
        assert told[name, feed] == by_date([row[time] for row in rows if row["contact_id"] not in known]), feed
        if name == "orphan_survey":
            again = [row[time] for row in rows if row["survey_id"].endswith("-2")]
            assert told["double_survey", feed] == by_date(again), feed
    chained = [r.row for r in found if r.feed == queries.FEED and r.row["chain_hash"]]
    gaps = [
        row["executed_at"] for before, row in pairwise(chained) if row["previous_chain_hash"] != before["chain_hash"]
    ]
    assert told["log_rows_removed", queries.FEED] == by_date(gaps)
    assert {name for name, _ in told} == set(OF_RECORDS)
    assert all(
        DAYS.may_hold_wrong_records(day_of(r.row["sent_at"])) for r in found if "-2" in str(r.row.get("survey_id"))
    )


def test_a_slow_clock_tells_of_tickets_before_their_contact(records: list[Record], happened: list[Contact]) -> None:
    found, told = planted_in(records, happened, "clock_skew")
    before = {row["ticket_id"]: row for row in latest(records, "canonical.ticket", "ticket_id")}
    starts = {contact.contact_id: contact.started_at for contact in happened}
    early = []
    for row in latest(found, "canonical.ticket", "ticket_id"):
        was = before[row["ticket_id"]]
        slow = SLOW_BY_S if day_of(int(str(was["created_at"]))) == DAYS.spoilt else 0
        assert row == {name: value - slow if name.endswith("_at") and value else value for name, value in was.items()}  # type: ignore[operator]
        if int(str(row["created_at"])) < starts[str(row["contact_id"])] - CLOCKS_DIFFER_BY_S:
            early.append(row["created_at"])
    assert early and told == {("clock_skew", "canonical.ticket"): by_date(early)}


def test_answers_follow_their_survey_to_a_contact_that_is_not_there(
    records: list[Record], happened: list[Contact]
) -> None:
    about, answers = {}, []
    for record in planted_in(records, happened, "orphan_survey")[0]:
        if record.feed == "canonical.survey_invitation":
            about[record.row["survey_id"]] = record.row["contact_id"]
        elif record.feed == "canonical.survey_response" and record.at < midnight(DAYS.last + 1):
            answers.append(record.row)
    assert any(row["contact_id"].startswith("unknown-") for row in answers)
    assert all(row["contact_id"] == about[row["survey_id"]] for row in answers)


def test_the_same_records_are_hit_whatever_else_comes(records: list[Record], happened: list[Contact]) -> None:
    surveys = [record for record in records if record.feed == "canonical.survey_invitation"]
    alone, _ = planted_in(surveys, happened, "double_survey", "orphan_survey")
    together, _ = planted_in(records, happened, *OF_RECORDS)
    assert alone == [record for record in together if record.feed == "canonical.survey_invitation"]
