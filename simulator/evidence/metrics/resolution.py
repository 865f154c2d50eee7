"""Whether a contact was enough: repeats of the same customer and issue, and what the CRM notes of solutions.

Belongs here: M093, M096, M098, M099, M101. Does not belong here: tickets that are sent back (`tickets`).

A later inbound contact of any medium repeats an earlier one if customer and issue are the same and it begins after that
one's end and no more than 7 days later. Contacts of unknown customers are nobody's repeats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from simulator.evidence.feeds import Feeds, Note
from simulator.evidence.sample import Sample, mean, share
from simulator.evidence.slices import Slice

WINDOW_DAYS = 7
_WINDOW = timedelta(days=WINDOW_DAYS)


class Place(NamedTuple):
    """A contact and its neighbours in the chain of its customer's issue."""

    note: Note
    is_repeat: bool
    is_followed: bool


def one_stop_completion(feeds: Feeds, where: Slice) -> Sample:
    """M093: first contacts after which the customer did not come again about the issue, a week after them."""
    return share((day, not it.is_followed) for day, it in _mature(feeds, where) if not it.is_repeat)


def single_call_resolution(feeds: Feeds, where: Slice) -> Sample:
    """M096: calls, first ones or repeats, after which the customer did not come again about the issue, a week after
    them; of the agent who had the last conversation."""
    return share((day, not it.is_followed) for day, it in _mature(feeds, where) if it.note.medium == "voice")


def repeat_rate(feeds: Feeds, where: Slice) -> Sample:
    """M098: contacts that were followed by a repeat, a week after them."""
    return share((day, it.is_followed) for day, it in _mature(feeds, where))


def repeats_per_day(feeds: Feeds, where: Slice) -> Sample:
    """M099: contacts of a date that repeat an earlier one; the first week has not seen all earlier ones."""
    first, last = feeds.first_day + _WINDOW, feeds.last_day
    days = {first + timedelta(days=n): 0 for n in range((last - first).days + 1)}
    for it in _places(feeds):
        day = it.note.began_at.date()
        if it.is_repeat and day in days and _is_in(it.note, where):
            days[day] += 1
    return mean(days.items())


def repeat_reason(feeds: Feeds, where: Slice) -> Sample:
    """M101: of the repeats with a noted reason, those with one reason; or of all repeats those of one topic."""
    topic, reason = where.get("topic"), where.get("reason")
    repeats = [it.note for it in _places(feeds) if it.is_repeat]
    if reason is None:
        others = Slice({name: value for name, value in where.where.items() if name != "topic"})
        return share((note.began_at.date(), note.topic == topic) for note in repeats if _is_in(note, others))
    told: dict[str, str] = dict(
        feeds.rows("select source.record_no, repeat_reason from ticket where repeat_reason is not null")
    )
    return share(
        (note.began_at.date(), told[note.contact_id] == reason)
        for note in repeats
        if note.contact_id in told and _is_in(note, where)
    )


def _mature(feeds: Feeds, where: Slice) -> Iterator[tuple[date, Place]]:
    """Contacts of the slice whose window is over, by the date of their end."""
    known = feeds.known_for(WINDOW_DAYS)
    for it in _places(feeds):
        day = it.note.ended_at.date()
        if day < known and _is_in(it.note, where):
            yield day, it


def _places(feeds: Feeds) -> list[Place]:
    """Handled contacts of known customers with an issue, each with its place among those of the same issue."""
    chains: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in feeds.notes.values():
        if note.customer_id is not None and note.issue_id is not None:
            chains[note.customer_id, note.issue_id].append(note)
    return [
        Place(
            note,
            any(_repeats(note, other) for other in chain if other is not note),
            any(_repeats(other, note) for other in chain if other is not note),
        )
        for chain in chains.values()
        for note in chain
    ]


def _repeats(later: Note, earlier: Note) -> bool:
    return earlier.ended_at < later.began_at <= earlier.ended_at + _WINDOW


def _is_in(note: Note, where: Slice) -> bool:
    told = {
        "medium": note.medium,
        "topic": note.topic,
        "issue_id": note.issue_id,
        "agent": note.agent_id,
        "tier": note.tier,
    }
    return all(told[name] == value for name, value in where.where.items() if name in told)
