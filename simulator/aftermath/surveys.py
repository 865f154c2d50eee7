"""Satisfaction surveys: who is asked, who answers, and what.

Belongs here: the feeds `survey_invitation` and `survey_response`. Does not belong here: how pleased a customer is
(`case`).

Who does not answer is not like who does: the very pleased and the angry answer more often than those between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from simulator.aftermath.case import Case
from simulator.records import Record, chance

INVITED = {"voice": 0.85, "im": 0.95, "email": 0.70}
INVITED_OUTBOUND = 0.10
SENT_AFTER_S = {"voice": 3, "im": 1, "email": 600}
ANSWER_MEDIAN_S = {"voice": 40, "im": 25, "email": 14_400}
SCORE_FROM = ((0.78, 5), (0.58, 4), (0.40, 3), (0.24, 2))
LOWEST, HIGHEST = 1, 5
ANGRY = 0.25
PRAISES = 0.06
USUAL_POINTS = 86.0  # of 100
SOLUTION_COUNTS = 0.3


def score_of(pleasure: float) -> int:
    """1 to 5."""
    return next((score for limit, score in SCORE_FROM if pleasure >= limit), LOWEST)


def _score(case: Case, r: random.Random) -> int:
    """By pleasure; where a scenario sets the mean, spread around it, and better where the issue was solved."""
    mean_points = case.level("survey_points", USUAL_POINTS, survey="contact")
    if mean_points == USUAL_POINTS:
        return score_of(case.pleasure)
    usually_solved = case.usually_solved
    step = mean_points / 100 + SOLUTION_COUNTS * ((case.contact.is_solved is not False) - usually_solved)
    return LOWEST + sum(r.random() < step for _ in range(HIGHEST - LOWEST))


def willingness(pleasure: float) -> float:
    """Factor of the usual share that answers."""
    return 0.55 + 0.6 * pleasure + (0.35 if pleasure < ANGRY else 0.0)


def survey_of(case: Case) -> Iterator[Record]:
    """The invitation after a contact and, if the customer answers, one record a question."""
    contact = case.contact
    r = chance(case.seed, "survey", contact.contact_id)
    invited = INVITED[contact.medium] if contact.direction == "inbound" else INVITED_OUTBOUND
    is_invited, answers = r.random() < invited, r.random()
    if not is_invited:
        return
    sent_at = contact.ended_at + SENT_AFTER_S[contact.medium]
    told = {
        "survey_id": f"S-{contact.contact_id}",
        "contact_id": contact.contact_id,
        "agent_id": case.agent_id,
        "channel_id": contact.channel,
        "scenario": case.scenario,
        "sent_at": sent_at,
    }
    yield Record("canonical.survey_invitation", sent_at, told | {"ticket_id": None})
    responds = case.rates.responds[contact.medium] * case.level("survey_answered", 1.0)
    if answers >= responds * willingness(case.pleasure):
        return
    responded_at = sent_at + max(4, int(ANSWER_MEDIAN_S[contact.medium] * r.lognormvariate(0, 0.8)))
    score = _score(case, r)
    questions: list[dict[str, object]] = [
        {
            "question_id": "satisfaction",
            "question_kind": "csat",
            "score": float(score),
            "scale_min": float(LOWEST),
            "scale_max": float(HIGHEST),
            "is_praise": score == HIGHEST and r.random() < PRAISES,
        }
    ]
    if contact.is_solved is not None and r.random() < 0.8:
        agrees = r.random() < 0.93
        questions.append(
            {"question_id": "resolved", "question_kind": "resolved", "is_resolved": contact.is_solved == agrees}
        )
    restated = next((h.is_restated for h in reversed(contact.handovers) if h.is_restated is not None), None)
    if restated is not None:
        questions.append({"question_id": "restated", "question_kind": "other", "is_problem_restated": restated})
    for number, question in enumerate(questions):
        at = responded_at + 4 * number
        yield Record("canonical.survey_response", at, told | question | {"responded_at": at})
