"""The systems of the company around a centre: each writes what a contact or a day brings, in the order of time.

Belongs here: which system is told of what, the order of records, and the recounts that see them. Does not belong here:
what a system writes (`aftermath`, `business`, `crm`), in which form (`forms`), what counts (`truth`).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.aftermath import Aftermath
from simulator.business.business import Business
from simulator.centre import Centre
from simulator.defects import DefectRates, Defects
from simulator.events import Contact
from simulator.forms.writer import Forms
from simulator.local_time import midnight
from simulator.records import Outbox, Record
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import Setting
from simulator.truth.capture import recount_capture
from simulator.truth.complaints import ComplaintRecount
from simulator.truth.costs import recount_costs
from simulator.truth.integrations import recount_integrations
from simulator.truth.quality import QualityRecount
from simulator.truth.resolution import ResolutionRules, recount_resolution
from simulator.truth.retention import recount_retention
from simulator.truth.sales import recount_sales
from simulator.truth.service import recount_service
from simulator.truth.surveys import SurveyRecount
from simulator.truth.tickets import TicketRecount
from simulator.truth.values import Value

_OF_BUSINESS = {
    f"canonical.{name}" for name in ("order", "invite", "lead", "cost", "api_call_minute", "feed_heartbeat")
}
# chats and mails, beside the calls of the setting
_CONTACTS_PER_CALL = 1.25
NO_DEFECTS = DefectRates()


class Company:
    """Takes finished contacts and the CRM's records in the order of time, and gives all records to the forms.

    `begin` before the centre runs, `close` after it; `contact` and `record` are the centre's callbacks. `effects`: what
    scenarios change; `defect_rates`: shares of records that are wrong where they are written.
    """

    def __init__(
        self,
        setting: Setting,
        forms: Forms,
        effects: Effects = NO_EFFECTS,
        defect_rates: DefectRates = NO_DEFECTS,
    ) -> None:
        self._setting, self._forms, self._effects = setting, forms, effects
        self._defects = Defects(setting.seed, defect_rates)
        self._outbox = Outbox()
        self._day = setting.first_day
        self._last_day = setting.first_day + setting.days - 1
        self._ends = midnight(self._last_day + 1)
        self._tickets, self._surveys = TicketRecount(), SurveyRecount()
        self._quality, self._complaints = QualityRecount(), ComplaintRecount()
        self._of_business: list[Record] = []

    @property
    def planted(self) -> dict[str, int]:
        """Defects of records, by name."""
        return dict(self._defects.planted)

    def begin(self, centre: Centre) -> None:
        """What was written before the first day, and the records that this day brings of itself."""
        setting, population = self._setting, centre.population
        abilities = {agent.agent_id: agent.ability for agent in centre.agents}
        abilities |= {agent.agent_id: agent.ability for agent in centre.chat_agents}
        self._population = population
        self._aftermath = Aftermath(
            setting.seed,
            lambda customer_id: population.customer(int(customer_id[1:])),
            abilities,
            effects=self._effects,
        )
        self._business = Business(
            setting.seed,
            population,
            midnight(setting.first_day),
            self._ends,
            sellers=[agent.agent_id for agent in centre.agents if "sales" in agent.skills],
            headcount=len(abilities) - len(centre.brought_in),
            contacts_per_day=setting.calls_per_day * _CONTACTS_PER_CALL,
            effects=self._effects,
        )
        self._put(self._business.before())
        self._put(self._business.of_day(self._day))

    def contact(self, contact: Contact) -> None:
        """A contact has ended."""
        self._see(contact.ended_at)
        self._quality.add_contact(contact)
        self._complaints.add_contact(contact)
        self._put(self._aftermath.of(contact))
        self._put(self._business.of_contact(contact))

    def record(self, record: Record) -> None:
        """The CRM, the menu, the chat system or the roster has written."""
        self._put([record])

    def close(self) -> None:
        """Let out what is written by the end of the last date; what lies beyond it is not yet written."""
        self._see(self._ends - 1)
        self._let_out(self._ends)
        self._forms.close()

    def values(self, contacts: list[Contact]) -> list[Value]:
        """The true values of all families but the telephone's, as known at the end of the last date."""
        as_of = self._ends
        population, of_business = self._population, self._of_business
        return [
            *recount_resolution(contacts, ResolutionRules(as_of=as_of)),
            *recount_service(contacts),
            *self._tickets.values(as_of),
            *self._surveys.values(),
            *self._quality.values(),
            *self._complaints.values(as_of),
            *recount_sales(contacts, of_business, as_of),
            *recount_retention(
                contacts, of_business, as_of, lambda customer, at: population.customer(int(customer[1:])).tier(at)
            ),
            *recount_costs(contacts, of_business, as_of),
            *recount_integrations(of_business, as_of),
            *recount_capture(of_business, as_of),
        ]

    def _put(self, records: Iterable[Record]) -> None:
        for record in self._defects.through(records):
            self._outbox.put(record)

    def _see(self, at: int) -> None:
        """Each new date brings its records. Yesterday's leave a day later, as a system may write them at midnight."""
        while midnight(self._day + 1) <= at and self._day < self._last_day:
            self._let_out(midnight(self._day))
            self._day += 1
            self._put(self._business.of_day(self._day))

    def _let_out(self, until: int) -> None:
        for record in self._outbox.until(until):
            self._forms.put(record)
            for recount in (self._tickets, self._surveys, self._quality, self._complaints):
                recount.add(record)
            if record.feed in _OF_BUSINESS:
                self._of_business.append(record)
