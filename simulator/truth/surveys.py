"""KPIs of satisfaction surveys (M112–M117, M182), counted from invitations and answers.

Belongs here: the rulings of DECISIONS.md, section 24. Does not belong here: who answers, and what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from simulator.events import Contact
from simulator.local_time import DAY_S, midnight
from simulator.records import Record
from simulator.truth.sums import Share, Tally, in_order, local_day, wilson_95
from simulator.truth.telephone_kpis import GRAINS
from simulator.truth.values import Formula, Value
from simulator.truth.versions import NEVER, settled_days

ANSWERED_WITHIN_DAYS = 30
FEWEST_RATINGS = 10
TOP_FROM = {(1, 5): 4, (1, 10): 9, (0, 100): 80}  # by the scale
ANSWER_WITHIN_S = 7 * DAY_S
EARLY_S = DAY_S  # a clock that runs behind may date an answer before its invitation
AGENT_BUCKETS = (("lt_70", 70), ("70_to_80", 80), ("80_to_90", 90), ("ge_90", 101))
_RATED = (
    Formula("M112", "top_2", ("top",), ("with_top",)),
    Formula("M112", "mean", ("score",), ("rated_to_5",)),
    Formula("M112", "mean_100", ("points",), ("rated",)),
    Formula("M115", "rated", ("positive",), ("rated_to_5",)),
    Formula("M116", "rated", ("negative",), ("rated_to_5",)),
)
_BY_TIER = tuple(formula for formula in _RATED if formula.kpi_id == "M112")
_BY_SCENARIO = (
    *_BY_TIER,
    Formula("M113", "top_2", ("top",), ("with_top",)),
    Formula("M113", "mean_100", ("points",), ("rated",)),
)
_INVITED = (Formula("M182", "invitations", ("answered",), ("sent",)),)


@dataclass(slots=True)
class _Survey:
    """A survey until nobody answers it any more: its invitation, the questions that were answered, and whether one
    was in time."""

    invitation: tuple[int, str | None, str | None, str] | None = None  # sent at, channel, agent, scenario
    answered: list[str] = field(default_factory=list)
    is_answered: bool = False


class SurveyRecount:
    """Takes invitations and answers in any order, as long as answers come within `ANSWERED_WITHIN_DAYS`; what is asked
    or answered again, also under another id, counts once. An agent with fewer ratings in a month than `fewest_ratings`
    is left out of the distribution of agents (M114). `tier_of`: the tier of a customer at an instant; a rating counts
    for the one that held when the contact began, if the customer is known."""

    feeds = ("canonical.survey_invitation", "canonical.survey_response")

    def __init__(
        self,
        fewest_ratings: int = FEWEST_RATINGS,
        tier_of: Callable[[str, int], str | None] = lambda customer_id, at: None,
    ) -> None:
        self._fewest_ratings, self._tier_of = fewest_ratings, tier_of
        self._tiers: dict[int, dict[str, str | None]] = defaultdict(dict)
        self._by_tier = Tally(_BY_TIER)
        self._open: dict[int, dict[tuple[Any, ...], _Survey]] = defaultdict(dict)
        self._day_of: dict[tuple[Any, ...], int] = {}
        self._settled_until = 0
        self._invited = Tally(_INVITED, _INVITED)
        self._overall = Tally(_RATED, shares=(Share("M117", "rated", ("of_score",), ("rated_to_5",)),))
        self._scenarios = Tally((), _BY_SCENARIO)
        self._of_agent: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add_contact(self, contact: Contact) -> None:
        """Take a contact; one that can be rated had an agent, who noted the customer."""
        if contact.customer_id is not None:
            tiers = self._tiers[local_day(contact.started_at)]
            tiers[contact.contact_id] = self._tier_of(contact.customer_id, contact.started_at)

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone. What comes too late is an AssertionError."""
        row = record.row
        if record.feed not in self.feeds:
            return
        assert row["sent_at"] >= self._settled_until, f"{row['survey_id']} was answered after it had been counted"
        key = _survey(row)
        survey = self._open[self._day_of.setdefault(key, local_day(row["sent_at"]))].setdefault(key, _Survey())
        if record.feed == "canonical.survey_invitation":
            if survey.invitation is None:
                survey.invitation = row["sent_at"], row["channel_id"], row["agent_id"], row["scenario"]
        elif row["question_id"] not in survey.answered:
            survey.answered.append(row["question_id"])
            survey.is_answered |= -EARLY_S <= row["responded_at"] - row["sent_at"] <= ANSWER_WITHIN_S
            if row.get("question_kind") == "csat" and row.get("score") is not None:
                self._add_rating(row)

    def settle(self, until: int) -> None:
        """Count the surveys that nobody answers any more when all is known that was written before an instant."""
        for day in settled_days(self._open, until, ANSWERED_WITHIN_DAYS * DAY_S):
            for key, survey in self._open.pop(day).items():
                del self._day_of[key]
                if survey.invitation is not None:
                    sent_at, channel, agent, scenario = survey.invitation
                    amounts = {"sent": 1, "answered": survey.is_answered}
                    self._invited.add(sent_at, amounts, channel=channel, agent=agent)
                    self._invited.add(sent_at, amounts, scenario)
        for day in settled_days(self._tiers, until, 2 * ANSWERED_WITHIN_DAYS * DAY_S):
            del self._tiers[day]
        self._settled_until = max(self._settled_until, midnight(local_day(until - ANSWERED_WITHIN_DAYS * DAY_S)))

    def values(self) -> Iterator[Value]:
        """All values of what was taken."""
        self.settle(NEVER)
        by_tier = (value for value in self._by_tier.values() if value.dim_set == "tier")
        rated = [*self._overall.values(), *self._scenarios.values(), *by_tier]
        return in_order([*rated, *_intervals(rated), *self._of_agents(), *self._invited.values()])

    @property
    def held(self) -> int:
        """How many surveys are kept."""
        return sum(map(len, self._open.values()))

    def _add_rating(self, row: dict[str, Any]) -> None:
        score, amounts = Fraction(row["score"]), _amounts(row)
        self._overall.add(row["responded_at"], amounts, channel=row["channel_id"], agent=row["agent_id"])
        self._scenarios.add(row["responded_at"], amounts, row["scenario"])
        contact_id = row.get("contact_id")
        tier = next((tiers[contact_id] for tiers in self._tiers.values() if contact_id in tiers), None)
        self._by_tier.add(row["responded_at"], amounts, tier=tier)
        if amounts["rated_to_5"]:
            self._overall.add(row["responded_at"], {"of_score": 1}, str(score), channel=row["channel_id"])
        if row["agent_id"] is None:
            return
        month = str(GRAINS["month"](local_day(row["responded_at"])))
        count = self._of_agent[month, row["agent_id"]]
        count[0] += amounts["top"]
        count[1] += amounts["with_top"]

    def _of_agents(self) -> Iterator[Value]:
        """How many agents have which share of top ratings in a month."""
        buckets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (month, _), (top, rated) in self._of_agent.items():
            if rated and rated >= self._fewest_ratings:
                name = next(name for name, below in AGENT_BUCKETS if 100 * top < below * rated)
                buckets[month][name] += 1
        for month, agents in buckets.items():
            n = sum(agents.values())
            for name, agents_in in agents.items():
                share = agents_in / n
                yield Value("M114", "agents", "month", month, "all", None, None, None, None, name, agents_in, n, share)


def _survey(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a survey asks about; of one that names no contact, its id."""
    if row.get("contact_id") is None:
        return (row["survey_id"],)
    return (row["contact_id"], row["agent_id"], row["scenario"])


def _amounts(row: dict[str, Any]) -> dict[str, Any]:
    score, low, high = (Fraction(row[name]) for name in ("score", "scale_min", "scale_max"))
    is_to_5, top_from = low == 1 and high == 5, TOP_FROM.get((int(low), int(high)))
    return {
        "rated": 1,
        "rated_to_5": int(is_to_5),
        "with_top": int(top_from is not None),
        "score": score if is_to_5 else 0,
        "points": 100 * (score - low) / (high - low),
        "top": int(top_from is not None and score >= top_from),
        "positive": int(is_to_5 and score >= 4),
        "negative": int(is_to_5 and score <= 2),
    }


def _intervals(rated: list[Value]) -> Iterator[Value]:
    """Both ends of the Wilson interval of every share of top ratings."""
    for value in rated:
        if (value.kpi_id, value.variant) == ("M112", "top_2") and value.numerator is not None and value.denominator:
            ends = wilson_95(int(value.numerator), int(value.denominator))
            for name, end in zip(("top_2_low", "top_2_high"), ends, strict=True):
                yield value._replace(variant=name, value=end)
