"""All recounts of the systems around the telephone, behind one door.

Belongs here: which recount is told of what. Does not belong here: what counts (the other modules), calls, queues and
agents (`telephone`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from simulator.catalogue import NOT_RESOLVABLE
from simulator.events import Contact
from simulator.records import Record
from simulator.truth.actions import ActionRecount
from simulator.truth.capture import CaptureRecount
from simulator.truth.complaints import ComplaintRecount
from simulator.truth.costs import CostRecount
from simulator.truth.integrations import IntegrationRecount
from simulator.truth.quality import QualityRecount
from simulator.truth.queries import QueryRecount
from simulator.truth.regions import RegionOf, by_number
from simulator.truth.resolution import ResolutionRecount, ResolutionRules
from simulator.truth.retention import RetentionRecount
from simulator.truth.sales import SalesRecount
from simulator.truth.segments import SegmentRecount
from simulator.truth.service import ServiceRecount
from simulator.truth.surveys import SurveyRecount
from simulator.truth.tickets import TicketRecount
from simulator.truth.values import Value


class Truth:
    """Takes finished contacts of any medium, and records as they are written, until `ends` (epoch seconds).

    `tier_of`: the tier of a customer at an instant; `region_of`: where a contact comes from. What is settled is
    forgotten, so that memory follows customers and what is open, not contacts.
    """

    def __init__(self, ends: int, tier_of: Callable[[str, int], str], region_of: RegionOf = by_number) -> None:
        self._ends = ends
        rules = ResolutionRules(as_of=ends, not_resolvable=NOT_RESOLVABLE, tier_of=tier_of, region_of=region_of)
        self._resolution, self._service = ResolutionRecount(rules), ServiceRecount()
        self._tickets, self._surveys = TicketRecount(), SurveyRecount(tier_of=tier_of)
        self._quality, self._complaints = QualityRecount(), ComplaintRecount()
        self._sales, self._retention = SalesRecount(ends), RetentionRecount(ends, tier_of)
        self._costs, self._integrations, self._capture = (
            CostRecount(ends),
            IntegrationRecount(ends),
            CaptureRecount(ends),
        )
        self._queries, self._actions = QueryRecount(ends), ActionRecount()
        self._segments = SegmentRecount(tier_of)
        self._of_contacts = (
            *(self._resolution, self._service, self._quality, self._complaints),
            *(self._sales, self._retention, self._costs, self._surveys, self._segments),
        )
        self._open = (
            *(self._resolution, self._tickets, self._surveys, self._quality, self._complaints),
            *(self._sales, self._retention, self._costs),
        )
        self._takers: dict[str, list[Callable[[Record], None]]] = defaultdict(list)
        for recount in (
            *(self._resolution, self._tickets, self._surveys, self._quality, self._complaints),
            *(self._sales, self._retention, self._costs, self._integrations, self._capture, self._queries),
            self._actions,
        ):
            for feed in recount.feeds:
                self._takers[feed].append(recount.add)

    def add_contact(self, contact: Contact) -> None:
        """Take a contact that ended."""
        for recount in self._of_contacts:
            recount.add_contact(contact)

    def add(self, record: Record) -> None:
        """Take a record that is written."""
        for take in self._takers.get(record.feed, ()):
            take(record)

    def settle(self, until: int) -> None:
        """All is known that began, or was written, before an instant, a local midnight."""
        for recount in self._open:
            recount.settle(until)

    def values(self) -> Iterator[Value]:
        """The true values as known at `ends`, family by family."""
        yield from self._resolution.values()
        yield from self._service.values()
        yield from self._tickets.values(self._ends)
        yield from self._surveys.values()
        yield from self._segments.values()
        yield from self._quality.values()
        yield from self._complaints.values(self._ends)
        yield from self._sales.values()
        yield from self._retention.values()
        yield from self._costs.values()
        yield from self._integrations.values()
        yield from self._capture.values()
        yield from self._queries.values()
        yield from self._actions.values(self._ends)

    @property
    def held(self) -> dict[str, int]:
        """How many things each family keeps that something later may still change."""
        return {type(recount).__name__: recount.held for recount in self._open}
