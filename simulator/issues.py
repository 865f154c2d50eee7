"""What people come with, whether that is solved, and who comes back for it.

Belongs here: the choice of an issue, the resolution of a handled contact, what the agent declares of it, and the next
contact of one whose issue is still open. Does not belong here: the tree of issues (`catalogue`), how the next contact
takes place (`centre`, `digital`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import NamedTuple

from simulator.callers import Person
from simulator.catalogue import ISSUES, Issue
from simulator.customers import Tier
from simulator.events import Contact, Medium
from simulator.exchange import local_hour, local_midnight
from simulator.local_time import DAY_S
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import BY_HOUR, HOUR

# how much more often an issue arises, by topic, for a tier and in a part of the day
_BY_TIER: dict[Tier, dict[str, float]] = {
    "new": {"activation": 2.4, "membership": 0.6, "repair": 0.7},
    "regular": {"activation": 0.6},
    "vip": {"membership": 1.8, "activation": 0.4, "complaint": 1.3},
}
_BY_PART: dict[str, dict[str, float]] = {
    "night": {"purchase": 0.3, "membership": 0.4, "repair": 1.6},
    "morning": {"logistics": 1.2, "repair": 1.2},
    "day": {},
    "evening": {"activation": 1.4, "purchase": 1.3, "logistics": 0.8},
}

# what changes the catalogue's rate of solving
ABILITY_EFFECT = 0.06
LONG_WAIT_S, LONG_WAIT_EFFECT = 90, -0.05
AGAIN_EFFECT = 0.04
# what the agent declares
DECLARES_SOLVED, DECLARES_UNSOLVED_AS_SOLVED = 0.98, 0.55
OPTIMISM_EFFECT = 0.15
# who comes back: of those not solved by tier, of those solved with something new
COMES_BACK: dict[Tier | None, float] = {"new": 0.86, "regular": 0.78, "vip": 0.90, None: 0.60}
SOLVED_COMES_BACK = 0.025
# mean days until then: who was told that it is solved first finds out that it is not
DAYS_IF_DECLARED, DAYS_IF_OPEN, LONGEST_DAYS = 2.4, 1.4, 12.0
VIP_HASTE = 0.7
# a scenario that says who comes back says it of 7 days: the visit itself must begin, and be answered, within them
LONGEST_OF_SCENARIO_DAYS = 5.0
# of those whose issue was solved so many have the same one anew within 7 days, which no system can tell from a repeat
SAME_BY_CHANCE = 0.013
SAME_MEDIUM = 0.74
OTHER_MEDIA: tuple[Medium, ...] = ("voice", "im", "email")
OTHER_MEDIA_SHARES = (0.6, 0.3, 0.1)
# who did not get through tries again
TRIES_AGAIN, MOST_TRIES = 0.38, 3


class Skill(NamedTuple):
    """What an agent is like: 0 is usual, 1 a standard deviation better, or more optimistic."""

    ability: float
    optimism: float


@dataclass(slots=True)
class Intent:
    """Why somebody gets in touch: with what, and for the first time or again. Who `insists` tries until somebody has
    dealt with it."""

    person: Person
    issue: Issue
    repeat_of: str | None = None
    repeat_reason: str | None = None
    tries: int = 0
    insists: bool = False


class Return(NamedTuple):
    """A contact that is still to come."""

    at: int
    medium: Medium
    intent: Intent


def _part_of_day(hour: float) -> str:
    if hour < 7 or hour >= 22:
        return "night"
    return "morning" if hour < 12 else "day" if hour < 18 else "evening"


def _shares(tier: Tier | None, part: str) -> list[float]:
    factors = (_BY_TIER.get(tier, {}) if tier else {}, _BY_PART[part])
    return [issue.share * factors[0].get(issue.parent_id, 1) * factors[1].get(issue.parent_id, 1) for issue in ISSUES]


_TIERS: tuple[Tier | None, ...] = ("new", "regular", "vip", None)
_SHARES = {(tier, part): _shares(tier, part) for tier in _TIERS for part in _BY_PART}
_WEIGHTS = {key: list(accumulate(shares)) for key, shares in _SHARES.items()}


def issue_shares(at: int, tier: Tier | None) -> list[float]:
    """How often each of `ISSUES` arises at this hour, in proportion."""
    return _SHARES[tier, _part_of_day(local_hour(at))]


def choose_issue(at: int, tier: Tier | None, r: Random) -> Issue:
    """What somebody comes with at this hour."""
    return r.choices(ISSUES, cum_weights=_WEIGHTS[tier, _part_of_day(local_hour(at))])[0]


def settle(
    contact: Contact, intent: Intent, skill: Skill, wait_s: int, r: Random, effects: Effects = NO_EFFECTS
) -> None:
    """Say of a handled contact who it was, what it was about, whether that is solved, and what the agent wrote."""
    contact.issue_id = intent.issue.issue_id
    if intent.person.customer is not None:
        contact.customer_id = intent.person.customer.customer_id
    solved = intent.issue.solved + ABILITY_EFFECT * skill.ability
    solved += LONG_WAIT_EFFECT * (wait_s > LONG_WAIT_S) + AGAIN_EFFECT * (intent.repeat_of is not None)
    of: dict[str, str | None] = {
        "issue_id": intent.issue.issue_id,
        "medium": contact.medium,
        "tier": intent.person.tier(contact.ended_at),
        "agent": contact.last_agent_id,
        "attempt": "first" if intent.repeat_of is None else "again",
    }
    solved = effects.level("solved", min(max(solved, 0.05), 0.99), contact.ended_at, **of)
    if effects.fixed("solved", contact.ended_at, **of) is not None:
        solved /= 1 - SAME_BY_CHANCE
    contact.is_solved = r.random() < solved
    declared = DECLARES_SOLVED
    if not contact.is_solved:
        declared = DECLARES_UNSOLVED_AS_SOLVED + OPTIMISM_EFFECT * skill.optimism
    contact.is_declared_solved = r.random() < declared


def comes_back(contact: Contact, intent: Intent, r: Random, effects: Effects = NO_EFFECTS) -> Return | None:
    """The next contact on an issue that is not solved, seldom on one that is; None if there is none.

    Where a scenario says how many come back, these do so within 7 days and insist, and nobody comes whose issue was
    solved: else the repeats that the systems see would not be those that it says.
    """
    tier = intent.person.tier(contact.ended_at)
    planted = effects.fixed(
        "returns", contact.ended_at, issue_id=intent.issue.issue_id, tier=tier, agent=contact.last_agent_id
    )
    if planted is None:
        chance, longest_days = SOLVED_COMES_BACK if contact.is_solved else COMES_BACK[tier], LONGEST_DAYS
    else:
        chance, longest_days = 0.0 if contact.is_solved else planted, LONGEST_OF_SCENARIO_DAYS
    if r.random() >= chance:
        return None
    reason = _reason(contact, intent.issue, tier, r, effects)
    mean = DAYS_IF_DECLARED if contact.is_declared_solved else DAYS_IF_OPEN
    days = r.expovariate(1 / mean) * (VIP_HASTE if tier == "vip" else 1)
    # the rest of an exponential time is distributed as the whole, so that this only cuts off what is too long
    days = min(days, longest_days) if planted is None else days % longest_days
    again = Intent(intent.person, intent.issue, contact.contact_id, reason, insists=planted is not None)
    return Return(_instant(contact.ended_at, days, r), _medium(contact.medium, intent.person, r), again)


def tries_again(contact: Contact, intent: Intent, r: Random) -> Return | None:
    """The next try of somebody whom nobody answered, within the hour."""
    if not intent.insists and (intent.tries + 1 >= MOST_TRIES or r.random() >= TRIES_AGAIN):
        return None
    again = Intent(
        intent.person, intent.issue, intent.repeat_of, intent.repeat_reason, intent.tries + 1, intent.insists
    )
    return Return(contact.ended_at + 40 + int(r.expovariate(1 / 900)), contact.medium, again)


def _reason(contact: Contact, issue: Issue, tier: Tier | None, r: Random, effects: Effects) -> str:
    if contact.is_solved:
        return "new_problem"
    usual = {"no_callback": 0.45, "not_done": 0.35, "not_explained": 0.20}
    if contact.is_declared_solved:
        not_explained = 0.7 if issue.parent_id in ("billing", "activation", "membership") else 0.35
        usual = {"not_explained": not_explained, "not_done": 1 - not_explained}
    of = {"issue_id": issue.issue_id, "topic": issue.parent_id, "tier": tier}
    shares = effects.shares("return_reason", "reason", usual, contact.ended_at, **of)
    return r.choices(list(shares), list(shares.values()))[0]


def _medium(before: Medium, person: Person, r: Random) -> Medium:
    """Whom the company does not know has one way only."""
    if person.customer is None or r.random() < SAME_MEDIUM:
        return before
    return r.choices(OTHER_MEDIA, OTHER_MEDIA_SHARES)[0]


def _instant(ended_at: int, days: float, r: Random) -> int:
    """Later on the same day, or at a usual hour of a later day."""
    later = ended_at + 1200 + int(r.random() * 5 * HOUR)
    if days < 1 and local_midnight(later) == local_midnight(ended_at) and local_hour(later) < 21:
        return later
    hour = r.choices(range(24), BY_HOUR)[0]
    at = local_midnight(ended_at) + max(1, int(days)) * DAY_S + hour * HOUR + int(r.random() * HOUR)
    return min(at, ended_at + int(LONGEST_DAYS) * DAY_S)
