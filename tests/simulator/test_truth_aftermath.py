"""The recounts of tickets, surveys, quality and complaints give the values worked in DECISIONS.md, 20 to 23."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from simulator.business_hours import BusinessHours
from simulator.events import Contact, Leg, Message
from simulator.records import Record
from simulator.truth.complaints import ComplaintRecount
from simulator.truth.quality import QualityRecount
from simulator.truth.sums import wilson_95
from simulator.truth.surveys import SurveyRecount
from simulator.truth.tickets import TicketRecount
from simulator.truth.values import Value

MIDNIGHT = 1_772_380_800  # 2026-03-02 00:00 in Shanghai, a Monday
DAY_S = 86_400


def at(day: int, clock: str) -> int:
    """Of March 2026 in Shanghai; days go on into April."""
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    return MIDNIGHT + (day - 2) * DAY_S + hours * 3600 + minutes * 60 + seconds


def on(values: Iterable[Value], date: str = "2026-03-02", grain: str = "day", **where: object) -> dict[str, Any]:
    """Values of one cell by `KPI variant`, a category appended."""
    dimensions = {"channel": None, "agent": None, "issue": None, "department": None} | where
    return {
        " ".join(filter(None, (value.kpi_id, value.variant, value.category))): value.value
        for value in values
        if value.period_start == date
        and value.grain == grain
        and all(getattr(value, name) == wanted for name, wanted in dimensions.items())
    }


# --- business hours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "business_s", "ends"),
    [
        (at(2, "10:00"), 3600, at(2, "11:00")),
        (at(2, "07:00"), 3600, at(2, "10:00")),
        (at(2, "17:30"), 3600, at(3, "09:30")),
        (at(6, "17:00"), 3600, at(9, "09:00")),  # nothing ends at the moment of closing
        (at(7, "12:00"), 0, at(9, "09:00")),
        (at(2, "10:00"), 27 * 3600, at(5, "10:00")),
    ],
)
def test_business_time_runs_only_while_offices_are_open(begins: int, business_s: int, ends: int) -> None:
    assert BusinessHours().add(begins, business_s) == ends
    assert BusinessHours().between(begins, ends) == business_s


def test_a_holiday_has_no_business_time() -> None:
    tuesday = at(3, "00:00") // DAY_S + 1
    assert BusinessHours(closed_days=frozenset({tuesday})).add(at(2, "17:30"), 3600) == at(4, "09:30")


# --- tickets, section 23 --------------------------------------------------------------------------------------------


def ticket(name: str, issue: str, kind: str, writer: str, fields: tuple[int, int], **told: Any) -> Record:
    row: dict[str, Any] = {
        "ticket_id": name,
        "channel_id": "voice_400",
        "issue_id": issue,
        "ticket_type": kind,
        "created_by_agent_id": writer,
        "required_field_count": fields[0],
        "filled_field_count": fields[1],
        "initial_category": issue,
        "final_category": issue,
        "first_solved_at": told.get("solved_at"),
        "solved_at": None,
        "archived_at": None,
        "assigned_at": None,
        "assigned_department_id": "service",
        "returned_count": 0,
        "reopened_count": 0,
        "is_complaint": kind == "complaint",
    }
    row |= told
    row["record_updated_at"] = row["archived_at"] or row["created_at"]
    return Record("canonical.ticket", row["record_updated_at"], row)


def way(name: str, number: int, when: int, kind: str, from_: str, to: str, missing: str | None = None) -> Record:
    row = {
        "ticket_id": name,
        "event_id": str(number),
        "happened_at": when,
        "kind": kind,
        "from_department_id": from_,
        "to_department_id": to,
        "missing_field": missing,
    }
    return Record("canonical.ticket_event", when, row)


def fields(name: str, created_at: int, names: Iterable[str], missing: str | None = None) -> list[Record]:
    return [
        Record(
            "canonical.ticket_field",
            created_at,
            {
                "ticket_id": name,
                "field_name": field,
                "ticket_created_at": created_at,
                "is_required": field != "remark",
                "is_filled_at_creation": field not in (missing, "remark"),
            },
        )
        for field in names
    ]


REPAIR_FIELDS = ("telephone", "fault_description", "product_model", "address", "appointment", "remark")


@pytest.fixture(scope="module")
def tickets() -> list[Value]:
    t1: dict[str, Any] = {"created_at": at(2, "10:00"), "due_at": at(4, "10:00"), "assigned_agent_id": "logistics-01"}
    t2: dict[str, Any] = {"created_at": at(2, "17:00"), "due_at": at(4, "10:00"), "assigned_agent_id": "after_sales-01"}
    t3: dict[str, Any] = {"created_at": at(3, "11:00"), "due_at": at(5, "12:00"), "assigned_agent_id": "quality-01"}
    t4: dict[str, Any] = {"created_at": at(5, "16:00"), "due_at": at(10, "16:00"), "assigned_agent_id": "1002"}
    t5: dict[str, Any] = {"created_at": at(5, "09:00"), "due_at": at(10, "09:00"), "assigned_agent_id": "finance-01"}
    done_1: dict[str, Any] = {"solved_at": at(2, "16:00"), "archived_at": at(2, "17:00"), "assigned_at": at(2, "11:10")}
    done_2: dict[str, Any] = {"solved_at": at(3, "15:00"), "archived_at": at(4, "11:00"), "assigned_at": at(3, "09:30")}
    records = [
        ticket("T1", "repair_request", "repair", "1001", (5, 5), assigned_department_id="service", **t1),
        ticket("T1", "repair_request", "repair", "1001", (5, 5), assigned_department_id="logistics", **t1, **done_1),
        ticket(
            *("T2", "repair_request", "repair", "1002", (5, 4)),
            **(t2 | done_2 | {"returned_count": 1, "assigned_department_id": "after_sales"}),
        ),
        ticket(
            *("T3", "service_complaint", "complaint", "1001", (3, 3)),
            **(t3 | {"channel_id": "im_app", "initial_category": "refund", "assigned_at": at(3, "11:30")}),
        ),
        ticket("T4", "refund", "billing", "1002", (4, 4), final_category=None, **t4),
        ticket("T5", "refund", "billing", "1002", (4, 4), **t5, assigned_at=at(5, "09:30"), solved_at=at(4, "18:00")),
        way("T1", 1, at(2, "10:10"), "sent_to_department", "service", "after_sales"),
        way("T1", 2, at(2, "11:10"), "accepted", "service", "after_sales"),
        way("T1", 3, at(2, "12:00"), "sent_to_department", "after_sales", "logistics"),
        way("T1", 4, at(2, "12:30"), "accepted", "after_sales", "logistics"),
        way("T2", 1, at(2, "17:30"), "sent_to_department", "service", "after_sales"),
        way("T2", 2, at(3, "09:30"), "accepted", "service", "after_sales"),
        way("T2", 3, at(3, "09:40"), "returned", "after_sales", "service", "fault_description"),
        way("T2", 4, at(3, "10:00"), "sent_to_department", "service", "after_sales"),
        way("T2", 5, at(3, "10:30"), "accepted", "service", "after_sales"),
        way("T3", 1, at(3, "11:00"), "sent_to_department", "service", "quality"),
        way("T3", 2, at(3, "11:30"), "accepted", "service", "quality"),
        way("T5", 1, at(5, "09:00"), "sent_to_department", "service", "finance"),
        way("T5", 2, at(5, "09:30"), "accepted", "service", "finance"),
        *fields("T1", at(2, "10:00"), REPAIR_FIELDS),
        *fields("T2", at(2, "17:00"), REPAIR_FIELDS, "fault_description"),
    ]
    recount = TicketRecount()
    for record in reversed(records):
        recount.add(record)
    return list(recount.values(at(6, "12:00")))


def test_worked_tickets_give_completion_and_times_by_their_own_dates(tickets: list[Value]) -> None:
    monday, tuesday, thursday = (on(tickets, f"2026-03-0{day}") for day in (2, 3, 5))
    assert (monday["M084 created"], tuesday["M084 solved"]) == (2, 1)
    assert (monday["M085 assigned"], tuesday["M085 assigned"], thursday["M085 assigned"]) == (1, 0.5, 0)
    assert tuesday["M085 open"] == 1
    assert (tuesday["M086 calendar"], tuesday["M086 business"]) == (79_200, 25_200)
    assert (monday["M087 judged"], tuesday["M087 judged"], thursday["M087 judged"]) == (0.5, 0, 1)
    assert on(tickets, agent="1002")["M087 judged"] == 0
    assert tuesday["M124 tickets"] == on(tickets, "2026-03-03", channel="im_app")["M124 tickets"] == 1


def test_worked_tickets_give_routing_by_stage_and_by_ticket(tickets: list[Value]) -> None:
    monday, tuesday = on(tickets), on(tickets, "2026-03-03")
    assert (tuesday["M088 hand_over_calendar"], tuesday["M088 hand_over_business"]) == (20_400, 2_400)
    assert tuesday["M088 hand_over_business service>after_sales"] == 2_700
    assert (tuesday["M088 ticket_calendar"], tuesday["M088 ticket_business"]) == (30_600, 3_600)
    assert tuesday["M089 business service>after_sales"] == 0.75
    assert monday["M089 business after_sales>logistics"] == pytest.approx(1 / 3)


def test_the_ticket_of_decision_40_gives_its_table() -> None:
    said: dict[str, Any] = {
        "created_at": at(6, "16:00"),
        "due_at": None,
        "returned_count": 1,
        "assigned_agent_id": "logistics-01",
    }
    told = (
        ticket("S", "repair_request", "repair", "1001", (5, 4), **said),
        way("S", 1, at(6, "17:00"), "sent_to_department", "service", "after_sales"),
        way("S", 2, at(9, "10:00"), "accepted", "service", "after_sales"),
        way("S", 3, at(9, "10:30"), "returned", "after_sales", "service", "fault_description"),
        way("S", 4, at(9, "23:30"), "sent_to_department", "service", "after_sales"),
        way("S", 5, at(10, "00:00"), "accepted", "service", "after_sales"),
        way("S", 6, at(10, "09:30"), "sent_to_department", "after_sales", "after_sales"),
        way("S", 9, at(10, "11:30"), "sent_to_department", "after_sales", "logistics"),
        way("S", 10, at(10, "18:30"), "accepted", "after_sales", "logistics"),
    )
    friday, monday, tuesday = (on(recounted(told), date) for date in ("2026-03-06", "2026-03-09", "2026-03-10"))
    assert (monday["M088 hand_over_calendar"], monday["M088 hand_over_business"]) == (234_000, 7_200)
    assert (tuesday["M088 hand_over_calendar"], tuesday["M088 hand_over_business"]) == (13_500, 11_700)
    assert (tuesday["M088 ticket_calendar"], tuesday["M088 ticket_business"]) == (261_000, 30_600)
    assert not {"M088 ticket_calendar", "M088 ticket_business"} & set(monday)
    assert tuesday["M089 calendar service>after_sales"] == pytest.approx(0.066667, abs=1e-6)
    assert (tuesday["M089 business service>after_sales"], tuesday["M089 business after_sales>logistics"]) == (0, 1)
    assert friday["M091 field fault_description"] == 1
    before = on(recounted(told[:-1]), "2026-03-10")
    assert (before["M088 ticket_calendar"], before["M088 ticket_business"]) == (235_800, 7_200)
    assert "M089 business after_sales>logistics" not in before


def recounted(records: Iterable[Record]) -> list[Value]:
    recount = TicketRecount()
    for record in records:
        recount.add(record)
    return list(recount.values(at(12, "00:00")))


def test_worked_tickets_close_in_time_only_where_they_are_due(tickets: list[Value]) -> None:
    assert on(tickets, "2026-03-04")["M090 due"] == 0.5
    assert on(tickets, "2026-03-04", department="after_sales")["M090 due"] == 0
    assert on(tickets, "2026-03-05")["M090 due"] == 0
    assert not any(name.startswith("M090") for name in on(tickets, "2026-03-10"))


def test_worked_tickets_give_rework_and_completeness_by_field(tickets: list[Value]) -> None:
    monday = on(tickets)
    assert (monday["M091 tickets"], monday["M091 field fault_description"]) == (0.5, 0.5)
    assert (monday["M092 required"], monday["M092 required fault_description"]) == (0.9, 0.5)
    assert "M092 required remark" not in monday


# --- surveys, section 24 --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def surveys() -> list[Value]:
    recount = SurveyRecount(fewest_ratings=3)
    for name, agent, channel, scenario, sent_at, answered_at, score in (
        ("S1", "1001", "voice_400", "enquiry", at(2, "10:00"), at(2, "10:01"), 5.0),
        ("S2", "1001", "voice_400", "enquiry", at(2, "11:00"), at(2, "11:01"), 4.0),
        ("S3", "1001", "im_app", "complaint", at(2, "12:00"), at(2, "12:01"), 2.0),
        ("S4", "1002", "im_app", "complaint", at(2, "13:00"), None, None),
        ("S5", "1002", "voice_400", "after_sales", at(2, "23:59:50"), at(3, "00:00:20"), 1.0),
        ("S6", "1002", "voice_400", "enquiry", at(2, "14:00"), None, None),
    ):
        row = {"survey_id": name, "agent_id": agent, "channel_id": channel, "scenario": scenario, "sent_at": sent_at}
        recount.add(Record("canonical.survey_invitation", sent_at, row))
        if answered_at is not None:
            asked = {"question_id": "q", "question_kind": "csat", "scale_min": 1.0, "scale_max": 5.0, "score": score}
            other = {"question_id": "r", "question_kind": "resolved", "is_resolved": True}
            for question in (asked, other):
                answer = row | question | {"responded_at": answered_at}
                recount.add(Record("canonical.survey_response", answered_at, answer))
    return list(recount.values())


def test_worked_surveys_give_satisfaction_by_the_date_of_the_answer(surveys: list[Value]) -> None:
    monday = on(surveys)
    assert monday["M112 top_2"] == pytest.approx(2 / 3)
    assert monday["M112 mean"] == pytest.approx(11 / 3)
    assert monday["M112 mean_100"] == pytest.approx(200 / 3)
    assert (monday["M112 top_2_low"], monday["M112 top_2_high"]) == pytest.approx((0.207660, 0.938508), abs=1e-6)
    assert monday["M113 top_2 complaint"] == 0
    assert monday["M117 rated 2"] == pytest.approx(1 / 3)
    assert on(surveys, agent="1001")["M115 rated"] == pytest.approx(2 / 3)
    assert on(surveys, "2026-03-03", agent="1002")["M116 rated"] == 1


def test_worked_surveys_give_the_response_rate_by_the_date_of_sending(surveys: list[Value]) -> None:
    assert on(surveys)["M182 invitations"] == pytest.approx(4 / 6)
    assert on(surveys, channel="im_app")["M182 invitations"] == 0.5
    assert on(surveys)["M182 invitations enquiry"] == pytest.approx(2 / 3)


def test_a_survey_that_is_sent_and_answered_again_under_another_id_counts_once() -> None:
    recount = SurveyRecount()
    for name, sent_at, answered_at, score in (
        ("S7", at(2, "10:00"), at(2, "10:01"), 5.0),
        ("S7-2", at(2, "10:05"), at(2, "10:06"), 1.0),
    ):
        row = {"survey_id": name, "contact_id": "c1", "agent_id": "1001", "channel_id": "voice_400",
               "scenario": "enquiry", "sent_at": sent_at}  # fmt: skip
        recount.add(Record("canonical.survey_invitation", sent_at, row))
        answer = {"question_id": "q", "question_kind": "csat", "scale_min": 1.0, "scale_max": 5.0, "score": score}
        recount.add(Record("canonical.survey_response", answered_at, row | answer | {"responded_at": answered_at}))
    monday = [
        value for value in recount.values() if (value.grain, value.dim_set, value.category) == ("day", "all", None)
    ]
    told = {value.kpi_id: (value.numerator, value.denominator) for value in monday}
    assert told["M182"] == (1, 1) and told["M115"] == (1, 1) and told["M116"] == (0, 1)


def test_an_agent_with_few_ratings_is_left_out_of_the_distribution(surveys: list[Value]) -> None:
    month = on(surveys, "2026-03-01", "month")
    assert {name: value for name, value in month.items() if name.startswith("M114")} == {"M114 agents lt_70": 1}


def test_the_wilson_interval_is_the_known_one() -> None:
    assert wilson_95(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998
    assert wilson_95(20, 20)[1] == pytest.approx(1.0)


# --- quality, section 25 --------------------------------------------------------------------------------------------


def handled(name: str, *agents: str, day: int = 2, issue: str | None = None, medium: str = "voice") -> Contact:
    begins = at(day, "10:00")
    contact = Contact(
        name, "inbound", "voice_400" if medium == "voice" else "im_app", "1", begins, begins, begins + 300, "ANSWERED"
    )
    contact.issue_id = issue
    if medium == "voice":
        contact.legs = [
            Leg(agent, "queue", "sales", begins + 60 * number, begins + 60 * number + 60)
            for number, agent in enumerate(agents)
        ]
    else:
        contact.medium = "im"
        contact.messages = [Message("agent", begins, agent) for agent in agents]
    return contact


def evaluation(
    name: str, recording: str, agent: str, by: str, sampled: str, *items: tuple[str, float, float, bool]
) -> Iterator[Record]:
    """The evaluation and its items (section, score, highest, applies)."""
    judged = [item for item in items if item[3]]
    told = {"evaluation_id": name, "evaluated_at": at(3, "10:00")}
    yield Record(
        "canonical.qa_evaluation",
        at(3, "10:00"),
        told
        | {"recording_id": recording, "agent_id": agent, "evaluator_type": by, "sampled_by": sampled}
        | {"score": sum(item[1] for item in judged), "score_max": sum(item[2] for item in judged)},
    )
    for section, score, highest, applies in items:
        item = {"item_id": section, "section": section, "score": score, "score_max": highest, "is_applicable": applies}
        yield Record("canonical.qa_evaluation_item", at(3, "10:00"), told | item)


@pytest.fixture(scope="module")
def quality() -> list[Value]:
    recount = QualityRecount()
    for contact in (
        handled("c1", "1001"),
        handled("c2", "1001", "1002"),
        handled("c3", "1002"),
        handled("c4", "1002", issue="service_complaint"),
        handled("c5", "1001", medium="im"),
        handled("c6", "1001", medium="im"),
        Contact("c7", "inbound", "voice_400", "1", at(2, "10:00"), None, at(2, "10:00"), "ANSWERED"),
    ):
        recount.add_contact(contact)
    begins, gone = at(2, "10:00"), at(10, "10:00")
    records = []
    for name, deleted_at, reason in (
        ("c1", None, None),
        ("c2", None, None),
        ("c3", gone, "customer_request"),
        ("c4", gone, "error"),
    ):
        row = {
            "recording_id": f"r{name}",
            "contact_id": name,
            "started_at": begins,
            "retention_until_at": at(190, "00:00"),
        }
        records.append(Record("canonical.recording", begins, row | {"deleted_at": None, "deletion_reason": None}))
        if deleted_at is not None:
            records.append(Record("canonical.recording", gone, row | {"deleted_at": gone, "deletion_reason": reason}))
    for name, requirement, is_present in (
        *(("c1", "recording_announced", True), ("c1", "identity_checked", True), ("c2", "recording_announced", True)),
        *(("c3", "recording_announced", True), ("c3", "identity_checked", False), ("c4", "recording_announced", True)),
    ):
        row = {"contact_id": name, "requirement_id": requirement, "is_present": is_present}
        records.append(Record("canonical.compliance_record", begins, row))
    for name, agent, line, mos, is_noisy in (
        ("c1", "1001", "a", 4.2, False),
        ("c2", "1001", "a", 4.1, False),
        ("c2", "1002", "a", 3.2, False),
        ("c3", "1002", "b", 4.0, True),
    ):
        measured_at = begins + 60 * int(agent == "1002")
        row = {"contact_id": name, "measured_at": measured_at, "agent_id": agent, "line_id": line, "mos": mos}
        records.append(Record("canonical.audio_quality", begins, row | {"latency_ms": 300, "is_noisy": is_noisy}))
    for name, level, intervened_at in (("c1", 2, None), ("c3", 1, begins + 61), ("c4", 3, begins + 60)):
        row = {"alert_id": name, "contact_id": name, "raised_at": begins, "alert_level": level, "speaker": "customer"}
        records.append(Record("canonical.sentiment_alert", begins, row | {"intervened_at": intervened_at}))
    for name, synced in (("c5", 4), ("c6", 5)):
        row = {"contact_id": name, "from_channel_id": "voice_400", "to_channel_id": "im_app", "synced_at": begins}
        counts = {"expected_field_count": 5, "synced_field_count": synced}
        records.append(Record("canonical.interaction_sync", begins, row | counts))
    sections = ("courtesy", "attitude", "professionalism", "compliance")
    first = [(section, score, 10.0, True) for section, score in zip(sections, (8.0, 9.0, 10.0, 10.0), strict=True)]
    before, after = (
        (
            *(("courtesy", 10.0, 10.0, True), ("attitude", 5.0, 10.0, True)),
            *(("professionalism", 0.0, 10.0, False), ("compliance", compliance, 10.0, True)),
        )
        for compliance in (0.0, 10.0)
    )
    records += evaluation("e1", "rc1", "1001", "human", "random", *first)
    records += evaluation("e2", "rc4", "1002", "human", "targeted", *before)
    records += evaluation("e3", "rc3", "1002", "ai", "random", ("compliance", 60.0, 100.0, True))
    records += evaluation("e2", "rc4", "1002", "human", "targeted", *after)
    for record in records:
        recount.add(record)
    return list(recount.values())


def test_worked_calls_sound_good_only_in_all_their_measurements(quality: list[Value]) -> None:
    assert on(quality)["M047 contacts"] == pytest.approx(1 / 3)
    assert on(quality, agent="1001")["M047 contacts"] == 1
    assert on(quality, agent="1002")["M047 contacts"] == 0
    assert on(quality)["M047 contacts a"] == 0.5


def test_worked_evaluations_count_after_their_appeal(quality: list[Value]) -> None:
    tuesday = on(quality, "2026-03-03")
    assert tuesday["M106 human"] == pytest.approx(87.916667)
    assert tuesday["M106 all"] == pytest.approx(78.611111)
    assert tuesday["M106 human attitude"] == 70
    assert tuesday["M107 recordings"] == 72.5
    assert (tuesday["M108 all"], tuesday["M108 ai"], tuesday["M108 human"]) == (0.5, 0, 1)


def test_worked_alerts_and_hand_overs_give_their_values(quality: list[Value]) -> None:
    monday = on(quality)
    assert monday["M118 hand_overs voice_400>im_app"] == 9
    assert monday["M119 contacts"] == pytest.approx(1 / 6)
    assert on(quality, issue="service_complaint")["M119 contacts"] == 1
    assert monday["M120 alerts level_3"] == 1
    assert monday["M121 within_60"] == pytest.approx(1 / 3)


def test_worked_recordings_are_complete_and_kept(quality: list[Value]) -> None:
    monday = on(quality)
    assert monday["M156 contacts"] == 0.5
    assert monday["M160 recordings"] == pytest.approx(2 / 3)
    assert monday["M160 conversations"] == 0.5


# --- complaints, section 26 -----------------------------------------------------------------------------------------


def complaint(name: str, customer: str, kind: str, opened_at: int, closed_at: int | None, **told: Any) -> Record:
    row: dict[str, Any] = {
        "complaint_id": name,
        "customer_id": customer,
        "complaint_type": kind,
        "opened_at": opened_at,
        "closed_at": closed_at,
        "channel_id": "web_form",
        "about_contact_id": None,
        "about_agent_id": None,
        "parent_complaint_id": None,
        "escalated_at": None,
        "level": 1,
        "record_updated_at": closed_at or opened_at,
    }
    return Record("canonical.complaint", opened_at, row | told)


@pytest.fixture(scope="module")
def complaints() -> list[Value]:
    recount = ComplaintRecount()
    for contact in (
        *(handled("c1", "1001"), handled("c2", "1001"), handled("c3", "1002"), handled("c4", "1001", "1002")),
        handled("c5", "1003", day=3, issue="service_complaint"),
    ):
        recount.add_contact(contact)
    about_1: dict[str, Any] = {"about_contact_id": "c1", "about_agent_id": "1001"}
    about_3: dict[str, Any] = {"about_contact_id": "c3", "about_agent_id": "1002"}
    for record in (
        complaint("k1", "A", "attitude", at(2, "11:00"), at(3, "10:00"), **about_1),
        complaint("k1", "A", "attitude", at(2, "11:00"), None, **about_1),
        complaint(
            *("k2", "B", "attitude", at(3, "09:00"), at(3, "15:00")),
            **(about_3 | {"escalated_at": at(3, "12:00"), "level": 2}),
        ),
        complaint("k3", "A", "attitude", at(20, "09:00"), None, parent_complaint_id="k1"),
        complaint("k4", "B", "billing", at(3, "10:00"), at(31, "10:00")),
    ):
        recount.add(record)
    return list(recount.values(at(41, "00:00")))


def test_worked_complaints_count_by_opening_and_against_the_contact_complained_about(complaints: list[Value]) -> None:
    tuesday, friday = on(complaints, "2026-03-03"), on(complaints, "2026-03-20")
    assert (tuesday["M123 opened"], tuesday["M123 opened billing"]) == (2, 1)
    assert on(complaints, agent="1001")["M125 contacts"] == pytest.approx(1 / 3)
    assert on(complaints, agent="1002")["M125 contacts"] == 0.5
    assert on(complaints)["M126 contacts"] == 0.25
    assert "M126 contacts" not in friday
    assert tuesday["M127 mix billing"] == 0.5
    assert (tuesday["M128 opened"], friday["M128 opened"]) == (1, 0)
    assert (tuesday["M131 opened"], tuesday["M131 level level_2"]) == (0.5, 0.5)


def test_worked_complaints_take_their_time_and_come_again(complaints: list[Value]) -> None:
    tuesday = on(complaints, "2026-03-03")
    assert (tuesday["M129 calendar"], tuesday["M129 business"]) == (52_200, 25_200)
    assert tuesday["M130 same_type_30d"] == 0.5
    assert "M130 same_type_30d" not in on(complaints, "2026-03-31")
    assert on(complaints, "2026-03-20")["M130 parent"] == 1
