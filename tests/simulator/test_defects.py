"""Defects are planted only when asked for, and as many as are counted."""

from __future__ import annotations

import pytest

from simulator.aftermath import Aftermath
from simulator.defects import DefectRates, Defects
from simulator.records import Record
from tests.simulator.contacts import AGENTS, contacts, customer_of


@pytest.fixture(scope="module")
def records() -> list[Record]:
    following = Aftermath(7, customer_of, AGENTS)
    return [record for contact in contacts(2000, 5) for record in following.of(contact)]


def test_nothing_is_planted_unless_asked_for(records: list[Record]) -> None:
    defects = Defects(1, DefectRates())
    assert list(defects.through(records)) == records
    assert not defects.planted


def test_what_is_counted_is_what_a_check_would_find(records: list[Record]) -> None:
    defects = Defects(1, DefectRates(solved_before_created=0.05, double_sent=0.03, orphan=0.04))
    found = list(defects.through(records))
    latest = {record.row["ticket_id"]: record.row for record in found if record.feed == "canonical.ticket"}
    wrong = [row for row in latest.values() if row["solved_at"] is not None and row["solved_at"] < row["created_at"]]
    known = {record.row["contact_id"] for record in records if "contact_id" in record.row}
    surveys = [record.row for record in found if record.feed == "canonical.survey_invitation"]
    lost = {
        record.row["evaluation_id"]
        for record in found
        if record.feed == "canonical.qa_evaluation" and record.row["contact_id"] not in known
    }
    asked = [(row["contact_id"], row["agent_id"]) for row in surveys]
    assert defects.planted == {
        "ticket_solved_before_created": len(wrong),
        "survey_sent_twice": len(asked) - len(set(asked)),
        "survey_orphan": sum(row["contact_id"] not in known for row in surveys),
        "answer_orphan": sum(
            record.feed == "canonical.survey_response" and record.row["contact_id"] not in known for record in found
        ),
        "evaluation_orphan": len(lost),
    }
    assert min(defects.planted.values()) > 0


def test_answers_follow_their_survey_to_a_contact_that_is_not_there(records: list[Record]) -> None:
    defects = Defects(1, DefectRates(orphan=0.2))
    about = {}
    answers = []
    for record in defects.through(records):
        if record.feed == "canonical.survey_invitation":
            about[record.row["survey_id"]] = record.row["contact_id"]
        elif record.feed == "canonical.survey_response":
            answers.append(record.row)
    assert any(row["contact_id"].startswith("unknown-") for row in answers)
    assert all(row["contact_id"] == about[row["survey_id"]] for row in answers)


def test_the_same_records_are_hit_whatever_else_comes(records: list[Record]) -> None:
    rates = DefectRates(solved_before_created=0.05, double_sent=0.03, orphan=0.04)
    surveys = [record for record in records if record.feed == "canonical.survey_invitation"]
    alone = list(Defects(1, rates).through(surveys))
    together = Defects(1, rates).through(records)
    assert alone == [record for record in together if record.feed == "canonical.survey_invitation"]
