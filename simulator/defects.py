"""Planted defects of the systems around the telephone: what sources get wrong, with how much of it.

Belongs here: changes to records that a check must find, each counted. Does not belong here: defects of files (their
forms), and of the telephone's logs (`asterisk_files`).

Nothing is planted unless asked for; a planted record's chance belongs to its key, so that the same records are hit
whatever else is simulated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.records import Record, chance

SENT_AGAIN_AFTER_S = (120, 900)
SOLVED_EARLIER_S = (600, 7200)
# key of the thing that is about nobody, and what it is counted as
ORPHANS = {
    "canonical.survey_invitation": ("survey_id", "survey_orphan"),
    "canonical.survey_response": ("survey_id", "answer_orphan"),
    "canonical.qa_evaluation": ("evaluation_id", "evaluation_orphan"),
}


@dataclass(frozen=True, slots=True)
class DefectRates:
    """Shares of the records that could have it. `solved_before_created`: of tickets; `double_sent`: of survey
    invitations, sent again under a new id; `orphan`: of surveys with their answers, and of evaluations, about a contact
    that does not exist."""

    solved_before_created: float = 0.0
    double_sent: float = 0.0
    orphan: float = 0.0


class Defects:
    """Passes records on and plants what was asked for; `planted` says how much by name.

    Tickets and evaluations count once, as their latest version is; of an answered survey each answer counts.
    """

    def __init__(self, seed: int, rates: DefectRates) -> None:
        self.planted: Counter[str] = Counter()
        self._seed, self._rates = seed, rates
        self._wrong_tickets: set[str] = set()
        self._evaluations: set[str] = set()

    def through(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their defects, in the order in which they came; a second survey stands after the first,
        though it is written later."""
        for record in records:
            if record.feed == "canonical.ticket":
                yield self._ticket(record)
            elif record.feed in ORPHANS:
                passed = self._about_nobody(record)
                yield passed
                if record.feed == "canonical.survey_invitation" and passed is record:
                    yield from self._again(record)
            else:
                yield record

    def _hits(self, share: float, *names: object) -> bool:
        return share > 0 and chance(self._seed, "defect", *names).random() < share

    def _ticket(self, record: Record) -> Record:
        """A ticket whose clock was wrong when it was solved, until it is opened again."""
        row, ticket_id = record.row, record.row["ticket_id"]
        if not self._hits(self._rates.solved_before_created, "solved", ticket_id):
            return record
        if row["solved_at"] is None:
            self._wrong_tickets.discard(ticket_id)
        else:
            self._wrong_tickets.add(ticket_id)
            earlier_s = chance(self._seed, "earlier", ticket_id).randint(*SOLVED_EARLIER_S)
            record = record._replace(row=row | {"solved_at": row["created_at"] - earlier_s})
        self.planted["ticket_solved_before_created"] = len(self._wrong_tickets)
        return record

    def _about_nobody(self, record: Record) -> Record:
        """A survey or an evaluation of a contact that no system knows."""
        (name, counted_as), row = ORPHANS[record.feed], record.row
        if not self._hits(self._rates.orphan, "orphan", row[name]):
            return record
        if record.feed != "canonical.qa_evaluation":
            self.planted[counted_as] += 1
        else:
            self._evaluations.add(row[name])
            self.planted[counted_as] = len(self._evaluations)
        return record._replace(row=row | {"contact_id": f"unknown-{row['contact_id']}"})

    def _again(self, record: Record) -> Iterator[Record]:
        """The same invitation some minutes later, as another survey that nobody answers."""
        row = record.row
        if not self._hits(self._rates.double_sent, "double", row["survey_id"]):
            return
        self.planted["survey_sent_twice"] += 1
        sent_at = row["sent_at"] + chance(self._seed, "again", row["survey_id"]).randint(*SENT_AGAIN_AFTER_S)
        again = row | {"survey_id": f"{row['survey_id']}-2", "sent_at": sent_at}
        yield Record(record.feed, sent_at, again)
