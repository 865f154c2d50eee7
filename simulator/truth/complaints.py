"""KPIs of complaints (M123, M125–M131), counted from contacts and the records of complaints.

Belongs here: the rulings of DECISIONS.md, section 26. Does not belong here: tickets of complaints (`tickets`, M124).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sized
from dataclasses import dataclass

from simulator.business_hours import BusinessHours
from simulator.events import Contact
from simulator.records import Record
from simulator.truth.sums import DAY_S, Share, Tally, in_order, local_day
from simulator.truth.values import Formula, Value
from simulator.truth.versions import Row, settled_days

RECURRENCE_S = 30 * DAY_S
ABOUT_DAYS = 40
_OPENED = (
    Formula("M123", "opened", ("opened",)),
    Formula("M128", "opened", ("closed",), ("opened",)),
    Formula("M130", "parent", ("again",), ("opened",)),
    Formula("M131", "opened", ("escalated",), ("opened",)),
)
_BY_TYPE = _OPENED[:3]
_CLOSED = (
    Formula("M129", "calendar", ("calendar_s",), ("closed",)),
    Formula("M129", "business", ("business_s",), ("closed",)),
)
_RECURRENCE = (Formula("M130", "same_type_30d", ("recurred",), ("mature",)),)


@dataclass(slots=True)
class _Complaint:
    """A complaint until nothing of it can change: its latest version, and when the contact ended that it is about."""

    row: Row
    about_ended_at: int | None = None


class ComplaintRecount:
    """Takes handled contacts, and versions of complaints in any order: the latest counts, and a closed one is final.

    A complaint is about a contact of the last `ABOUT_DAYS`, or about the one that its parent is about.
    """

    feeds = ("canonical.complaint",)

    def __init__(self, hours: BusinessHours | None = None) -> None:
        self._hours = hours or BusinessHours()
        self._ended_at: dict[int, dict[str, int]] = defaultdict(dict)
        self._open: dict[str, _Complaint] = {}
        self._opened: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._settled_until = 0
        self._openings = Tally(_OPENED, _BY_TYPE, (Share("M127", "mix", ("opened",), ("opened",)),))
        self._levels = Tally((), shares=(Share("M131", "level", ("escalated",), ("opened",)),))
        self._closings = Tally(_CLOSED, _CLOSED)
        self._recurrence = Tally(_RECURRENCE, _RECURRENCE)
        self._of_centre = Tally((Formula("M126", "contacts", ("opened",), ("handled",)),))
        self._of_agents = Tally((Formula("M125", "contacts", ("complaints",), ("handled",)),))

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone. A contact without conversations is its last agent's,
        whom its record names."""
        agents = {leg.agent_id for leg in contact.legs} or {contact.last_agent_id} - {None}
        if agents:
            self._ended_at[local_day(contact.ended_at)][contact.contact_id] = contact.ended_at
            self._of_centre.add(contact.ended_at, {"handled": 1})
            for agent_id in agents:
                self._of_agents.add(contact.ended_at, {"handled": 1}, agent=agent_id)

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone. A change of what was settled is an AssertionError."""
        if record.feed != "canonical.complaint":
            return
        row = record.row
        known = self._open.get(row["complaint_id"])
        if known is None:
            assert row["opened_at"] >= self._settled_until, f"{row['complaint_id']} was written after it was closed"
            self._open[row["complaint_id"]] = _Complaint(row, self._about(row))
            self._opened[row["customer_id"], row["complaint_type"]].append(row["opened_at"])
        elif known.row["record_updated_at"] <= row["record_updated_at"]:
            known.row = row

    def settle(self, until: int) -> None:
        """Count the complaints that were closed when all is known that was written before an instant, and could have
        come again."""
        for complaint_id, complaint in list(self._open.items()):
            closed_at = complaint.row["closed_at"]
            if closed_at is not None and closed_at + RECURRENCE_S < until:
                self._count(self._open[complaint_id], until)
                del self._open[complaint_id]
        for day in settled_days(self._ended_at, until, ABOUT_DAYS * DAY_S):
            del self._ended_at[day]
        for group, opened in list(self._opened.items()):
            if opened[-1] < until - RECURRENCE_S:  # nothing that is open was closed so long ago
                del self._opened[group]
        self._settled_until = max(self._settled_until, until)

    def values(self, as_of: int) -> Iterator[Value]:
        """All values that are known at `as_of` (epoch seconds)."""
        for complaint in self._open.values():
            self._count(complaint, as_of)
        self._open = {}
        whole = (self._openings, self._levels, self._closings, self._recurrence)
        return in_order(
            [
                *(value for tally in whole for value in tally.values()),
                # where nobody was handled there is no rate
                *(value for value in self._of_centre.values() if value.denominator),
                *(value for value in self._of_agents.values() if value.dim_set == "agent"),
            ]
        )

    @property
    def held(self) -> int:
        """How many contacts, complaints and instants are kept."""
        kept: list[Sized] = [self._open, *self._ended_at.values(), *self._opened.values()]
        return sum(map(len, kept))

    def _about(self, row: Row) -> int | None:
        """When the contact ended that a complaint is about; None for one that nobody handled."""
        contact_id = row["about_contact_id"]
        if contact_id is None:
            return None
        parent = self._open.get(row["parent_complaint_id"] or "")
        if parent is not None and parent.row["about_contact_id"] == contact_id:
            return parent.about_ended_at
        return next((of_day[contact_id] for of_day in self._ended_at.values() if contact_id in of_day), None)

    def _count(self, complaint: _Complaint, as_of: int) -> None:
        row = complaint.row
        self._count_opening(row)
        if row["closed_at"] is not None:
            self._count_closing(row, as_of)
        # of the centre by the date of the complaint, of an agent by the contact's
        self._of_centre.add(row["opened_at"], {"opened": 1})
        if complaint.about_ended_at is not None and row["about_agent_id"] is not None:
            self._of_agents.add(complaint.about_ended_at, {"complaints": 1}, agent=row["about_agent_id"])

    def _count_opening(self, row: Row) -> None:
        at, amounts = row["opened_at"], _opening(row)
        self._openings.add(at, amounts, channel=row["channel_id"])
        self._openings.add(at, amounts, row["complaint_type"])
        self._levels.add(at, {"opened": 1})
        if row["escalated_at"] is not None:
            self._levels.add(at, {"escalated": 1}, f"level_{row['level']}")

    def _count_closing(self, row: Row, as_of: int) -> None:
        """How long it took; of a known customer's that was closed at least 30 days ago, whether it recurred."""
        closed_at, about_type = row["closed_at"], row["complaint_type"]
        amounts = {
            "closed": 1,
            "calendar_s": closed_at - row["opened_at"],
            "business_s": self._hours.between(row["opened_at"], closed_at),
        }
        self._closings.add(closed_at, amounts)
        self._closings.add(closed_at, amounts, about_type)
        if row["customer_id"] is not None and closed_at + RECURRENCE_S <= as_of:
            later = self._opened.get((row["customer_id"], about_type), ())
            recurred = any(closed_at < at <= closed_at + RECURRENCE_S for at in later)
            self._recurrence.add(closed_at, {"mature": 1, "recurred": recurred})
            self._recurrence.add(closed_at, {"mature": 1, "recurred": recurred}, about_type)


def _opening(row: Row) -> dict[str, int]:
    return {
        "opened": 1,
        "closed": int(row["closed_at"] is not None),
        "escalated": int(row["escalated_at"] is not None),
        "again": int(row["parent_complaint_id"] is not None),
    }
