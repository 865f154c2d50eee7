"""KPIs of complaints (M123, M125–M131), counted from contacts and the records of complaints.

Belongs here: the rulings of DECISIONS.md, section 26. Does not belong here: tickets of complaints (`tickets`, M124).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from simulator.business_hours import BusinessHours
from simulator.events import Contact
from simulator.records import Record
from simulator.truth.sums import DAY_S, Share, Tally, in_order
from simulator.truth.values import Formula, Value

RECURRENCE_S = 30 * DAY_S
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

Row = dict[str, Any]


class ComplaintRecount:
    """Takes handled contacts, and versions of complaints in any order: the latest counts."""

    def __init__(self, hours: BusinessHours | None = None) -> None:
        self._hours = hours or BusinessHours()
        self._handled: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._complaints: dict[str, Row] = {}

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that no agent handled is left alone."""
        agents = {leg.agent_id for leg in contact.legs}
        agents |= {message.agent_id for message in contact.messages if message.agent_id is not None}
        if agents:
            self._handled[contact.contact_id] = contact.ended_at, tuple(sorted(agents))

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        if record.feed == "canonical.complaint":
            known = self._complaints.get(record.row["complaint_id"])
            if known is None or known["record_updated_at"] <= record.row["record_updated_at"]:
                self._complaints[record.row["complaint_id"]] = record.row

    def values(self, as_of: int) -> list[Value]:
        """All values that are known at `as_of` (epoch seconds)."""
        return in_order([*self._of_openings(), *self._of_closings(), *self._of_recurrence(as_of), *self._of_contacts()])

    def _of_openings(self) -> Iterator[Value]:
        tally = Tally(_OPENED, _BY_TYPE, (Share("M127", "mix", ("opened",), ("opened",)),))
        levels = Tally((), shares=(Share("M131", "opened", ("escalated",), ("opened",)),))
        for row in self._complaints.values():
            at, amounts = row["opened_at"], _opening(row)
            tally.add(at, amounts, channel=row["channel_id"])
            tally.add(at, amounts, row["complaint_type"])
            levels.add(at, {"opened": 1})
            if row["escalated_at"] is not None:
                levels.add(at, {"escalated": 1}, f"level_{row['level']}")
        yield from tally.values()
        yield from levels.values()

    def _of_closings(self) -> Iterator[Value]:
        tally = Tally(_CLOSED, _CLOSED)
        for row in self._complaints.values():
            if row["closed_at"] is not None:
                amounts = {
                    "closed": 1,
                    "calendar_s": row["closed_at"] - row["opened_at"],
                    "business_s": self._hours.between(row["opened_at"], row["closed_at"]),
                }
                tally.add(row["closed_at"], amounts)
                tally.add(row["closed_at"], amounts, row["complaint_type"])
        yield from tally.values()

    def _of_recurrence(self, as_of: int) -> Iterator[Value]:
        """Closed at least 30 days ago, of a known customer."""
        opened: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in self._complaints.values():
            if row["customer_id"] is not None:
                opened[row["customer_id"], row["complaint_type"]].append(row["opened_at"])
        tally = Tally(_RECURRENCE, _RECURRENCE)
        for row in self._complaints.values():
            closed_at = row["closed_at"]
            if closed_at is None or row["customer_id"] is None or closed_at + RECURRENCE_S > as_of:
                continue
            later = opened[row["customer_id"], row["complaint_type"]]
            recurred = any(closed_at < at <= closed_at + RECURRENCE_S for at in later)
            tally.add(closed_at, {"mature": 1, "recurred": recurred})
            tally.add(closed_at, {"mature": 1, "recurred": recurred}, row["complaint_type"])
        yield from tally.values()

    def _of_contacts(self) -> Iterator[Value]:
        """Complaints to handled contacts, of the centre by the date of the complaint, of an agent by the contact's."""
        centre = Tally((Formula("M126", "contacts", ("opened",), ("handled",)),))
        agents = Tally((Formula("M125", "contacts", ("complaints",), ("handled",)),))
        for ended_at, of_contact in self._handled.values():
            centre.add(ended_at, {"handled": 1})
            for agent_id in of_contact:
                agents.add(ended_at, {"handled": 1}, agent=agent_id)
        for row in self._complaints.values():
            centre.add(row["opened_at"], {"opened": 1})
            about = self._handled.get(row["about_contact_id"])
            if about is not None and row["about_agent_id"] is not None:
                agents.add(about[0], {"complaints": 1}, agent=row["about_agent_id"])
        yield from centre.values()
        yield from (value for value in agents.values() if value.dim_set == "agent")


def _opening(row: Row) -> dict[str, int]:
    return {
        "opened": 1,
        "closed": int(row["closed_at"] is not None),
        "escalated": int(row["escalated_at"] is not None),
        "again": int(row["parent_complaint_id"] is not None),
    }
