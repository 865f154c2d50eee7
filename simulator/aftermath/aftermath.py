"""What follows from a finished contact, of all families together.

Belongs here: their order, and what one hands to another (a recording to its evaluation, a complaint to a sample). Does
not belong here: how a record comes about (the modules of the families).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist

from simulator.aftermath.case import DISPLEASED, Case, Complaint, Earlier, pleasure_of
from simulator.aftermath.complaints import complaints_of
from simulator.aftermath.conversations import alerts_of, hand_over_of
from simulator.aftermath.evaluations import Sampled, evaluate, evaluations_of
from simulator.aftermath.knowledge import uses_of
from simulator.aftermath.memory import Memory
from simulator.aftermath.rates import Rates
from simulator.aftermath.recordings import lost_conversations, machine_records, recording_id_of
from simulator.aftermath.surveys import survey_of
from simulator.aftermath.tickets import ticket_id_of, tickets_of
from simulator.business_hours import BusinessHours
from simulator.catalogue import ISSUE_BY_ID
from simulator.customers import Customer
from simulator.events import Contact
from simulator.local_time import HOUR_S
from simulator.records import Record
from simulator.scenarios.effects import NO_EFFECTS, Effects

BELL = NormalDist()


class Aftermath:
    """Gives the records that follow from contacts; take them in the order in which they end.

    `customers` finds a customer by id; `abilities` says of each agent how able: 0 is usual, 1 a standard deviation
    better. `effects` are asked for what a scenario changes, `rates` say what is usual. All chance belongs to the
    contact; only which earlier contact a complaint is about depends on the contacts before.
    """

    def __init__(
        self,
        seed: int,
        customers: Callable[[str], Customer],
        abilities: Mapping[str, float],
        effects: Effects = NO_EFFECTS,
        rates: Rates | None = None,
        hours: BusinessHours | None = None,
    ) -> None:
        self._seed, self._customers = seed, customers
        self._abilities = {agent_id: BELL.cdf(ability) for agent_id, ability in abilities.items()}
        self._effects, self._rates = effects, rates or Rates()
        self._hours = hours or BusinessHours()
        self._memory = Memory()

    def of(self, contact: Contact) -> Iterator[Record]:
        """Every record that follows, also those of later weeks, each written at the end of the contact or later;
        nothing for a contact that no agent handled."""
        agent_id = contact.last_agent_id
        if agent_id is None:
            return
        case = self._case(contact, agent_id)
        lost = lost_conversations(case)
        recording_id = recording_id_of(case, lost)
        ticket_id = ticket_id_of(case)
        yield from machine_records(case, lost)
        yield from alerts_of(case)
        yield from hand_over_of(case)
        yield from uses_of(case)
        yield from survey_of(case)
        if ticket_id is not None:
            yield from tickets_of(case, ticket_id, self._hours)
        yield from evaluations_of(case, recording_id, self._hours)
        brought = list(complaints_of(case, ticket_id, self._hours))
        for number, complaint in enumerate(brought):
            yield from complaint.records
            if number == 0 and complaint.about_agent_id is not None:
                yield from self._check(case, complaint, recording_id)
        self._remember(case, recording_id, brought)

    def _case(self, contact: Contact, agent_id: str) -> Case:
        issue = ISSUE_BY_ID[contact.issue_id] if contact.issue_id is not None else None
        customer = self._customers(contact.customer_id) if contact.customer_id is not None else None
        ability = self._abilities[agent_id]
        pleasure = pleasure_of(self._seed, contact, issue, customer, ability)
        earlier = self._memory.earlier(contact)
        return Case(
            *(self._seed, contact, agent_id, ability, issue, customer, pleasure, earlier),
            rates=self._rates.at(contact.ended_at, self._effects),
            effects=self._effects,
        )

    def _check(self, case: Case, complaint: Complaint, recording_id: str | None) -> Iterator[Record]:
        """An evaluator listens to the contact that is complained about."""
        about, recording = complaint.about_contact_id, recording_id
        agent_id = complaint.about_agent_id
        if about is None or agent_id is None:
            return
        if about != case.contact.contact_id and case.earlier is not None:
            recording = case.earlier.recording_id
        at = self._hours.add(complaint.opened_at, 2 * HOUR_S)
        topic = case.issue.parent_id if case.issue else None
        ability = self._abilities[agent_id]
        yield from evaluate(
            self._seed,
            Sampled(about, recording, agent_id, ability, DISPLEASED / 2, topic, "targeted", complaint.complaint_id, at),
            case.level("item_failed", 1.0),
        )

    def _remember(self, case: Case, recording_id: str | None, brought: list[Complaint]) -> None:
        """Only what was not solved or displeased comes back."""
        contact = case.contact
        if contact.is_solved is not False and case.pleasure >= DISPLEASED and not brought:
            return
        self._memory.keep(
            Earlier(
                contact_id=contact.contact_id,
                channel=contact.channel,
                agent_id=case.agent_id,
                ended_at=contact.ended_at,
                recording_id=recording_id,
                complaint=brought[-1] if brought else None,
            ),
            contact.customer_id,
        )
