"""The agents' work and day, from Asterisk's logs, with the CRM's notes where an issue is asked for.

Belongs here: M062, M069, M070, M074, M076, M077, M079, M102. Does not belong here: queues (`telephone`), tickets of
agents (`tickets`).

An agent-day is a date on which an agent is logged in for an hour or more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from simulator.events import CentreRules, Leg, Presence
from simulator.evidence.feeds import Feeds, day_of
from simulator.evidence.sample import Sample, mean, ratio, share
from simulator.evidence.slices import Slice

_RULES = CentreRules(queues={})
BREAKS = ("break", "小休")
_MANUAL = """
    select agent, day, sum(seconds) from (
        select creator_no as agent, cast(draft_at as date) as day, epoch(created_at) - epoch(draft_at) as seconds
        from ticket
        union all
        select agent_id, cast(used_at as date), cast(duration_s as double) from knowledge_use where is_manual = 'true'
    ) group by agent, day
"""
AgentDay = tuple[str, date]


def talk_time(feeds: Feeds, where: Slice) -> Sample:
    """M062: seconds of conversation of an inbound call, all its agents' together, by its end."""
    issue_id = where.get("issue_id")
    return mean(
        (day_of(call.ended_at), sum(leg.talk_s for leg in call.legs))
        for call in feeds.telephone.contacts
        if call.legs
        and call.direction == "inbound"
        and (issue_id is None or ((note := feeds.notes.get(call.contact_id)) and note.issue_id == issue_id))
    )


def calls_taken(feeds: Feeds, where: Slice) -> Sample:
    """M069: inbound conversations of an agent-day."""
    taken = Counter((leg.agent_id, day_of(leg.ended_at)) for leg in _legs(feeds, "inbound"))
    return mean((day, taken[agent, day]) for agent, day in _agent_days(feeds, where.get("agent")))


def contacts_handled(feeds: Feeds, where: Slice) -> Sample:
    """M070: conversations of an agent-day, inbound and outbound."""
    taken = Counter((leg.agent_id, day_of(leg.ended_at)) for leg in _legs(feeds))
    return mean((day, taken[agent, day]) for agent, day in _agent_days(feeds, where.get("agent")))


def breaks(feeds: Feeds, where: Slice) -> Sample:
    """M074: seconds of breaks of an agent-day."""
    paused = _paused_s(feeds, BREAKS)
    return mean((day, paused[agent, day]) for agent, day in _agent_days(feeds, where.get("agent")))


def busy_share(feeds: Feeds, where: Slice) -> Sample:
    """M076: part of the logged-in time of an agent-day that is not ready for work for a reason of work."""
    busy = _paused_s(feeds, _RULES.busy_prefixes)
    days = _agent_days(feeds, where.get("agent"))
    return ratio((day, busy[agent, day], seconds) for (agent, day), seconds in days.items())


def manual_share(feeds: Feeds, where: Slice) -> Sample:
    """M077: part of the working time of an agent-day (logged in, without breaks) that went into writing tickets and
    searching for records and articles by hand."""
    rested = _paused_s(feeds, (*BREAKS, "lunch"))
    manual = dict(((agent, day), seconds) for agent, day, seconds in feeds.rows(_MANUAL))
    days = _agent_days(feeds, where.get("agent"))
    return ratio((key[1], manual.get(key, 0.0), seconds - rested[key]) for key, seconds in days.items())


def lookups(feeds: Feeds, where: Slice) -> Sample:
    """M079: records of customers and orders that an agent looked up by hand in a contact about an issue."""
    found = Counter(
        contact_id
        for (contact_id,) in feeds.rows(
            "select contact_id from knowledge_use where kind in ('customer_lookup', 'order_lookup') "
            "and is_manual = 'true'"
        )
    )
    issue_id = where.get("issue_id")
    return mean(
        (note.ended_at.date(), found[note.contact_id])
        for note in feeds.notes.values()
        if note.issue_id is not None and issue_id in (None, note.issue_id)
    )


def transfers_by_ability(feeds: Feeds, where: Slice) -> Sample:
    """M102: inbound conversations of an agent that were handed over for lack of ability."""
    handed_on = {
        (contact_id, agent)
        for contact_id, agent in feeds.rows("select contact_id, from_agent_id from handover where reason = 'ability'")
    }
    wanted = where.get("agent")
    return share(
        (day_of(leg.ended_at), (call.contact_id, leg.agent_id) in handed_on)
        for call in feeds.telephone.contacts
        if call.direction == "inbound"
        for leg in call.legs
        if wanted is None or leg.agent_id == wanted
    )


def _legs(feeds: Feeds, direction: str | None = None) -> Iterator[Leg]:
    for call in feeds.telephone.contacts:
        if direction is None or call.direction == direction:
            yield from call.legs


def _agent_days(feeds: Feeds, agent: str | None) -> dict[AgentDay, int]:
    """Seconds logged in of each agent-day (of one agent), in the order of dates."""
    seconds = _seconds(presence for presence in feeds.telephone.presences if presence.reason is None)
    return {
        key: logged_in_s
        for key, logged_in_s in sorted(seconds.items(), key=lambda item: (item[0][1], item[0][0]))
        if logged_in_s >= _RULES.agent_day_s and (agent is None or key[0] == agent)
    }


def _paused_s(feeds: Feeds, beginnings: tuple[str, ...]) -> dict[AgentDay, int]:
    """Seconds of pauses whose reason begins with one of these words."""
    return _seconds(
        presence
        for presence in feeds.telephone.presences
        if presence.reason is not None and presence.reason.startswith(beginnings)
    )


def _seconds(presences: Iterator[Presence]) -> dict[AgentDay, int]:
    """By the date on which a stay begins: a night shift is one day's work."""
    seconds: dict[AgentDay, int] = defaultdict(int)
    for it in presences:
        seconds[it.agent_id, day_of(it.started_at)] += it.ended_at - it.started_at
    return seconds
