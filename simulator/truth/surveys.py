"""KPIs of satisfaction surveys (M112–M117, M182), counted from invitations and answers.

Belongs here: the rulings of DECISIONS.md, section 24. Does not belong here: who answers, and what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from simulator.records import Record
from simulator.truth.sums import Share, Tally, in_order, local_day, wilson_95
from simulator.truth.telephone import GRAINS
from simulator.truth.values import Formula, Value

FEWEST_RATINGS = 10
TOP_FROM = {5: 4, 10: 9}  # by the highest score of a scale from 1
AGENT_BUCKETS = (("lt_70", 70), ("70_to_80", 80), ("80_to_90", 90), ("ge_90", 101))
_RATED = (
    Formula("M112", "top_2", ("top",), ("rated",)),
    Formula("M112", "mean", ("score",), ("rated",)),
    Formula("M112", "mean_100", ("points",), ("rated",)),
    Formula("M115", "rated", ("positive",), ("rated_to_5",)),
    Formula("M116", "rated", ("negative",), ("rated_to_5",)),
)
_BY_SCENARIO = (
    Formula("M113", "top_2", ("top",), ("rated",)),
    Formula("M113", "mean_100", ("points",), ("rated",)),
)
_INVITED = (Formula("M182", "invitations", ("answered",), ("sent",)),)


class SurveyRecount:
    """Takes invitations and answers in any order; an agent with fewer ratings in a month than `fewest_ratings` is left
    out of the distribution of agents (M114)."""

    def __init__(self, fewest_ratings: int = FEWEST_RATINGS) -> None:
        self._fewest_ratings = fewest_ratings
        self._invitations: dict[str, dict[str, Any]] = {}
        self._answers: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, record: Record) -> None:
        """Take a record; those of other feeds are left alone."""
        row = record.row
        if record.feed == "canonical.survey_invitation":
            self._invitations.setdefault(row["survey_id"], row)
        elif record.feed == "canonical.survey_response":
            self._answers.setdefault((row["survey_id"], row["question_id"]), row)

    def values(self) -> list[Value]:
        """All values of what was taken."""
        rated = list(self._of_ratings())
        return in_order([*rated, *_intervals(rated), *self._of_agents(), *self._of_invitations()])

    def _ratings(self) -> Iterator[dict[str, Any]]:
        for row in self._answers.values():
            if row.get("question_kind") == "csat" and row.get("score") is not None:
                yield row

    def _of_ratings(self) -> Iterator[Value]:
        overall = Tally(_RATED, shares=(Share("M117", "rated", ("of_score",), ("rated_to_5",)),))
        scenarios = Tally((), _BY_SCENARIO)
        for row in self._ratings():
            score, amounts = Fraction(row["score"]), _amounts(row)
            members = {"channel": row["channel_id"], "agent": row["agent_id"]}
            overall.add(row["responded_at"], amounts, **members)
            scenarios.add(row["responded_at"], amounts, row["scenario"])
            if amounts["rated_to_5"]:
                overall.add(row["responded_at"], {"of_score": 1}, str(score), channel=row["channel_id"])
        yield from overall.values()
        yield from scenarios.values()

    def _of_agents(self) -> Iterator[Value]:
        """How many agents have which share of top ratings in a month."""
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for row in self._ratings():
            month = str(GRAINS["month"](local_day(row["responded_at"])))
            count = counts[month, row["agent_id"]]
            count[0] += _amounts(row)["top"]
            count[1] += 1
        buckets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (month, _), (top, rated) in counts.items():
            if rated >= self._fewest_ratings:
                name = next(name for name, below in AGENT_BUCKETS if 100 * top < below * rated)
                buckets[month][name] += 1
        for month, agents in buckets.items():
            n = sum(agents.values())
            for name, agents_in in agents.items():
                share = agents_in / n
                yield Value("M114", "agents", "month", month, "all", None, None, None, None, name, agents_in, n, share)

    def _of_invitations(self) -> Iterator[Value]:
        answered = {survey_id for survey_id, _ in self._answers}
        tally = Tally(_INVITED, _INVITED)
        for survey_id, row in self._invitations.items():
            amounts = {"sent": 1, "answered": survey_id in answered}
            tally.add(row["sent_at"], amounts, channel=row["channel_id"], agent=row["agent_id"])
            tally.add(row["sent_at"], amounts, row["scenario"])
        yield from tally.values()


def _amounts(row: dict[str, Any]) -> dict[str, Any]:
    score, low, high = (Fraction(row[name]) for name in ("score", "scale_min", "scale_max"))
    is_to_5 = low == 1 and high == 5
    return {
        "rated": 1,
        "rated_to_5": int(is_to_5),
        "score": score,
        "points": 100 * (score - low) / (high - low),
        "top": int(score >= TOP_FROM[int(high)]),
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
