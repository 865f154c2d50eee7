"""A finished contact as what follows from it sees it: issue, customer, agent, and how pleased the customer is.

Belongs here: what several families depend on. Does not belong here: any record.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.aftermath.rates import Rates
from simulator.catalogue import Issue
from simulator.customers import Customer
from simulator.events import Contact
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

DISPLEASED = 0.35
"""Who is less pleased than this may complain."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint: which contact and agent it is about, when it was opened and closed, and all its versions."""

    complaint_id: str
    complaint_type: str
    about_contact_id: str | None
    about_agent_id: str | None
    opened_at: int
    closed_at: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is remembered of an earlier contact; `complaint` is the last one that it brought."""

    contact_id: str
    channel: str
    agent_id: str
    ended_at: int
    recording_id: str | None
    complaint: Complaint | None


@dataclass(frozen=True, slots=True)
class Case:
    """One handled contact. `ability`: the share of agents who are less able than its agent; `pleasure` from 0 to 1;
    `earlier` the contact that it repeats, or the displeasing one of the same customer."""

    seed: int
    contact: Contact
    agent_id: str
    ability: float
    issue: Issue | None
    customer: Customer | None
    pleasure: float
    earlier: Earlier | None
    rates: Rates
    effects: Effects

    def level(self, effect: str, base: float, **of: str | int | None) -> float:
        """What holds for this contact's issue, `base` without a scenario."""
        issue_id, topic = (self.issue.issue_id, self.issue.parent_id) if self.issue else (None, None)
        return self.effects.level(effect, base, self.contact.ended_at, issue_id=issue_id, topic=topic, **of)

    @property
    def usually_solved(self) -> float:
        """How often contacts like this one solve their issue."""
        if self.issue is None:
            return 1.0
        return self.level(
            "solved",
            self.issue.solved,
            medium=self.contact.medium,
            tier=self.customer.tier(self.contact.ended_at) if self.customer else None,
            agent=self.agent_id,
            attempt="first" if self.contact.repeat_of is None else "again",
        )

    @property
    def scenario(self) -> str:
        """What the contact is about, as surveys name it."""
        return scenario_of(self.contact, self.issue)


def scenario_of(contact: Contact, issue: Issue | None) -> str:
    """enquiry, complaint, invitation (an outbound call), after_sales or sales."""
    if contact.direction == "outbound":
        return "invitation"
    by_topic = {"complaint": "complaint", "repair": "after_sales", "purchase": "sales", "membership": "sales"}
    return by_topic.get(issue.parent_id, "enquiry") if issue else "enquiry"


def pleasure_of(seed: int, contact: Contact, issue: Issue | None, customer: Customer | None, ability: float) -> float:
    """How pleased the customer is: above all by a solution, less after a long wait, transfers, or coming again."""
    pleasure = 0.86 + 0.25 * (ability - 0.5) + chance(seed, "pleasure", contact.contact_id).gauss(0, 0.12)
    pleasure += 0.04 if contact.is_solved or contact.is_solved is None else -0.34
    waited_s = sum(visit.wait_s for visit in contact.visits)
    pleasure -= min(0.25, 0.0012 * max(0, waited_s - 30))
    pleasure -= 0.05 * len(contact.handovers) + 0.06 * sum(
        handover.is_restated is True for handover in contact.handovers
    )
    if contact.repeat_of is not None:
        pleasure -= 0.12
    if issue is not None:
        pleasure -= 0.14 if issue.parent_id == "complaint" else 0.0
    if customer is not None and customer.tier(contact.started_at) == "vip":
        pleasure -= 0.02
    return min(1.0, max(0.0, pleasure))
