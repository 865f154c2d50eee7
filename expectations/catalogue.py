"""Which checks exist, as light data: Dagster reads it while it loads its definitions.

Belongs here: the registry of suites. Does not belong here: anything that imports Great Expectations or reads data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from expectations.check import Check
from expectations.contracts import Contract, all_contracts, contract
from expectations.errors import UnknownSuiteError
from expectations.feeds import asterisk_cdr, asterisk_cel, asterisk_queue_log, canonical_contact, derived
from expectations.marts import (
    action,
    audit,
    board,
    bridges,
    complaint,
    cost,
    experience,
    fct_agent_interval,
    fct_agent_state,
    fct_contact,
    fct_contact_resolution,
    fct_issue_thread,
    fct_link_fault,
    fct_queue_interval,
    fct_queue_visit,
    integration,
    kpi_value,
    paid_time,
    quality,
    sales,
    service,
    ticket,
)
from expectations.marts.common import MartSuite, no_phone_number
from expectations.settings import FeedSettings

_WRITTEN: dict[str, Callable[[Contract, FeedSettings], list[Check]]] = {
    "asterisk.queue_log": asterisk_queue_log.suite,
    "asterisk.cdr": asterisk_cdr.suite,
    "asterisk.cel": asterisk_cel.suite,
    "canonical.contact": canonical_contact.suite,
}

_MARTS: tuple[MartSuite, ...] = (
    fct_contact.SUITE,
    fct_contact_resolution.SUITE,
    fct_issue_thread.SUITE,
    fct_queue_visit.SUITE,
    fct_queue_visit.OFFER_SUITE,
    fct_queue_interval.SUITE,
    fct_agent_state.SUITE,
    fct_agent_interval.SUITE,
    fct_agent_interval.DAY_SUITE,
    fct_agent_interval.LEG_SUITE,
    paid_time.SHIFT_SUITE,
    paid_time.DAY_SUITE,
    fct_link_fault.SUITE,
    kpi_value.SUITE,
    board.DIMENSIONS_SUITE,
    board.TARGETS_SUITE,
    board.SEGMENT_SUITE,
    experience.ANSWER_SUITE,
    experience.INVITATION_SUITE,
    experience.HAND_OVER_SUITE,
    experience.AGENT_RATING_SUITE,
    service.CHAT_SUITE,
    service.MENU_SUITE,
    ticket.STAGE_SUITE,
    ticket.RETURN_SUITE,
    quality.EVALUATION_SUITE,
    quality.SECTION_SUITE,
    quality.SOUND_SUITE,
    quality.CHECK_SUITE,
    quality.RECORDING_SUITE,
    quality.RECORDING_DAY_SUITE,
    quality.RECORD_SUITE,
    integration.SUITE,
    audit.SUITE,
    sales.ORDER_SUITE,
    sales.LEAD_DAY_SUITE,
    sales.INVITE_SUITE,
    sales.CONTACT_SALE_SUITE,
    sales.RETENTION_SUITE,
    cost.SUITE,
    cost.HANDLING_SUITE,
    cost.MONTH_SUITE,
    *bridges.SUITES,
    complaint.SUITE,
    complaint.DAY_SUITE,
    complaint.AGENT_SUITE,
    action.SUITE,
    action.DAY_SUITE,
    action.WINDOW_SUITE,
    action.REVIEW_SUITE,
)


def feeds() -> tuple[str, ...]:
    """Feeds that have a suite: all that have a contract, but for reference feeds, which are never judged by date."""
    return tuple(name for name, said in all_contracts().items() if not said.is_reference)


def feed_suite(feed: str) -> Callable[[Contract, FeedSettings], list[Check]]:
    """The function that makes the checks of a feed: the one written for it, else the one that follows its contract.

    Raises UnknownSuiteError for a feed without contract.
    """
    if feed not in feeds():
        known = ", ".join(feeds())
        raise UnknownSuiteError(f"the feed {feed} has no contract; known: {known}. Add one to expectations/contracts/")
    return _WRITTEN.get(feed, derived.suite)


def checks_of(feed: str, settings: FeedSettings | None = None) -> tuple[Check, ...]:
    """The checks of a feed, in the order of its suite. Names and levels do not depend on the settings.

    Raises UnknownSuiteError for a feed without suite.
    """
    suite = feed_suite(feed)
    return tuple(suite(contract(feed), settings or FeedSettings(timezone="UTC")))


def mart_suites() -> dict[str, MartSuite]:
    """Suites written for a mart, by its name."""
    return {suite.mart: suite for suite in _MARTS}


def mart_suite(mart: str, columns: Collection[str] = ()) -> MartSuite:
    """The suite of a mart. One for which none is written (a dimension, a report) is searched for personal data.

    `columns` of the mart decide by which date such a search is cut.
    """
    dated = next((name for name in ("local_date", "period_start") if name in columns), None)
    window = f"{dated} >= {{since}}" if dated else "true"
    return mart_suites().get(mart) or MartSuite(mart, (no_phone_number(),), window)


def checks_of_mart(mart: str) -> tuple[Check, ...]:
    """The checks of a mart, in the order of its suite."""
    return mart_suite(mart).checks
