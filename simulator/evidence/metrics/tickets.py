"""Tickets, from the changes that the helpdesk's API tells.

Belongs here: M085, M088, M089, M091. Does not belong here: complaints (`voice_of_customer`).

A ticket counts for the date of its creation. Tickets of the last days are left out until their like are done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from simulator.business_hours import BusinessHours
from simulator.evidence.feeds import Feeds
from simulator.evidence.sample import Sample, mean, ratio, share
from simulator.evidence.slices import Slice

ROUTED_WITHIN_DAYS = 5
COMPLETED_WITHIN_DAYS = 7
_OFFICES = BusinessHours(utc_offset_s=0)  # local times in, so that no zone is needed

_OF_ISSUE = """
    select id, cast(created_at as date), return_times > 0
    from ticket join issue_tree on issue_id = category
    where cast(created_at as date) < $known and ($issue_id is null or issue_id = $issue_id)
      and ($topic is null or topic = $topic)
"""


class HandOver(NamedTuple):
    """A sending to a department with its acceptance there, in office hours; `day`: of the ticket's creation."""

    day: date
    ticket_id: str
    stage: str
    seconds: int


def ticket_completion(feeds: Feeds, where: Slice) -> Sample:
    """M085: completed ÷ assigned tickets of an agent, a week after they were assigned."""
    rows = feeds.rows(
        "select cast(assigned_at as date), solved_at is not null from ticket "
        "where assigned_at is not null and assignee.staff_no = $agent and cast(assigned_at as date) < $known",
        {"agent": where.get("agent"), "known": feeds.known_for(COMPLETED_WITHIN_DAYS)},
    )
    return share(rows)


def routing_time(feeds: Feeds, where: Slice) -> Sample:
    """M088: office seconds of a ticket's hand-overs between departments, together."""
    seconds: dict[tuple[date, str], int] = defaultdict(int)
    for it in _hand_overs(feeds, where):
        seconds[it.day, it.ticket_id] += it.seconds
    return mean((day, total) for (day, _), total in seconds.items())


def stage_share(feeds: Feeds, where: Slice) -> Sample:
    """M089: a stage's part of the office seconds of all hand-overs; a stage is `from>to`, `accept` the first one."""
    wanted = where.get("stage")
    seconds: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    first_stage: dict[str, str] = {}
    for it in _hand_overs(feeds, where):
        first = first_stage.setdefault(it.ticket_id, it.stage)
        of_ticket = seconds[it.day, it.ticket_id]
        of_ticket[0] += it.seconds * (it.stage == (first if wanted == "accept" else wanted))
        of_ticket[1] += it.seconds
    return ratio((day, part, whole) for (day, _), (part, whole) in seconds.items())


def rework(feeds: Feeds, where: Slice) -> Sample:
    """M091: tickets that a department sent back because information was missing."""
    return share((day, is_returned) for _, day, is_returned in _tickets(feeds, where))


def _tickets(feeds: Feeds, where: Slice) -> list[tuple[str, date, bool]]:
    known = feeds.known_for(ROUTED_WITHIN_DAYS)
    wanted = {"issue_id": where.get("issue_id"), "topic": where.get("topic"), "known": known}
    return [(ticket_id, day, is_returned) for ticket_id, day, is_returned in feeds.rows(_OF_ISSUE, wanted)]


def _hand_overs(feeds: Feeds, where: Slice) -> Iterator[HandOver]:
    created = {ticket_id: day for ticket_id, day, _ in _tickets(feeds, where)}
    waiting: dict[tuple[str, str], tuple[str, datetime]] = {}
    events = feeds.rows(
        "select ticket_id, action, sent_from, sent_to, happened_at from ticket_event "
        "where action in ('sent_to_department', 'accepted') order by ticket_id, happened_at, number"
    )
    for ticket_id, action, sent_from, sent_to, at in events:
        if ticket_id not in created:
            continue
        if action == "sent_to_department":
            waiting[ticket_id, sent_to] = f"{sent_from}>{sent_to}", at
        elif (ticket_id, sent_to) in waiting:
            stage, sent_at = waiting.pop((ticket_id, sent_to))
            yield HandOver(created[ticket_id], ticket_id, stage, _office_seconds(sent_at, at))


def _office_seconds(begins: datetime, ends: datetime) -> int:
    return _OFFICES.between(*(int(at.replace(tzinfo=UTC).timestamp()) for at in (begins, ends)))
