"""The voice menu, from the steps that it writes.

Belongs here: M052, M053, M057. Does not belong here: what happens after the menu (`telephone`).

The hops of a way are the keys that led on to another node.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from simulator.evidence.feeds import Feeds, day_of
from simulator.evidence.metrics.telephone import inbound
from simulator.evidence.sample import Sample, share
from simulator.evidence.slices import Slice

# who hangs up after so many hops, or so many failures, does so because the menu is too much
MANY_HOPS, MANY_FAILURES = 2, 2
_VISITS = "select cast(entered_at as date), {0} from menu_step where exit_kind is not null and {1}"


def node_to_agent(feeds: Feeds, where: Slice) -> Sample:
    """M052: stays at a node from which the caller left for an agent."""
    query = _VISITS.format("exit_kind = 'agent'", "node_id = $node_id")
    return share(feeds.rows(query, {"node_id": where.get("node_id")}))


@dataclass(slots=True)
class Way:
    """One call's way through the menu: hops, failures, and how its last stay ended."""

    day: date
    hops: int = 0
    failures: int = 0
    ended: str = ""

    @property
    def is_given_up(self) -> bool:
        """Whether the caller hung up inside the menu."""
        return self.ended == "hangup"


def menu_abandonment(feeds: Feeds, where: Slice) -> Sample:
    """M053: calls whose caller hung up at the node that so many hops led to, of the calls that came to it."""
    hops = int(where.get("hops") or 0)
    ways = _ways(feeds, where).values()
    return share((way.day, way.is_given_up and way.hops == hops) for way in ways if way.hops >= hops)


def complexity_hangups(feeds: Feeds, where: Slice) -> Sample:
    """M057: calls given up in the menu after two hops or more, or after failing twice at a key."""
    return share(
        (way.day, way.is_given_up and (way.hops >= MANY_HOPS or way.failures >= MANY_FAILURES))
        for way in _ways(feeds, where).values()
    )


def _ways(feeds: Feeds, where: Slice) -> dict[str, Way]:
    """The ways of the slice's calls that reached the menu, by the ids of their calls."""
    tier = where.get("tier")
    chosen = {
        call.contact_id: day_of(call.started_at)
        for _, call in inbound(feeds, where)
        if tier is None or feeds.tier_of_caller(call) == tier
    }
    ways: dict[str, Way] = {}
    for call_id, ended in feeds.rows(
        "select contact_id, exit_kind from menu_step order by contact_id, cast(step_no as integer)"
    ):
        if call_id in chosen:
            way = ways.setdefault(call_id, Way(chosen[call_id]))
            way.hops += ended == "next_node"
            way.failures += ended in ("invalid_key", "timeout")
            way.ended = ended
    return ways
