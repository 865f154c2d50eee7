"""Calls and queues, from Asterisk's logs, with the CRM's notes where an issue or a customer is asked for.

Belongs here: M005, M010, M012, M018, M024, M030, M034, M035, M036, M177. Does not belong here: the menu (`menu`), what
agents do (`agents`), repeats (`resolution`).

A call counts on the date, and in the hour, of its queue entry where it has one, else of its begin.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from simulator.catalogue import TOPICS
from simulator.events import Contact
from simulator.evidence.feeds import Feeds, day_of
from simulator.evidence.sample import Sample, mean, peak, ratio, share
from simulator.evidence.slices import Slice
from simulator.local_time import DAY_S, HOUR_S, UTC_OFFSET_S

NOT_CONNECTED = ("CONGESTION", "FAILED")
LONG_WAIT_S, SHORT_WAIT_S = 120, 30


def hour_of(at: int) -> int:
    """The local hour of epoch seconds."""
    return (at + UTC_OFFSET_S) % DAY_S // HOUR_S


def inbound(feeds: Feeds, where: Slice) -> Iterator[tuple[date, Contact]]:
    """Inbound calls of the slice's hours with their dates."""
    for call in feeds.telephone.contacts:
        at = call.visits[0].entered_at if call.visits else call.started_at
        if call.direction == "inbound" and hour_of(at) in where.hours:
            yield day_of(at), call


def topic_share(feeds: Feeds, where: Slice) -> Sample:
    """M005: handled inbound contacts of any medium that were about a topic, of those with an issue."""
    topic = where.get("topic")
    assert topic in TOPICS
    return share((note.ended_at.date(), note.topic == topic) for note in feeds.notes.values() if note.topic is not None)


def peak_hour(feeds: Feeds, where: Slice) -> Sample:
    """M010: the hour of day in which most contacts of a medium begin, whether or not they were handled."""
    medium = where.get("medium")
    return peak(Counter((it.began_at.date(), it.began_at.hour) for it in feeds.notes.values() if it.medium == medium))


def occasion_uplift(feeds: Feeds, where: Slice) -> Sample:
    """M012: inbound calls of a date of an occasion as a multiple of ordinary dates of its weekday.

    Ordinary dates have no event in the company's calendar; where a weekday has none, its dates are left out.
    """
    occasions, others = days_of(feeds, where.get("occasion")), days_of(feeds)
    calls = Counter(day for day, _ in inbound(feeds, where))
    ordinary: dict[int, list[int]] = defaultdict(list)
    for day, n in calls.items():
        if day not in others:
            ordinary[day.weekday()].append(n)
    usual = {weekday: sum(of_days) / len(of_days) for weekday, of_days in ordinary.items()}
    return ratio(
        (day, calls[day], usual[day.weekday()]) for day in sorted(occasions & calls.keys()) if day.weekday() in usual
    )


def new_customers(feeds: Feeds, where: Slice) -> Sample:
    """M018: inbound calls whose number tells a new customer, of all, whether or not the number tells who calls."""
    return share((day, feeds.tier_of_caller(call) == "new") for day, call in inbound(feeds, where))


def answer_wait(feeds: Feeds, where: Slice) -> Sample:
    """M024: seconds from queue entry to the answer, of answered calls; a call answered without queueing waited 0."""
    return mean((day, _wait_s(call)) for day, call in inbound(feeds, where) if call.legs)


def connect_rate(feeds: Feeds, where: Slice) -> Sample:
    """M030: answered calls of those that asked for an agent, could not be put through, or failed."""
    occasion = where.get("occasion")
    days = None if occasion is None else days_of(feeds, occasion)
    return share(
        (day, call.legs)
        for day, call in inbound(feeds, where)
        if (days is None or day in days) and (call.visits or call.legs or call.disposition in NOT_CONNECTED)
    )


def queue_abandonment(feeds: Feeds, where: Slice) -> Sample:
    """M034: calls whose caller hung up in the queue, of those that were queued."""
    return share((day, _is_abandoned(call)) for day, call in inbound(feeds, where) if call.visits)


def early_abandonment(feeds: Feeds, where: Slice) -> Sample:
    """M035: of the calls abandoned in the queue, those that waited 30 s or less."""
    return share((day, _wait_s(call) <= SHORT_WAIT_S) for day, call in inbound(feeds, where) if _is_abandoned(call))


def late_abandonment(feeds: Feeds, where: Slice) -> Sample:
    """M036: of the calls that waited more than two minutes, those whose caller hung up."""
    return share((day, _is_abandoned(call)) for day, call in inbound(feeds, where) if _wait_s(call) > LONG_WAIT_S)


def line_connected(feeds: Feeds, where: Slice) -> Sample:
    """M177: inbound calls that the lines connected."""
    return share((day, call.disposition not in NOT_CONNECTED) for day, call in inbound(feeds, where))


def days_of(feeds: Feeds, kind: str | None = None) -> set[date]:
    """The dates of the company's calendar on which there is an event (of a kind)."""
    rows = feeds.rows(
        "select cast(planned_start_at as date), cast(planned_end_at as date) from occasion "
        "where $kind is null or kind = $kind",
        {"kind": kind},
    )
    return {begins + timedelta(days=n) for begins, ends in rows for n in range((ends - begins).days)}


def _wait_s(call: Contact) -> int:
    """Seconds from the first queue entry to the last exit."""
    return call.visits[-1].left_at - call.visits[0].entered_at if call.visits else 0


def _is_abandoned(call: Contact) -> bool:
    return bool(call.visits) and call.visits[-1].exit_kind == "abandoned"
