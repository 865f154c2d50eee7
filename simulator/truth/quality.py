"""KPIs of quality (M047, M106–M108, M118–M121, M156, M160), counted from contacts and what machines and people noted.

Belongs here: the rulings of DECISIONS.md, section 25. Does not belong here: satisfaction (`surveys`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simulator.events import Contact
from simulator.local_time import DAY_S, midnight
from simulator.records import Record
from simulator.truth.sums import Tally, in_order, local_day
from simulator.truth.values import Formula, Value
from simulator.truth.versions import NEVER, Row, Versions, settled_days

LOWEST_MOS = 3.6
LONGEST_DELAY_MS = 300
SHORTEST_KEEPING_S = 184 * DAY_S  # no six months are longer
STRONG_LEVEL = 3
INTERVENE_S = 60
# local days after which nothing is written any more: of a contact at its end, of an alert, of an evaluation
WRITTEN_DAYS, ALERT_DAYS, EVALUATION_DAYS = 2, 10, 14
SCRIPT_SECTION = "compliance"
RECORDED_SECTIONS = ("attitude", "professionalism")
_SOUND = (Formula("M047", "contacts", ("good",), ("measured",)),)
_SCORES = (Formula("M106", "human", ("human_points",), ("human",)), Formula("M106", "all", ("points",), ("all",)))
_CHECKS = tuple(Formula("M108", by, (f"{by}_passed",), (f"{by}_checked",)) for by in ("all", "human", "ai"))
_HAND_OVERS = (Formula("M118", "hand_overs", ("points",), ("hand_overs",)),)
_TIMELY = (Formula("M121", f"within_{INTERVENE_S}", ("timely",), ("alerts",)),)
_LEVELS = (Formula("M120", "alerts", ("alerts",)),)


@dataclass(slots=True)
class _Contact:
    """A handled contact until its systems have written all that they write of it at its end."""

    ended_at: int
    channel: str
    agent_id: str
    issue_id: str | None
    conversations: int
    is_call: bool


class QualityRecount:
    """Takes handled contacts and records. Of a record with versions the one taken last counts, so they must be taken
    in the order in which they were written. What a system writes at the end of a contact is there two days later."""

    feeds = (
        *("canonical.recording", "canonical.compliance_record", "canonical.audio_quality"),
        *("canonical.qa_evaluation", "canonical.qa_evaluation_item", "canonical.sentiment_alert"),
        "canonical.interaction_sync",
    )

    def __init__(self) -> None:
        self._contacts: dict[int, dict[str, _Contact]] = defaultdict(dict)
        self._recordings = Versions(("recording_id",), "started_at", WRITTEN_DAYS)
        self._deleted: set[str] = set()
        self._alerts = Versions(("alert_id",), "raised_at", ALERT_DAYS)
        self._syncs = Versions(("contact_id", "from_channel_id", "to_channel_id"), "synced_at", WRITTEN_DAYS)
        self._evaluations = Versions(("evaluation_id",), "evaluated_at", EVALUATION_DAYS)
        self._items = Versions(("evaluation_id", "item_id"), "evaluated_at", EVALUATION_DAYS)
        self._versions = {
            "canonical.sentiment_alert": self._alerts,
            "canonical.interaction_sync": self._syncs,
            "canonical.qa_evaluation": self._evaluations,
            "canonical.qa_evaluation_item": self._items,
        }
        # of each contact: its recordings, requirements that were checked, and measurements by their instant
        self._recorded: dict[str, set[str]] = defaultdict(set)
        self._met: dict[str, dict[str, bool]] = defaultdict(dict)
        self._measured: dict[int, dict[str, dict[int, Row]]] = defaultdict(lambda: defaultdict(dict))
        self._strong: set[str] = set()
        self._settled_until = 0
        self._sound_of_contacts, self._sound_of_agents, self._sound_of_lines = (
            Tally(_SOUND),
            Tally(_SOUND),
            Tally((), _SOUND),
        )
        self._complete = Tally((Formula("M156", "contacts", ("complete",), ("calls",)),))
        self._kept = Tally(
            (
                Formula("M160", "recordings", ("kept",), ("recordings",)),
                Formula("M160", "conversations", ("kept",), ("conversations", "-wanted")),
            )
        )
        self._whole, self._sections = Tally((*_SCORES, *_CHECKS)), Tally((), _SCORES)
        self._heard = Tally((Formula("M107", "recordings", ("points",), ("evaluations",)),))
        self._handed_over = Tally(_HAND_OVERS, _HAND_OVERS)
        self._raised = Tally((*_LEVELS, *_TIMELY), (*_LEVELS, *_TIMELY))
        self._upset = Tally((Formula("M119", "contacts", ("strong",), ("handled",)),))

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone."""
        agent_id = contact.last_agent_id
        if agent_id is None:
            return
        is_call = contact.medium == "voice"
        self._contacts[local_day(contact.ended_at)][contact.contact_id] = _Contact(
            contact.ended_at, contact.channel, agent_id, contact.issue_id, len(contact.legs), is_call
        )
        for leg in contact.legs if is_call else ():
            self._kept.add(leg.started_at, {"conversations": 1})

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone. What comes too late is an AssertionError."""
        row = record.row
        versions = self._versions.get(record.feed)
        if versions is not None:
            versions.put(row)
        elif record.feed == "canonical.recording":
            self._add_recording(row)
        elif record.feed == "canonical.compliance_record":
            self._met[row["contact_id"]][row["requirement_id"]] = row["is_present"]
        elif record.feed == "canonical.audio_quality":
            assert row["measured_at"] >= self._settled_until, f"sound of {row['contact_id']} was measured too late"
            self._measured[local_day(row["measured_at"])][row["contact_id"]][row["measured_at"]] = row
        if record.feed == "canonical.sentiment_alert" and _is_strong(row):
            self._strong.add(row["contact_id"])

    def settle(self, until: int) -> None:
        """Count what is final when all is known that began, or was written, before an instant."""
        written_s = WRITTEN_DAYS * DAY_S
        for day in settled_days(self._contacts, until, written_s):
            for contact_id, contact in self._contacts.pop(day).items():
                self._count_contact(contact_id, contact)
        self._count_sound(until)
        for row in self._recordings.settled(until):
            self._count_retention(row)
        for row in self._syncs.settled(until):
            self._count_hand_over(row)
        for row in self._alerts.settled(until):
            self._count_alert(row)
        items: dict[str, list[Row]] = defaultdict(list)
        for item in self._items.settled(until):
            if item["is_applicable"]:
                items[item["evaluation_id"]].append(item)
        for row in self._evaluations.settled(until):
            self._count_evaluation(row, items[row["evaluation_id"]])
        self._settled_until = max(self._settled_until, midnight(local_day(until - written_s)))

    def values(self) -> Iterator[Value]:
        """All values of what was taken."""
        self.settle(NEVER)
        whole = (
            *(self._sound_of_contacts, self._sound_of_lines, self._complete, self._kept, self._whole, self._sections),
            *(self._heard, self._handed_over, self._raised, self._upset),
        )
        return in_order(
            [
                *(value for tally in whole for value in tally.values()),
                *(value for value in self._sound_of_agents.values() if value.dim_set == "agent"),
            ]
        )

    @property
    def held(self) -> int:
        """How many contacts, records and notes of contacts are kept."""
        kept: list[Sized] = [*self._contacts.values(), *self._versions.values(), self._recordings]
        kept += [self._recorded, self._met, self._strong, *self._measured.values()]
        return sum(map(len, kept))

    # --- calls ------------------------------------------------------------------------------------------------------

    def _count_contact(self, contact_id: str, contact: _Contact) -> None:
        """Whether each conversation of a call was recorded and each requirement met, and anger heard in a contact."""
        at = contact.ended_at
        if contact.is_call:
            met = self._met.pop(contact_id, {})
            recorded = len(self._recorded.pop(contact_id, ()))
            complete = recorded >= contact.conversations and bool(met) and all(met.values())
            amounts = {"calls": 1, "complete": complete}
            self._complete.add(at, amounts, channel=contact.channel, agent=contact.agent_id)
        amounts = {"handled": 1, "strong": contact_id in self._strong}
        self._strong.discard(contact_id)
        self._upset.add(at, amounts, channel=contact.channel, issue=contact.issue_id)

    def _count_sound(self, until: int) -> None:
        """A contact, or an agent's or a line's part of it, is good when all its measurements are.

        A contact whose measurements lie on two dates counts once, with those of the second.
        """
        for day in settled_days(self._measured, until, WRITTEN_DAYS * DAY_S):
            for contact_id, measured in self._measured.pop(day).items():
                rows = [*measured.values(), *self._measured.get(day + 1, {}).pop(contact_id, {}).values()]
                at = min(row["measured_at"] for row in rows)
                self._sound_of_contacts.add(at, _sound(rows))
                for agent_id in {row["agent_id"] for row in rows}:
                    of_agent = [row for row in rows if row["agent_id"] == agent_id]
                    self._sound_of_agents.add(at, _sound(of_agent), agent=agent_id)
                for line_id in {row["line_id"] for row in rows}:
                    self._sound_of_lines.add(at, _sound([row for row in rows if row["line_id"] == line_id]), line_id)

    def _add_recording(self, row: Row) -> None:
        """A new one waits until its contact is counted; of an older one only the deletion is news."""
        if row["started_at"] >= self._recordings.settled_until:
            self._recordings.put(row)
            self._recorded[row["contact_id"]].add(row["recording_id"])
        elif _is_deleted_early(row) and row["recording_id"] not in self._deleted:
            self._kept.add(row["started_at"], {"recordings": -1, "kept": -1})
            self._count_retention(row)

    def _count_retention(self, row: Row) -> None:
        """Kept until the date of retention; a deletion that the customer wanted leaves both sums."""
        is_deleted = _is_deleted_early(row)
        if is_deleted:
            self._deleted.add(row["recording_id"])
        is_wanted = is_deleted and row["deletion_reason"] == "customer_request"
        amounts = {"recordings": not is_wanted, "kept": not is_deleted, "wanted": is_wanted}
        self._kept.add(row["started_at"], amounts)

    # --- judgements -------------------------------------------------------------------------------------------------

    def _count_evaluation(self, row: Row, judged: list[Row]) -> None:
        at, agent_id = row["evaluated_at"], row["agent_id"]
        by_human = row["evaluator_type"] == "human"
        self._whole.add(at, _points([row], by_human) | _check(row, judged), agent=agent_id)
        for section in sorted({item["section"] for item in judged}):
            of_section = [item for item in judged if item["section"] == section]
            self._sections.add(at, _points(of_section, by_human), section, agent=agent_id)
        heard = [item for item in judged if item["section"] in RECORDED_SECTIONS]
        if by_human and row["recording_id"] is not None and heard:
            self._heard.add(at, {"points": _points(heard, by_human)["points"], "evaluations": 1}, agent=agent_id)

    # --- systems ----------------------------------------------------------------------------------------------------

    def _count_hand_over(self, row: Row) -> None:
        if row["expected_field_count"]:
            points = Fraction(10 * row["synced_field_count"], row["expected_field_count"])
            amounts = {"hand_overs": 1, "points": points}
            self._handed_over.add(row["synced_at"], amounts)
            self._handed_over.add(row["synced_at"], amounts, f"{row['from_channel_id']}>{row['to_channel_id']}")

    def _count_alert(self, row: Row) -> None:
        if row["speaker"] == "customer":
            intervened_at = row["intervened_at"]
            timely = intervened_at is not None and intervened_at - row["raised_at"] <= INTERVENE_S
            amounts = {"alerts": 1, "timely": timely}
            self._raised.add(row["raised_at"], amounts)
            self._raised.add(row["raised_at"], amounts, f"level_{row['alert_level']}")


def _is_deleted_early(row: Row) -> bool:
    due_at = max(row["retention_until_at"], row["started_at"] + SHORTEST_KEEPING_S)
    return row["deleted_at"] is not None and bool(row["deleted_at"] < due_at)


def _is_strong(row: Row) -> bool:
    return bool(row["speaker"] == "customer" and row["alert_level"] >= STRONG_LEVEL)


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
