"""KPIs of tickets (M084–M092, M124), counted from the records of tickets, their events and their fields.

Belongs here: the rulings of DECISIONS.md, section 23. Does not belong here: how a ticket comes about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.business_hours import BusinessHours
from simulator.records import Record
from simulator.truth.sums import Share, Tally, in_order
from simulator.truth.values import Formula, Value

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


class TicketRecount:
    """Takes records in any order and gives the values as of an instant.

    Of a ticket the latest version counts. A solution before the creation is no value (Q32), and its ticket unsolved.
    """

    def __init__(self, hours: BusinessHours | None = None) -> None:
        self._hours = hours or BusinessHours()
        self._tickets: dict[str, dict[str, Any]] = {}
        self._events: dict[str, dict[str, dict[str, Any]]] = {}
        self._fields: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        row = record.row
        if record.feed == "canonical.ticket":
            known = self._tickets.get(row["ticket_id"])
            if known is None or known["record_updated_at"] <= row["record_updated_at"]:
                self._tickets[row["ticket_id"]] = row
        elif record.feed == "canonical.ticket_event":
            self._events.setdefault(row["ticket_id"], {})[row["event_id"]] = row
        elif record.feed == "canonical.ticket_field":
            self._fields[row["ticket_id"], row["field_name"]] = row

    def values(self, as_of: int) -> list[Value]:
        """All values that are known at `as_of` (epoch seconds); what is due by then is decided."""
        return in_order([*self._of_tickets(as_of), *self._of_hand_overs(), *self._of_fields()])

    def _of_tickets(self, as_of: int) -> Iterator[Value]:
        created = Tally(
            (
                *_CREATED,
                Formula("M091", "tickets", ("returned",), ("created",)),
                Formula("M124", "tickets", ("complaints",), ("created",)),
            ),
            _CREATED,
        )
        returned = Tally((), shares=(Share("M091", "field", ("returned",), ("created",)),))
        assigned = Tally(
            (
                Formula("M085", "assigned", ("solved",), ("assigned",)),
                Formula("M085", "open", ("assigned", "-solved")),
            )
        )
        solved, due = Tally(_SOLVED, _SOLVED), Tally(_DUE, _DUE)
        for row in self._tickets.values():
            self._add_created(created, returned, row)
            solved_at = row["solved_at"]
            if solved_at is not None and solved_at < row["created_at"]:
                solved_at = None
            of_ticket = {"issue": row["issue_id"], "agent": row["assigned_agent_id"]}
            if row["assigned_at"] is not None:
                assigned.add(row["assigned_at"], {"assigned": 1, "solved": solved_at is not None}, **of_ticket)
            if solved_at is not None:
                amounts = {
                    "solved": 1,
                    "calendar_s": solved_at - row["created_at"],
                    "business_s": self._hours.between(row["created_at"], solved_at),
                }
                solved.add(solved_at, amounts, **of_ticket)
                solved.add(solved_at, amounts, row["ticket_type"])
            self._add_due(due, row, solved_at, as_of)
        for tally in (created, returned, assigned, solved, due):
            yield from tally.values()

    def _add_created(self, created: Tally, returned: Tally, row: dict[str, Any]) -> None:
        is_judged = row["final_category"] is not None
        is_complete = row["filled_field_count"] == row["required_field_count"]
        amounts = {
            "created": 1,
            "judged": is_judged,
            "accurate": is_judged and is_complete and row["initial_category"] == row["final_category"],
            "returned": row["returned_count"] > 0,
            "complaints": row["is_complaint"],
        }
        members = {"issue": row["issue_id"], "agent": row["created_by_agent_id"], "channel": row["channel_id"]}
        created.add(row["created_at"], amounts, **members)
        created.add(row["created_at"], amounts, row["ticket_type"])
        returned.add(row["created_at"], {"created": 1}, issue=row["issue_id"])
        missing = {
            event["missing_field"]
            for event in self._events.get(row["ticket_id"], {}).values()
            if event["kind"] == "returned" and event["missing_field"] is not None
        }
        for name in sorted(missing):
            returned.add(row["created_at"], {"returned": 1}, name, issue=row["issue_id"])

    @staticmethod
    def _add_due(tally: Tally, row: dict[str, Any], solved_at: int | None, as_of: int) -> None:
        due_at = row["due_at"]
        if due_at is None or due_at > as_of:
            return
        archived_at = row["archived_at"]
        in_time = solved_at is not None and solved_at <= due_at and archived_at is not None and archived_at <= due_at
        amounts = {"due": 1, "in_time": in_time}
        tally.add(due_at, amounts, issue=row["issue_id"], department=row["assigned_department_id"])
        tally.add(due_at, amounts, row["ticket_type"])

    def _of_fields(self) -> Iterator[Value]:
        tally = Tally(_FIELDS, _FIELDS)
        for row in self._fields.values():
            if row["is_required"]:
                amounts = {"required": 1, "filled": row["is_filled_at_creation"]}
                tally.add(row["ticket_created_at"], amounts)
                tally.add(row["ticket_created_at"], amounts, row["field_name"])
        yield from tally.values()

    def _of_hand_overs(self) -> Iterator[Value]:
        stages = Tally(
            _HAND_OVERS,
            _HAND_OVERS,
            (
                Share("M089", "calendar", ("calendar_s",), ("calendar_s",)),
                Share("M089", "business", ("business_s",), ("business_s",)),
            ),
        )
        tickets = Tally(
            (
                Formula("M088", "ticket_calendar", ("calendar_s",), ("tickets",)),
                Formula("M088", "ticket_business", ("business_s",), ("tickets",)),
            )
        )
        for ticket_id, events in self._events.items():
            issue = self._tickets[ticket_id]["issue_id"]
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
                stage = f"{sent['from_department_id']}>{sent['to_department_id']}"
                stages.add(last_at, amounts, issue=issue, department=sent["to_department_id"])
                stages.add(last_at, amounts, stage, issue=issue)
            if last_at is not None:
                tickets.add(last_at, total, issue=issue)
        yield from stages.values()
        yield from tickets.values()


def _hand_overs(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each sending to a department with its acceptance there; what nobody accepted yet is none."""
    waiting: dict[str, dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: (event["happened_at"], int(event["event_id"]))):
        if event["kind"] == "sent_to_department":
            waiting[event["to_department_id"]] = event
        elif event["kind"] == "accepted" and event["to_department_id"] in waiting:
            yield waiting.pop(event["to_department_id"]), event
