"""Who comes, and with what, where scenarios plant shares of the contacts.

Belongs here: the share of a tier and of a topic among inbound contacts. Does not belong here: how many come
(`arrivals`, `digital`), who comes otherwise (`callers`), what they come with otherwise (`issues`).

A share is one of all contacts, those included in which somebody comes back or tries again, and of a topic it is one of
handled contacts, as nobody notes what a caller wanted who did it alone in the menu. So those who come with something
new are chosen such that they and the others together make the share. Of a tier it is one of those whom the company
knows by their number or account.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random

from simulator.callers import Person
from simulator.catalogue import ISSUES, TOPICS, Issue
from simulator.events import Medium
from simulator.exchange import local_hour
from simulator.issues import Return, choose_issue, issue_shares
from simulator.records import chance
from simulator.scenarios.effects import Effects


class WhoComes:
    """Chooses persons and issues of new contacts; without planted shares as `callers` and `issues` do."""

    def __init__(self, seed: int, effects: Effects) -> None:
        self._seed = seed
        self._effects = effects
        self._is_planted = effects.has("arrival_share")
        # contacts with something new, and of those who come again, by medium and what the share is one of
        self._new: Counter[tuple[object, ...]] = Counter()
        self._again: defaultdict[tuple[object, ...], Counter[str]] = defaultdict(Counter)

    def plan_return(self, back: Return) -> None:
        """Somebody will come again."""
        if self._is_planted:
            tier = back.intent.person.tier(back.at)
            self._again[back.medium, "tier", int(local_hour(back.at))][str(tier)] += 1
            self._again[back.medium, "issue", tier][back.intent.issue.issue_id] += 1

    def person(
        self, at: int, medium: Medium, usual: Person, draw: Callable[[Random], Person], of: tuple[object, ...]
    ) -> Person:
        """`usual`, or whom `draw` brings of the tier that a planted share asks for. `of` names the contact."""
        fixed = self._effects.fixed_shares("arrival_share", "tier", at, medium=medium)
        if not fixed:
            return usual
        key = (medium, "tier", int(local_hour(at)))
        wanted = self._still_to_come(key, fixed)
        self._new[key] += 1
        own = chance(self._seed, "tier", *of)
        wish = own.random()
        among = set[str]()
        for tier, share in wanted.items():
            if wish < share:
                among.add(tier)
                break
            wish -= share
        while True:
            person = draw(own)
            tier = str(person.tier(at))
            if (tier in among and person.is_known_by_number) or not (among or tier in fixed):
                return person

    def issue(self, at: int, medium: Medium, person: Person, r: Random, of: tuple[object, ...]) -> Issue:
        """What somebody comes with. `of` names the contact."""
        tier = person.tier(at)
        usual = choose_issue(at, tier, r)
        if not self._is_planted:
            return usual
        fixed = self._effects.fixed_shares("arrival_share", "topic", at, medium=medium, tier=tier)
        if not fixed:
            return usual
        by_issue = dict(zip(ISSUES, issue_shares(at, tier), strict=True))
        by_topic: dict[str, float] = dict.fromkeys(TOPICS, 0.0)
        for issue, share in by_issue.items():
            by_topic[issue.parent_id] += share
        topics = self._effects.shares("arrival_share", "topic", by_topic, at, medium=medium, tier=tier)
        needed = {
            issue.issue_id: topics[issue.parent_id] * share / by_topic[issue.parent_id] / _handled(issue, medium)
            for issue, share in by_issue.items()
        }
        total = sum(needed.values())
        key = (medium, "issue", tier)
        wanted = self._still_to_come(key, {issue_id: share / total for issue_id, share in needed.items()})
        self._new[key] += 1
        return chance(self._seed, "topic", *of).choices(ISSUES, [wanted[issue.issue_id] for issue in ISSUES])[0]

    def _still_to_come(self, key: tuple[object, ...], shares: dict[str, float]) -> dict[str, float]:
        """Shares of those with something new, so that with those who come again they make `shares`."""
        again, new = self._again[key], self._new[key]
        coming = again.total() + new + 1
        return {value: min(1.0, max(0.0, share * coming - again[value]) / (new + 1)) for value, share in shares.items()}


def _handled(issue: Issue, medium: Medium) -> float:
    """Share of the contacts about an issue that are not done in the menu."""
    return 1 - issue.self_service if medium == "voice" else 1.0
