"""Planted defects of the systems around the telephone: what sources get wrong, with how much of it.

Belongs here: changes to records that a check must find, each counted. Does not belong here: the names of defects and
their dates (`defect_kinds`), defects of files (their forms), and of the telephone's logs (`asterisk_files`).

Nothing is planted unless asked for; a planted record's chance belongs to its key, so that the same records are hit
whatever else is simulated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from simulator.defect_kinds import DEFECTS, DefectDays, Planted, chosen, date_text
from simulator.events import Contact
from simulator.local_time import day_of, midnight
from simulator.records import Record, chance

SENT_AGAIN_AFTER_S = (120, 900)
ANSWERED_AGAIN = 0.5
SOLVED_EARLIER_S = (600, 7200)
SLOW_BY_S = 20 * 60
CLOCKS_DIFFER_BY_S = 60
"""A record that lies no further before its contact may come from two clocks that are both right."""
_TICKET, _INVITATION, _ANSWER = "canonical.ticket", "canonical.survey_invitation", "canonical.survey_response"
_LOG = "canonical.query_log"
# feed -> its defect, the key of a record, the time by which its date goes, and the column that names nobody
_ORPHANS = {
    _INVITATION: ("orphan_survey", "survey_id", "sent_at", "contact_id"),
    _ANSWER: ("orphan_survey", "survey_id", "sent_at", "contact_id"),
    "canonical.qa_evaluation": ("orphan_evaluation", "evaluation_id", "evaluated_at", "contact_id"),
    "canonical.transfer": ("orphan_transfer", "transfer_id", "transferred_at", "contact_id"),
    _TICKET: ("orphan_ticket", "ticket_id", "created_at", "customer_id"),
}
_EVENT_TIME = {feed: event_time for feed, (_, _, event_time, _) in _ORPHANS.items()} | {_ANSWER: "responded_at"}


class Defects:
    """Passes records on and plants the wanted defects of records and clocks; `planted` says how many, on which date.

    `wanted` are names of DEFECTS, of which those of files are left to the forms. Of a record that changes the last
    version counts that is written before the simulation ends. Raises SettingError for a name that is none.
    """

    def __init__(self, seed: int, wanted: Iterable[str], days: DefectDays) -> None:
        self._seed, self._days = seed, days
        self._wanted = chosen(wanted, "record", "clock")
        self._feeds = {feed for name in self._wanted for feed in DEFECTS[name].feeds}
        if "clock_skew" in self._wanted:
            self._feeds.add("canonical.ticket_field")
        self._ends = midnight(days.last + 1)
        self._rows: Counter[tuple[str, str, int]] = Counter()
        # (defect, feed) -> record that changes -> its day
        self._last_versions: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._contact_starts: dict[str, int] = {}
        self._is_row_missing: dict[str, bool] = {}  # of a log that has begun: whether the row before was taken out

    @property
    def planted(self) -> list[Planted]:
        """What was planted, by defect, feed and date."""
        rows = self._rows.copy()
        for (name, feed), versions in self._last_versions.items():
            rows.update((name, feed, day) for day in versions.values())
        return [Planted(name, feed, date_text(day), count) for (name, feed, day), count in rows.items()]

    def see(self, contact: Contact) -> None:
        """Take note of a contact before the records that follow from it."""
        if "clock_skew" in self._wanted and abs(day_of(contact.ended_at) - self._days.spoilt) <= 1:
            self._contact_starts[contact.contact_id] = contact.started_at

    def through(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their defects, in the order in which they came; a second survey stands after the first,
        though it is written later."""
        for record in records:
            if record.feed not in self._feeds or record.at >= self._ends:
                yield record
            elif record.feed.startswith(_TICKET):
                yield self._ticket(record)
            elif record.feed == _LOG:
                yield from self._left_in_log(record)
            else:
                passed = self._about_nobody(record)
                yield passed
                if passed is record and record.feed in (_INVITATION, _ANSWER):
                    yield from self._again(record)

    def _hits(self, name: str, key: object, day: int) -> bool:
        """Whether a record of a day has a defect of records."""
        return (
            name in self._wanted
            and self._days.may_hold_wrong_records(day)
            and chance(self._seed, "defect", name, key).random() < DEFECTS[name].share
        )

    def _left_in_log(self, record: Record) -> Iterator[Record]:
        """A row of a log, unless it is taken out. The row after those that are missing is the one that shows it, and is
        counted; a log begins with the first row that is known, which is never taken out."""
        row, tool = record.row, record.row["tool_name"]
        if row["chain_hash"] is None:
            yield record
            return
        day = day_of(row["executed_at"])
        if tool in self._is_row_missing and self._hits("log_rows_removed", row["chain_hash"], day):
            self._is_row_missing[tool] = True
            return
        if self._is_row_missing.get(tool):
            self._rows["log_rows_removed", _LOG, day] += 1
        self._is_row_missing[tool] = False
        yield record

    def _ticket(self, record: Record) -> Record:
        """A ticket, or one of its fields: of a customer whom nobody knows, with a wrong time of its solution until it
        is opened again, or written by a slow clock."""
        if record.feed == _TICKET:
            record = self._solved_too_early(self._about_nobody(record))
        row = record.row
        created_at = row["created_at" if record.feed == _TICKET else "ticket_created_at"]
        if "clock_skew" not in self._wanted or day_of(created_at) != self._days.spoilt:
            return record
        if record.feed == _TICKET:
            started_at = self._contact_starts.get(row["contact_id"])
            told_at = created_at - SLOW_BY_S
            if started_at is not None and told_at < started_at - CLOCKS_DIFFER_BY_S:
                self._last_versions["clock_skew", _TICKET][row["ticket_id"]] = day_of(told_at)
        slow = {name: value - SLOW_BY_S for name, value in row.items() if name.endswith("_at") and value is not None}
        return record._replace(row=row | slow)

    def _solved_too_early(self, record: Record) -> Record:
        row, ticket_id = record.row, record.row["ticket_id"]
        day = day_of(row["created_at"])
        if not self._hits("solved_before_created", ticket_id, day):
            return record
        wrong = self._last_versions["solved_before_created", _TICKET]
        if row["solved_at"] is None:
            wrong.pop(ticket_id, None)
            return record
        wrong[ticket_id] = day
        earlier_s = chance(self._seed, "earlier", ticket_id).randint(*SOLVED_EARLIER_S)
        return record._replace(row=row | {"solved_at": row["created_at"] - earlier_s})

    def _about_nobody(self, record: Record) -> Record:
        """A record that names what no system knows."""
        name, key, dated_by, column = _ORPHANS[record.feed]
        row = record.row
        if row[column] is None or not self._hits(name, row[key], day_of(row[dated_by])):
            return record
        day = day_of(row[_EVENT_TIME[record.feed]])
        if "record_updated_at" in row:
            self._last_versions[name, record.feed][row[key]] = day
        else:
            self._rows[name, record.feed, day] += 1
        return record._replace(row=row | {column: f"unknown-{row[column]}"})

    def _again(self, record: Record) -> Iterator[Record]:
        """The same invitation some minutes later, as another survey, and the answers of those who answer it too."""
        row = record.row
        survey_id = row["survey_id"]
        if not self._hits("double_survey", survey_id, day_of(row["sent_at"])):
            return
        r = chance(self._seed, "again", survey_id)
        later_s, is_answered = r.randint(*SENT_AGAIN_AFTER_S), r.random() < ANSWERED_AGAIN
        if record.feed == _ANSWER and not is_answered:
            return
        moved: dict[str, Any] = {name: row[name] + later_s for name in ("sent_at", "responded_at") if name in row}
        at = record.at + later_s
        if at < self._ends:
            self._rows["double_survey", record.feed, day_of(moved[_EVENT_TIME[record.feed]])] += 1
        yield Record(record.feed, at, row | moved | {"survey_id": f"{survey_id}-2"})
