"""What the systems around a centre have written: each record in its form, and counted.

Belongs here: that every record and contact reaches both forms and recounts. Does not belong here: forms (`forms`), what
counts (`truth`), what is written (`company`), the process that may do all this (`books_process`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.customers import Population
from simulator.defect_kinds import Planted
from simulator.events import Contact
from simulator.forms.writer import Forms
from simulator.records import Record
from simulator.setting import Setting
from simulator.truth.around import Truth
from simulator.truth.regions import by_number_or_customer
from simulator.truth.values import Value


@dataclass(frozen=True)
class Written:
    """What was written: records by feed, defects of files, and the feeds' settings as callmart.yaml has them."""

    rows: Counter[str]
    defects: list[Planted]
    feeds: dict[str, dict[str, Any]]


class Books:
    """Takes contacts when they have ended and records when they are written, in the order of time."""

    def __init__(self, setting: Setting, forms: Forms) -> None:
        self._forms = forms
        self._population = Population.of(setting)
        self.truth = Truth(setting.known_until, self._tier, by_number_or_customer(self._population.city))

    def add_contact(self, contact: Contact) -> None:
        """A contact has ended."""
        self.truth.add_contact(contact)

    def add(self, record: Record) -> None:
        """A record is written."""
        self._forms.put(record)
        self.truth.add(record)

    def settle(self, until: int) -> None:
        """All that began, or was written, before an instant (a local midnight) has been added."""
        self.truth.settle(until)

    def close(self) -> Written:
        """All has been added: write what is left."""
        self._forms.close()
        return Written(self._forms.rows, list(self._forms.defects.planted), self._forms.feeds())

    def values(self) -> Iterator[Value]:
        """The true values, once, after `close`."""
        return self.truth.values()

    def _tier(self, customer_id: str, at: int) -> str:
        return self._population.known(customer_id).tier(at)
