"""KPIs of tickets (M084–M092, M124, M094 by tickets), counted from the records of tickets, events and fields.

Belongs here: the rulings of DECISIONS.md, sections 20, 23 and 40. Does not belong here: how a ticket comes about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.business_hours import BusinessHours
from simulator.records import Record
from simulator.truth.sums import Share, Tally, in_order
from simulator.truth.values import Formula, Value
from simulator.truth.versions import Row

_CREATED = (Formula("M084", "created", ("created",)), Formula("M087", "judged", ("accurate",), ("judged",)))
_SOLVED = (
    Formula("M084", "solved", ("solved",)),
    Formula("M086", "calendar", ("calendar_s",), ("solved",)),
    Formula("M086", "business", ("business_s",), ("solved",)),
)
_FIELDS = (Formula("M092", "required", ("filled",), ("required",)),)
_DUE = (Formula("M090", "due", ("in_time",), ("due",)),)
_HAND_OVERS = (
    Formula("M088", "hand_over_calendar", ("calendar_s",), ("hand_overs",)),
    Formula("M088", "hand_over_business", ("business_s",), ("hand_overs",)),
)


@dataclass(slots=True)
class _Ticket:
    """A ticket until it is archived: its latest version, its events and its fields by their ids."""

    row: Row | None = None
    events: dict[str, Row] = field(default_factory=dict)
    fields: dict[str, Row] = field(default_factory=dict)


class TicketRecount:
    """Takes records in any order and gives the values as of an instant.

    Of a ticket the latest version counts; an archived one is final. A solution before the creation is no value (Q32),
    and its ticket unsolved.
    """

    feeds = ("canonical.ticket", "canonical.ticket_event", "canonical.ticket_field")

    def __init__(self, hours: BusinessHours | None = None) -> None:
        self._hours = hours or BusinessHours()
        self._open: dict[str, _Ticket] = {}
        self._settled_until = 0
        self._created = Tally(
            (
                *_CREATED,
                Formula("M091", "tickets", ("returned",), ("created",)),
            ),
            _CREATED,
        )
        self._complaints = Tally((Formula("M124", "tickets", ("complaints",), ("created",)),))
        self._returned = Tally((), shares=(Share("M091", "field", ("returned",), ("created",)),))
        self._assigned = Tally(
            (
                Formula("M085", "assigned", ("solved",), ("assigned",)),
                Formula("M085", "open", ("assigned", "-solved")),
            )
        )
        self._solved, self._due = Tally(_SOLVED, _SOLVED), Tally(_DUE, _DUE)
        self._first_solved = Tally((Formula("M094", "fcr_ticket", ("one_touch",), ("first_solved",)),))
        self._filled = Tally(_FIELDS, _FIELDS)
        self._stages = Tally(
            _HAND_OVERS,
            _HAND_OVERS,
            (
                Share("M089", "calendar", ("calendar_s",), ("calendar_s",)),
                Share("M089", "business", ("business_s",), ("business_s",)),
            ),
        )
        self._ways = Tally(
            (
                Formula("M088", "ticket_calendar", ("calendar_s",), ("tickets",)),
                Formula("M088", "ticket_business", ("business_s",), ("tickets",)),
            )
        )

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone. A change of an archived ticket is an AssertionError."""
        row = record.row
        if record.feed not in self.feeds:
            return
        ticket = self._open.get(row["ticket_id"])
        if ticket is None:
            begins = row.get("created_at") or row.get("ticket_created_at") or row.get("happened_at") or 0
            assert begins >= self._settled_until, f"{row['ticket_id']} was written after it had been archived"
            ticket = self._open[row["ticket_id"]] = _Ticket()
        if record.feed == "canonical.ticket":
            if ticket.row is None or ticket.row["record_updated_at"] <= row["record_updated_at"]:
                ticket.row = row
        elif record.feed == "canonical.ticket_event":
            ticket.events[row["event_id"]] = row
        else:
            ticket.fields[row["field_name"]] = row

    def settle(self, until: int) -> None:
        """Count the tickets that are archived and were due when all is known that was written before an instant."""
        for ticket_id, ticket in list(self._open.items()):
            row = ticket.row
            if row is not None and row["archived_at"] is not None and (row["due_at"] or 0) <= until:
                self._count(self._open.pop(ticket_id), until)
        self._settled_until = max(self._settled_until, until)

    def values(self, as_of: int) -> Iterator[Value]:
        """All values that are known at `as_of` (epoch seconds), by which what is due is decided."""
        for ticket in self._open.values():
            self._count(ticket, as_of)
        self._open = {}
        tallies = (
            *(self._created, self._complaints, self._returned, self._assigned, self._solved, self._due),
            *(self._stages, self._ways, self._filled, self._first_solved),
        )
        return in_order(value for tally in tallies for value in tally.values())

    @property
    def held(self) -> int:
        """How many tickets are kept."""
        return len(self._open)

    def _count(self, ticket: _Ticket, as_of: int) -> None:
        row = ticket.row
        if row is not None:
            self._count_created(row, ticket.events)
            self._count_solved(row, as_of)
            self._count_first_solved(row)
            self._count_hand_overs(row["issue_id"], ticket.events)
        for told in ticket.fields.values():
            if told["is_required"]:
                amounts = {"required": 1, "filled": told["is_filled_at_creation"]}
                self._filled.add(told["ticket_created_at"], amounts)
                self._filled.add(told["ticket_created_at"], amounts, told["field_name"])

    def _count_solved(self, row: Row, as_of: int) -> None:
        solved_at = row["solved_at"]
        if solved_at is not None and solved_at < row["created_at"]:
            solved_at = None
        of_ticket = {"issue": row["issue_id"], "agent": row["assigned_agent_id"]}
        if row["assigned_at"] is not None:
            amounts = {"assigned": 1, "solved": solved_at is not None}
            self._assigned.add(row["assigned_at"], amounts, **of_ticket)
        if solved_at is not None:
            amounts = {
                "solved": 1,
                "calendar_s": solved_at - row["created_at"],
                "business_s": self._hours.between(row["created_at"], solved_at),
            }
            self._solved.add(solved_at, amounts, **of_ticket)
            self._solved.add(solved_at, amounts, row["ticket_type"])
        self._count_due(row, solved_at, as_of)

    def _count_first_solved(self, row: Row) -> None:
        """One touch: its writer still has it, nothing was missing, and it was not opened again."""
        if row["first_solved_at"] is None or row["first_solved_at"] < row["created_at"]:
            return
        is_one_touch = (
            row["assigned_agent_id"] == row["created_by_agent_id"]
            and row["reopened_count"] == 0
            and row["returned_count"] == 0
        )
        of_ticket = {"issue": row["issue_id"], "agent": row["created_by_agent_id"], "channel": row["channel_id"]}
        self._first_solved.add(row["first_solved_at"], {"first_solved": 1, "one_touch": is_one_touch}, **of_ticket)

    def _count_created(self, row: Row, events: dict[str, Row]) -> None:
        is_judged = row["final_category"] is not None
        is_complete = row["filled_field_count"] == row["required_field_count"]
        amounts = {
            "created": 1,
            "judged": is_judged,
            "accurate": is_judged and is_complete and row["initial_category"] == row["final_category"],
            "returned": row["returned_count"] > 0,
        }
        members = {"issue": row["issue_id"], "agent": row["created_by_agent_id"], "channel": row["channel_id"]}
        self._created.add(row["created_at"], amounts, **members)
        self._created.add(row["created_at"], amounts, row["ticket_type"])
        del members["issue"]  # which says whether a ticket is a complaint
        self._complaints.add(row["created_at"], {"created": 1, "complaints": row["is_complaint"]}, **members)
        self._returned.add(row["created_at"], {"created": 1}, issue=row["issue_id"])
        missing = {
            event["missing_field"]
            for event in events.values()
            if event["kind"] == "returned" and event["missing_field"] is not None
        }
        for name in sorted(missing):
            self._returned.add(row["created_at"], {"returned": 1}, name, issue=row["issue_id"])

    def _count_due(self, row: Row, solved_at: int | None, as_of: int) -> None:
        due_at = row["due_at"]
        if due_at is None or due_at > as_of:
            return
        archived_at = row["archived_at"]
        in_time = solved_at is not None and solved_at <= due_at and archived_at is not None and archived_at <= due_at
        amounts = {"due": 1, "in_time": in_time}
        self._due.add(due_at, amounts, issue=row["issue_id"], department=row["assigned_department_id"])
        self._due.add(due_at, amounts, row["ticket_type"])

    def _count_hand_overs(self, issue: str | None, events: dict[str, Row]) -> None:
        total, last_at = {"tickets": 1, "calendar_s": 0, "business_s": 0}, None
        for sent, accepted in _hand_overs(list(events.values())):
            last_at = accepted["happened_at"]
            amounts = {
                "hand_overs": 1,
                "calendar_s": last_at - sent["happened_at"],
                "business_s": self._hours.between(sent["happened_at"], last_at),
            }
            total["calendar_s"] += amounts["calendar_s"]
            total["business_s"] += amounts["business_s"]
            stage = f"{sent['from_department_id'] or 'unknown'}>{sent['to_department_id']}"
            self._stages.add(last_at, amounts, issue=issue, department=sent["to_department_id"])
            self._stages.add(last_at, amounts, stage, issue=issue)
        if last_at is not None:
            self._ways.add(last_at, total, issue=issue)


def _hand_overs(events: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Each sending to another department with its acceptance there; what nobody accepted yet is none."""
    waiting: dict[str, Row] = {}
    for event in sorted(events, key=lambda event: (event["happened_at"], int(event["event_id"]))):
        department = event.get("to_department_id")
        if event["kind"] == "sent_to_department":
            if department is not None and department != event["from_department_id"]:
                waiting[department] = event
        elif event["kind"] == "accepted" and department in waiting:
            yield waiting.pop(department), event
