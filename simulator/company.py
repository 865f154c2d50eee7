"""The systems of the company around a centre: each writes what a contact or a day brings, in the order of time.

Belongs here: which system is told of what, and the order of records. Does not belong here: what a system writes
(`aftermath`, `business`, `crm`), what becomes of it (`books`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.aftermath import Aftermath
from simulator.books import Books, Written
from simulator.books_process import BooksProcess
from simulator.business.business import Business
from simulator.centre import Centre
from simulator.defect_kinds import DefectDays, Planted
from simulator.defects import Defects
from simulator.events import Contact
from simulator.local_time import day_of, midnight
from simulator.records import DailyOutbox, Record
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import Setting
from simulator.truth.values import Value

# chats and mails, beside the calls of the setting
_CONTACTS_PER_CALL = 1.25
_WEEKS_OF_OTHERS = 2
_FIRST_LIST = ("canonical.customer", "canonical.customer_identity")


class Company:
    """Takes finished contacts and the CRM's records in the order of time, and gives all to the books.

    `begin` before the centre runs, `close` after it; `contact` and `record` are the centre's callbacks. `effects`: what
    scenarios change; `defects`: names of `simulator.defect_kinds.DEFECTS`, of which those of records are planted here.
    """

    def __init__(
        self,
        setting: Setting,
        books: Books | BooksProcess,
        effects: Effects = NO_EFFECTS,
        defects: Iterable[str] = (),
    ) -> None:
        self._setting, self._books, self._effects = setting, books, effects
        self._defects = Defects(setting.seed, defects, DefectDays(setting.first_day, setting.days))
        self._outbox = DailyOutbox()
        self._has_listed = False
        self._day = setting.first_day
        self._last_day = setting.first_day + setting.days + setting.shop_days - 1
        self._begins, self._ends = setting.begins, setting.known_until

    @property
    def planted(self) -> list[Planted]:
        """Defects of records."""
        return self._defects.planted

    def begin(self, centre: Centre) -> None:
        """What was written before the first day, and the records that this day brings of itself."""
        setting, population = self._setting, centre.population
        abilities = {agent.agent_id: agent.ability for agent in centre.agents}
        abilities |= {agent.agent_id: agent.ability for agent in centre.chat_agents}
        self._aftermath = Aftermath(
            setting.seed,
            population.known,
            abilities,
            effects=self._effects,
        )
        self._business = Business(
            setting.seed,
            population,
            setting.begins,
            setting.ends,
            sellers=[agent.agent_id for agent in centre.agents if "sales" in agent.skills],
            headcount=len(abilities) - len(centre.brought_in),
            contacts_per_day=setting.calls_per_day * _CONTACTS_PER_CALL,
            effects=self._effects,
        )
        self._put_history(self._business.before())
        self._put(self._business.of_day(self._day))

    def contact(self, contact: Contact) -> None:
        """A contact has ended."""
        self._see(contact.ended_at)
        self._defects.see(contact)
        self._books.add_contact(contact)
        self._put(self._aftermath.of(contact))
        self._put(self._business.of_contact(contact))

    def record(self, record: Record) -> None:
        """The CRM, the menu, the chat system or the roster has written."""
        if record.at == self._begins and record.feed in _FIRST_LIST:
            # the list of customers is long, and need not wait: all that was written before is known
            if not self._has_listed:
                self._has_listed = True
                self._let_out(self._begins)
            self._books.add(record)
        else:
            self._put([record])

    def close(self) -> Written:
        """Let out what is written by the end of the last date; what lies beyond it is not yet written."""
        self._see(self._ends - 1)
        return self._finish()

    def _finish(self) -> Written:
        self._let_out(self._ends)
        return self._books.close()

    def values(self) -> Iterator[Value]:
        """The true values of all families but the telephone's, as known at the end of the last date."""
        return self._books.values()

    def _put(self, records: Iterable[Record]) -> None:
        for record in self._defects.through(records):
            if record.at < self._ends:  # what lies beyond is never written
                self._outbox.put(record)

    def _put_history(self, records: Iterable[Record]) -> None:
        """What was written before the first day comes in the order of time; the last weeks wait, as other systems have
        written in them too."""
        let_out_before = midnight(self._day - _WEEKS_OF_OTHERS * 7)
        reached = 0
        for record in records:
            if reached < midnight(day_of(record.at)) <= let_out_before:
                reached = midnight(day_of(record.at))
                self._let_out(reached)
                self._books.settle(reached)
            self._put([record])

    def _see(self, at: int) -> None:
        """Each new date brings its records. Yesterday's leave a day later, as a system may write them at midnight."""
        while midnight(self._day + 1) <= at and self._day < self._last_day:
            self._let_out(midnight(self._day))
            self._books.settle(midnight(self._day))
            self._day += 1
            self._put(self._business.of_day(self._day))

    def _let_out(self, until: int) -> None:
        for record in self._outbox.before(day_of(until)):
            self._books.add(record)
