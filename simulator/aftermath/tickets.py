"""Tickets: written after a contact, sent through departments, solved, sometimes opened again, archived.

Belongs here: the feeds `ticket`, `ticket_event` and `ticket_field`. Does not belong here: what a complaint is about
(`complaints`), working hours (`business_hours`).

A department is no queue here: how long a ticket waits for it is drawn, and does not grow with the number of tickets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from simulator.aftermath.case import Case
from simulator.business_hours import BusinessHours
from simulator.catalogue import ISSUE_BY_ID, ISSUES
from simulator.local_time import HOUR_S
from simulator.records import Record, chance
from simulator.workload import manual_factor

SPREAD = 0.5  # sigma of the logarithm of routing and work
HANDLERS_PER_DEPARTMENT = 6
DONE_BY_AGENT = {"enquiry": 0.6, "billing": 0.3, "technical": 0.3, "delivery": 0.25}
GOES_ON = 0.35  # of the repairs and complaints
TICKET_TYPES = {
    "repair": ("报修", "Repair"),
    "installation": ("安装", "Installation"),
    "property": ("物业", "Property service"),
    "delivery": ("配送", "Delivery"),
    "billing": ("账务", "Billing"),
    "technical": ("技术", "Technical"),
    "enquiry": ("咨询", "Enquiry"),
    "complaint": ("投诉", "Complaint"),
}
TYPE_OF_ISSUE = {"repair_request": "repair", "installation": "installation", "property_service": "property"}
TYPE_OF_TOPIC = {"logistics": "delivery", "billing": "billing", "activation": "technical", "complaint": "complaint"}
FIELDS = {
    "telephone": ("联系电话", "Telephone"),
    "description": ("问题描述", "Description"),
    "fault_description": ("故障描述", "Fault"),
    "product_model": ("产品型号", "Model"),
    "address": ("上门地址", "Address"),
    "appointment": ("预约时间", "Appointment"),
    "order_number": ("订单号", "Order number"),
    "amount": ("涉及金额", "Amount"),
    "demand": ("客户诉求", "What the customer wants"),
    "remark": ("备注", "Remark"),
}
REQUIRED_FIELDS = {
    "repair": ("telephone", "fault_description", "product_model", "address", "appointment"),
    "installation": ("telephone", "product_model", "address", "appointment"),
    "property": ("telephone", "fault_description", "address"),
    "delivery": ("telephone", "order_number", "description"),
    "billing": ("telephone", "order_number", "amount", "description"),
    "technical": ("telephone", "product_model", "description"),
    "enquiry": ("telephone", "description"),
    "complaint": ("telephone", "demand", "description"),
}
# a field that is hard to ask for is missing more often than others
HARD_TO_ASK = {"fault_description": 2.0, "product_model": 1.8, "demand": 1.5, "telephone": 0.3}
DUE_H = {"紧急": 9, "高": 13, "普通": 18}
OPEN, IN_PROGRESS, WAITING, SOLVED, ARCHIVED = "open", "in_progress", "waiting", "solved", "archived"


def ticket_type_of(issue_id: str | None) -> str:
    """Type of the tickets of an issue, a key of `TICKET_TYPES`."""
    if issue_id is None:
        return "enquiry"
    return TYPE_OF_ISSUE.get(issue_id) or TYPE_OF_TOPIC.get(ISSUE_BY_ID[issue_id].parent_id, "enquiry")


def ticket_id_of(case: Case) -> str | None:
    """Id of the ticket of a contact; None when it takes none. What was not solved at once takes one more often."""
    if case.issue is None:
        return None
    likely = case.issue.has_ticket
    if case.contact.is_declared_solved is False:
        likely += 0.35 * (1 - likely)
    needs = chance(case.seed, "ticket_needed", case.contact.contact_id).random() < likely
    return f"T-{case.contact.contact_id}" if needs else None


def skewed(r: random.Random, mean_h: float) -> int:
    """Seconds of a log-normal time with this mean."""
    return max(60, int(mean_h * HOUR_S * r.lognormvariate(-SPREAD * SPREAD / 2, SPREAD)))


def tickets_of(case: Case, ticket_id: str, hours: BusinessHours) -> Iterator[Record]:
    """All records of one ticket, in order of time."""
    yield from _Ticket(case, ticket_id, hours).records()


class _Ticket:
    """One ticket on its way: `row` as the source shows it now, `at` the instant that has been reached."""

    def __init__(self, case: Case, ticket_id: str, hours: BusinessHours) -> None:
        assert case.issue is not None, "a ticket is about an issue"
        self._case, self._issue, self._hours = case, case.issue, hours
        self._random = chance(case.seed, "ticket", case.contact.contact_id)
        self._type = ticket_type_of(case.issue.issue_id)
        self._created_by = case.agent_id
        self._events = 0
        self._versioned_at = 0
        self.at = 0
        self.row: dict[str, Any] = {"ticket_id": ticket_id}

    def records(self) -> Iterator[Record]:
        """From creation to archiving."""
        missing = self._missing_fields()
        yield from self._create(missing)
        self.at += self._random.randint(20, 240)
        if self._type in DONE_BY_AGENT and not missing and self._random.random() < DONE_BY_AGENT[self._type]:
            yield from self._keep()
            completes = self._case.effects.level(
                "ticket_completed", self._case.rates.completes, self.at, agent=self._created_by
            )
            if self._random.random() >= completes:
                return
        else:
            yield from self._route(missing)
        yield from self._solve()
        unhappy = 2.5 if self._case.contact.is_solved is False else 0.7
        if self._random.random() < self._case.rates.reopens * unhappy:
            yield from self._reopen()
            yield from self._solve()
        yield from self._archive()

    # --- what the source writes -------------------------------------------------------------------------------------

    def _version(self, **changes: object) -> Record:
        """The ticket as it is now; two versions never have one instant."""
        self.row.update(changes)
        self._versioned_at = max(self.at, self._versioned_at + 1)
        self.row["record_updated_at"] = self._versioned_at
        return Record("canonical.ticket", self._versioned_at, dict(self.row))

    def _event(self, kind: str, actor: str, **told: object) -> Record:
        self._events += 1
        row = {
            "ticket_id": self.row["ticket_id"],
            "event_id": str(self._events),
            "happened_at": self.at,
            "kind": kind,
            "actor_agent_id": actor,
            "priority": self.row["priority"],
        }
        return Record("canonical.ticket_event", self.at, row | told)

    def _field(self, name: str, *, is_filled: bool, was_filled: bool) -> Record:
        row = {
            "ticket_id": self.row["ticket_id"],
            "field_name": name,
            "ticket_created_at": self.row["created_at"],
            "is_required": name in REQUIRED_FIELDS[self._type],
            "is_filled_at_creation": was_filled,
            "is_filled": is_filled,
            "record_updated_at": self.at,
        }
        return Record("canonical.ticket_field", self.at, row)

    # --- the way of a ticket ----------------------------------------------------------------------------------------

    def _missing_fields(self) -> list[str]:
        """Required fields that the agent leaves empty; the less able, the more tickets have such."""
        required = REQUIRED_FIELDS[self._type]
        weights = [HARD_TO_ASK.get(name, 1.0) for name in required]
        usual = self._case.rates.missing_field * (1.8 - 1.6 * self._case.ability) * sum(weights)
        if self._random.random() >= self._case.level("ticket_rework", usual):
            return []
        return sorted(set(self._random.choices(required, weights, k=self._random.choice((1, 1, 1, 2)))))

    def _first_category(self) -> str:
        """What the agent takes the issue for: sometimes a neighbour of the true one."""
        if self._random.random() >= self._case.rates.wrong_category * (1.6 - 1.2 * self._case.ability):
            return self._issue.issue_id
        others = [issue for issue in ISSUES if issue.issue_id != self._issue.issue_id]
        weights = [4.0 if issue.parent_id == self._issue.parent_id else 0.3 for issue in others]
        return self._random.choices(others, weights)[0].issue_id

    def _priority(self) -> str:
        customer = self._case.customer
        if self._type == "complaint":
            return "紧急" if self._case.pleasure < 0.3 else "高"
        if customer is not None and (customer.is_high_value or customer.tier(self._case.contact.ended_at) == "vip"):
            return "高"
        return "高" if self._random.random() < 0.08 else "普通"

    def _create(self, missing: list[str]) -> Iterator[Record]:
        """Begun during the conversation or after it, saved after it."""
        contact, r = self._case.contact, self._random
        writing_s = int(r.lognormvariate(4.4, 0.5) * manual_factor(self._case.effects, contact.ended_at))
        begins = contact.legs[-1].started_at if contact.legs else contact.started_at
        ends = contact.legs[-1].ended_at if contact.legs else contact.ended_at
        started_at = max(begins, ends - writing_s) if r.random() < 0.6 else contact.ended_at + r.randint(2, 90)
        self.at = max(contact.ended_at + 1, started_at + writing_s)
        required = REQUIRED_FIELDS[self._type]
        priority = self._priority()
        category = self._first_category()
        yield self._version(
            contact_id=contact.contact_id,
            channel_id=contact.channel,
            customer_id=contact.customer_id,
            ticket_type=self._type,
            issue_id=category,
            priority=priority,
            created_by_agent_id=self._created_by,
            assigned_agent_id=self._created_by,
            assigned_department_id="service",
            creation_started_at=started_at,
            created_at=self.at,
            assigned_at=None,
            due_at=self._hours.add(self.at, DUE_H[priority] * HOUR_S),
            first_solved_at=None,
            solved_at=None,
            archived_at=None,
            status=OPEN,
            reopened_count=0,
            returned_count=0,
            required_field_count=len(required),
            filled_field_count=len(required) - len(missing),
            initial_category=category,
            final_category=None,
            repeat_reason=contact.repeat_reason,
            is_complaint=self._type == "complaint",
        )
        yield self._event("created", self._created_by, to_status=OPEN, to_department_id="service")
        for name in required:
            yield self._field(name, is_filled=name not in missing, was_filled=name not in missing)
        has_remark = r.random() < 0.4
        yield self._field("remark", is_filled=has_remark, was_filled=has_remark)

    def _keep(self) -> Iterator[Record]:
        """The agent who wrote it does it alone, between calls."""
        yield self._event("assigned", self._created_by, to_department_id="service", to_status=IN_PROGRESS)
        yield self._version(assigned_at=self.at, status=IN_PROGRESS)
        self.at = self._hours.add(self.at, skewed(self._random, self._case.rates.work_mean_h["service"]))

    def _route(self, missing: list[str]) -> Iterator[Record]:
        """From department to department; where something is missing, back to the agent first."""
        here = "service"
        first, detour = self._issue.department_id, self._detour()
        way = [first, *detour] if detour and self._random.random() < GOES_ON else [first]
        routing_h = self._routing_means_h(first, detour)
        for number, department in enumerate(way):
            yield from self._send(here, department, skewed(self._random, routing_h[number]))
            if missing and number == 0:
                yield from self._return(department, missing)
                yield from self._send("service", department, self._random.randint(60, 900))
            here = department
            work_h = self._case.rates.work_mean_h[department] / len(way)
            self.at = self._hours.add(self.at, skewed(self._random, work_h))

    def _detour(self) -> list[str]:
        """Where a ticket may go besides: for parts, for a technician, to the department that a complaint is about."""
        first = self._issue.department_id
        by_type = {"repair": "logistics", "installation": "logistics", "property": "after_sales"}
        if self._type == "complaint":
            return [self._random.choice(("after_sales", "logistics", "finance")), first]
        return [by_type[self._type], first] if self._type in by_type else []

    def _routing_means_h(self, first: str, detour: list[str]) -> list[float]:
        """Means of each hand-over. A scenario sets the mean of whole tickets, and of their first hand-over."""
        usual_h = self._case.rates.routing_mean_h
        first_h, rest_h = usual_h[first], [usual_h[department] for department in detour]
        detour_h = GOES_ON * sum(rest_h)
        told = {"department_id": first}
        whole_s = (first_h + detour_h) * HOUR_S
        ticket_s = self._case.level("ticket_route_s", whole_s, **told)
        accept_s = self._case.level(
            "ticket_stage_s", first_h * HOUR_S * ticket_s / whole_s, stage=f"service>{first}", **told
        )
        if not detour_h:
            return [ticket_s / HOUR_S]
        stretch = max(0.0, ticket_s - accept_s) / (detour_h * HOUR_S)
        return [accept_s / HOUR_S, *(hours * stretch for hours in rest_h)]

    def _handler(self, department: str) -> str:
        return f"{department}-{self._random.randint(1, HANDLERS_PER_DEPARTMENT):02d}"

    def _send(self, from_department: str, to_department: str, routing_s: int) -> Iterator[Record]:
        """Sent at once, accepted after the routing time, counted in working hours."""
        sender = self.row["assigned_agent_id"]
        way = {"from_department_id": from_department, "to_department_id": to_department}
        yield self._event("sent_to_department", sender, **way, from_status=self.row["status"], to_status=WAITING)
        yield self._version(status=WAITING, assigned_department_id=to_department)
        self.at = self._hours.add(self.at, routing_s)
        handler = self._handler(to_department)
        yield self._event("accepted", handler, **way, from_status=WAITING, to_status=IN_PROGRESS)
        yield self._version(
            status=IN_PROGRESS,
            assigned_agent_id=handler,
            assigned_at=self.row["assigned_at"] or self.at,
            issue_id=self._issue.issue_id,
        )

    def _return(self, department: str, missing: list[str]) -> Iterator[Record]:
        """The department sends it back for what is missing, and the agent asks the customer."""
        self.at = self._hours.add(self.at, self._random.randint(300, 1800))
        handler = self.row["assigned_agent_id"]
        for name in missing:
            yield self._event(
                "returned",
                handler,
                from_department_id=department,
                to_department_id="service",
                from_status=IN_PROGRESS,
                to_status=OPEN,
                reason="information_missing",
                missing_field=name,
            )
        yield self._version(
            status=OPEN,
            assigned_department_id="service",
            assigned_agent_id=self._created_by,
            returned_count=self.row["returned_count"] + 1,
        )
        self.at = self._hours.add(self.at, skewed(self._random, 1.5))
        for name in missing:
            yield self._field(name, is_filled=True, was_filled=False)

    def _solve(self) -> Iterator[Record]:
        handler = self.row["assigned_agent_id"]
        yield self._event("solved", handler, from_status=self.row["status"], to_status=SOLVED)
        yield self._version(
            status=SOLVED,
            first_solved_at=self.row["first_solved_at"] or self.at,
            solved_at=self.at,
            issue_id=self._issue.issue_id,
            final_category=self._issue.issue_id,
        )

    def _reopen(self) -> Iterator[Record]:
        """The customer says that it is not done."""
        self.at += self._random.randint(2 * HOUR_S, 30 * HOUR_S)
        yield self._event("reopened", self._created_by, from_status=SOLVED, to_status=IN_PROGRESS, reason="not_solved")
        yield self._version(status=IN_PROGRESS, solved_at=None, reopened_count=self.row["reopened_count"] + 1)
        self.at = self._hours.add(self.at, skewed(self._random, 3.0))

    def _archive(self) -> Iterator[Record]:
        self.at = self._hours.add(self.at, skewed(self._random, 1.2))
        yield self._event("archived", self._created_by, from_status=SOLVED, to_status=ARCHIVED)
        yield self._version(status=ARCHIVED, archived_at=self.at)
