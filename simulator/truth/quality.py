"""KPIs of quality (M047, M106–M108, M118–M121, M156, M160), counted from contacts and what machines and people noted.

Belongs here: the rulings of DECISIONS.md, section 25. Does not belong here: satisfaction (`surveys`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from simulator.events import Contact
from simulator.records import Record
from simulator.truth.sums import Tally, in_order
from simulator.truth.values import Formula, Value

LOWEST_MOS = 3.6
LONGEST_DELAY_MS = 300
STRONG_LEVEL = 3
INTERVENE_S = 60
SCRIPT_SECTION = "compliance"
RECORDED_SECTIONS = ("attitude", "professionalism")
VERSIONED = {
    "canonical.recording": ("recording_id",),
    "canonical.compliance_record": ("contact_id", "requirement_id"),
    "canonical.audio_quality": ("contact_id", "measured_at"),
    "canonical.qa_evaluation": ("evaluation_id",),
    "canonical.qa_evaluation_item": ("evaluation_id", "item_id"),
    "canonical.sentiment_alert": ("alert_id",),
    "canonical.interaction_sync": ("contact_id", "from_channel_id", "to_channel_id"),
}
_SOUND = (Formula("M047", "contacts", ("good",), ("measured",)),)
_SCORES = (Formula("M106", "human", ("human_points",), ("human",)), Formula("M106", "all", ("points",), ("all",)))
_CHECKS = tuple(Formula("M108", by, (f"{by}_passed",), (f"{by}_checked",)) for by in ("all", "human", "ai"))
_HAND_OVERS = (Formula("M118", "hand_overs", ("points",), ("hand_overs",)),)
_TIMELY = (Formula("M121", f"within_{INTERVENE_S}", ("timely",), ("alerts",)),)
_LEVELS = (Formula("M120", "alerts", ("alerts",)),)

Row = dict[str, Any]


class QualityRecount:
    """Takes handled contacts and records. Of a record with versions the one taken last counts, so they must be taken
    in the order in which they were written."""

    def __init__(self) -> None:
        self._contacts: dict[str, Contact] = {}
        self._rows: dict[str, dict[tuple[Any, ...], Row]] = {feed: {} for feed in VERSIONED}

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone."""
        if contact.last_agent_id is not None:
            self._contacts[contact.contact_id] = contact

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        if record.feed in VERSIONED:
            key = tuple(record.row[name] for name in VERSIONED[record.feed])
            self._rows[record.feed][key] = record.row

    def values(self) -> list[Value]:
        """All values of what was taken."""
        return in_order(
            [
                *self._of_sound(),
                *self._of_evaluations(),
                *self._of_hand_overs(),
                *self._of_alerts(),
                *self._of_compliance(),
                *self._of_retention(),
            ]
        )

    def _of(self, name: str) -> Iterable[Row]:
        return self._rows[f"canonical.{name}"].values()

    # --- calls ------------------------------------------------------------------------------------------------------

    def _of_sound(self) -> Iterator[Value]:
        """A contact, or an agent's or a line's part of it, is good when all its measurements are."""
        measured: dict[str, list[Row]] = defaultdict(list)
        for row in self._of("audio_quality"):
            measured[row["contact_id"]].append(row)
        contacts, agents, lines = Tally(_SOUND), Tally(_SOUND), Tally((), _SOUND)
        for rows in measured.values():
            at = min(row["measured_at"] for row in rows)
            contacts.add(at, _sound(rows))
            for agent_id in {row["agent_id"] for row in rows}:
                agents.add(at, _sound([row for row in rows if row["agent_id"] == agent_id]), agent=agent_id)
            for line_id in {row["line_id"] for row in rows}:
                lines.add(at, _sound([row for row in rows if row["line_id"] == line_id]), line_id)
        yield from contacts.values()
        yield from (value for value in agents.values() if value.dim_set == "agent")
        yield from lines.values()

    def _of_compliance(self) -> Iterator[Value]:
        """Each conversation recorded, each requirement met."""
        recordings: dict[str, int] = defaultdict(int)
        for row in self._of("recording"):
            recordings[row["contact_id"]] += 1
        met: dict[str, bool] = {}
        for row in self._of("compliance_record"):
            met[row["contact_id"]] = met.get(row["contact_id"], True) and row["is_present"]
        tally = Tally((Formula("M156", "contacts", ("complete",), ("calls",)),))
        for contact in self._calls():
            complete = recordings[contact.contact_id] >= len(contact.legs) and met.get(contact.contact_id, False)
            amounts = {"calls": 1, "complete": complete}
            tally.add(contact.ended_at, amounts, channel=contact.channel, agent=contact.last_agent_id)
        yield from tally.values()

    def _of_retention(self) -> Iterator[Value]:
        """Kept until the date of retention; a deletion that the customer wanted leaves both sums."""
        tally = Tally(
            (
                Formula("M160", "recordings", ("kept",), ("recordings",)),
                Formula("M160", "conversations", ("kept",), ("conversations", "-wanted")),
            )
        )
        for contact in self._calls():
            for leg in contact.legs:
                tally.add(leg.started_at, {"conversations": 1})
        for row in self._of("recording"):
            is_deleted = row["deleted_at"] is not None and row["deleted_at"] < row["retention_until_at"]
            is_wanted = is_deleted and row["deletion_reason"] == "customer_request"
            amounts = {"recordings": not is_wanted, "kept": not is_deleted, "wanted": is_wanted}
            tally.add(row["started_at"], amounts)
        yield from tally.values()

    def _calls(self) -> Iterator[Contact]:
        return (contact for contact in self._contacts.values() if contact.medium == "voice")

    # --- judgements -------------------------------------------------------------------------------------------------

    def _of_evaluations(self) -> Iterator[Value]:
        items: dict[str, list[Row]] = defaultdict(list)
        for row in self._of("qa_evaluation_item"):
            if row["is_applicable"]:
                items[row["evaluation_id"]].append(row)
        whole, sections = Tally((*_SCORES, *_CHECKS)), Tally((), _SCORES)
        recorded = Tally((Formula("M107", "recordings", ("points",), ("evaluations",)),))
        for row in self._of("qa_evaluation"):
            judged, at, agent_id = items[row["evaluation_id"]], row["evaluated_at"], row["agent_id"]
            by_human = row["evaluator_type"] == "human"
            whole.add(at, _points([row], by_human) | _check(row, judged), agent=agent_id)
            for section in sorted({item["section"] for item in judged}):
                of_section = [item for item in judged if item["section"] == section]
                sections.add(at, _points(of_section, by_human), section, agent=agent_id)
            heard = [item for item in judged if item["section"] in RECORDED_SECTIONS]
            if by_human and row["recording_id"] is not None and heard:
                recorded.add(at, {"points": _points(heard, by_human)["points"], "evaluations": 1}, agent=agent_id)
        for tally in (whole, sections, recorded):
            yield from tally.values()

    # --- systems ----------------------------------------------------------------------------------------------------

    def _of_hand_overs(self) -> Iterator[Value]:
        tally = Tally(_HAND_OVERS, _HAND_OVERS)
        for row in self._of("interaction_sync"):
            if row["expected_field_count"]:
                points = Fraction(10 * row["synced_field_count"], row["expected_field_count"])
                amounts = {"hand_overs": 1, "points": points}
                tally.add(row["synced_at"], amounts)
                tally.add(row["synced_at"], amounts, f"{row['from_channel_id']}>{row['to_channel_id']}")
        yield from tally.values()

    def _of_alerts(self) -> Iterator[Value]:
        strong: set[str] = set()
        alerts = Tally((*_LEVELS, *_TIMELY), (*_LEVELS, *_TIMELY))
        for row in self._of("sentiment_alert"):
            if row["speaker"] != "customer":
                continue
            if row["alert_level"] >= STRONG_LEVEL:
                strong.add(row["contact_id"])
            intervened_at = row["intervened_at"]
            timely = intervened_at is not None and intervened_at - row["raised_at"] <= INTERVENE_S
            amounts = {"alerts": 1, "timely": timely}
            alerts.add(row["raised_at"], amounts)
            alerts.add(row["raised_at"], amounts, f"level_{row['alert_level']}")
        contacts = Tally((Formula("M119", "contacts", ("strong",), ("handled",)),))
        for contact in self._contacts.values():
            amounts = {"handled": 1, "strong": contact.contact_id in strong}
            contacts.add(contact.ended_at, amounts, channel=contact.channel, issue=contact.issue_id)
        yield from alerts.values()
        yield from contacts.values()


def _sound(rows: list[Row]) -> dict[str, int]:
    good = all(
        row["mos"] >= LOWEST_MOS and row["latency_ms"] <= LONGEST_DELAY_MS and not row["is_noisy"] for row in rows
    )
    return {"measured": 1, "good": int(good)}


def _points(rows: list[Row], by_human: bool) -> dict[str, Any]:
    """Share of the highest score that applied, in per cent."""
    points = 100 * sum(Fraction(row["score"]) for row in rows) / sum(Fraction(row["score_max"]) for row in rows)
    return {"all": 1, "points": points, "human": int(by_human), "human_points": points if by_human else 0}


def _check(row: Row, judged: list[Row]) -> dict[str, int]:
    """Of the random checks of recordings, whether the script was kept."""
    by = row["evaluator_type"]
    script = [item for item in judged if item["section"] == SCRIPT_SECTION]
    if row["sampled_by"] != "random" or row["recording_id"] is None or not script:
        return {}
    passed = int(all(item["score"] >= item["score_max"] for item in script))
    return {f"{by}_checked": 1, f"{by}_passed": passed, "all_checked": 1, "all_passed": passed}
