"""Quality control: who is sampled, what evaluators find, what an appeal changes.

Belongs here: the feeds `qa_evaluation` and `qa_evaluation_item`. Does not belong here: what machines measure.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.aftermath.case import Case
from simulator.business_hours import BusinessHours
from simulator.local_time import DAY_S
from simulator.records import Record, chance

PASS_LIMIT = 80.0
EVALUATORS = ("QA01", "QA02", "QA03", "QA04")
MODEL = "speech-check-2"
SHORT_TALK_S, LONG_TALK_S = 5, 900
ANOMALY_SAMPLE = 0.3
APPEALS = 0.2  # of the failed evaluations


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a form; `weight` is its highest score, `likely` how often a middling agent meets it."""

    item_id: str
    section: str
    name_zh: str
    name_en: str
    weight: int
    likely: float
    is_fatal: bool = False
    violation_type: str | None = None
    needs: str | None = None  # only for issues of this topic


SERVICE_FORM = (
    Item("greeting", "courtesy", "开场问候规范", "Greets as told", 8, 0.94),
    Item("closing", "courtesy", "结束语规范", "Ends as told", 7, 0.88),
    Item("need_confirmed", "process", "确认客户需求", "Confirms the need", 12, 0.85),
    Item("steps_followed", "process", "按流程处理", "Follows the steps", 13, 0.82),
    Item("answer_right", "accuracy", "解答准确完整", "Answers right and in full", 20, 0.84),
    Item("identity", "compliance", "按要求核验身份", "Checks the identity", 10, 0.975, True, None, "billing"),
    Item("no_false_promise", "compliance", "无违规承诺", "Promises nothing false", 10, 0.992, True, "false_promise"),
    Item("patience", "attitude", "耐心倾听", "Listens patiently", 10, 0.88, False, "shirking"),
    Item("knowledge", "professionalism", "业务熟练", "Knows the business", 10, 0.85),
)
SCRIPT_FORM = (
    Item("announces", "compliance", "录音告知", "Announces the recording", 40, 0.985),
    Item("no_exaggeration", "compliance", "无夸大宣传", "Exaggerates nothing", 30, 0.99, True, "exaggeration"),
    Item("no_guarantee", "compliance", "无保本承诺", "Guarantees nothing", 30, 0.996, True, "guarantee"),
)


@dataclass(frozen=True, slots=True)
class Sampled:
    """One evaluation to be made. `suffix` tells the evaluations of one contact apart."""

    contact_id: str
    recording_id: str | None
    agent_id: str
    ability: float
    pleasure: float
    topic: str | None
    sampled_by: str
    suffix: str
    at: int


def evaluations_of(case: Case, recording_id: str | None, hours: BusinessHours) -> Iterator[Record]:
    """The random sample, the calls of odd length, and the script check of recorded calls by a model."""
    contact, rates = case.contact, case.rates
    r = chance(case.seed, "sample", contact.contact_id)
    is_random, is_odd = r.random() < rates.quality_sample, r.random() < ANOMALY_SAMPLE
    is_checked = r.random() < rates.script_check
    talk_s = sum(leg.talk_s for leg in contact.legs)
    topic = case.issue.parent_id if case.issue else None
    odd = contact.medium == "voice" and not SHORT_TALK_S <= talk_s <= LONG_TALK_S

    def sampled(by: str, suffix: str, at: int) -> Sampled:
        return Sampled(
            contact.contact_id, recording_id, case.agent_id, case.ability, case.pleasure, topic, by, suffix, at
        )

    failing = case.level("item_failed", 1.0)
    if is_random or (odd and is_odd):
        at = hours.add(contact.ended_at + r.randint(0, 2 * DAY_S), r.randint(0, 8 * 3600))
        yield from evaluate(case.seed, sampled("random" if is_random else "anomaly", "1", at), failing)
    if is_checked and recording_id is not None:
        at = contact.ended_at + r.randint(600, 7200)
        yield from evaluate(case.seed, sampled("random", "script", at), failing, is_script=True)


def evaluate(seed: int, sampled: Sampled, failing: float = 1.0, *, is_script: bool = False) -> Iterator[Record]:
    """The items and the whole of one evaluation, and again after an appeal that was right. `failing`: items that are
    not met, as a multiple of the usual."""
    evaluation_id = f"Q-{sampled.contact_id}-{sampled.suffix}"
    r = chance(seed, "evaluation", evaluation_id)
    form = SCRIPT_FORM if is_script else SERVICE_FORM
    found = [_judged(r, item, sampled, failing) for item in form]
    evaluator_id = MODEL if is_script else r.choice(EVALUATORS)
    whole: dict[str, object] = {
        "evaluation_id": evaluation_id,
        "contact_id": sampled.contact_id,
        "recording_id": sampled.recording_id,
        "agent_id": sampled.agent_id,
        "evaluator_type": "ai" if is_script else "human",
        "evaluator_id": evaluator_id,
        "form_id": "script" if is_script else "service",
        "form_version": "2026.1",
        "sampled_by": sampled.sampled_by,
        "evaluated_at": sampled.at,
    }
    yield from _written(sampled.at, whole, form, found)
    lost = [number for number, (share, _) in enumerate(found) if share is not None and share < 1]
    if not is_script and not _result(form, found)["is_passed"] and r.random() < APPEALS:
        appealed_at = sampled.at + r.randint(DAY_S, 4 * DAY_S)
        number = r.choice(lost)
        found[number] = (1.0, None)
        yield from _written(appealed_at, whole, form, found, only=number)


def _judged(r: random.Random, item: Item, sampled: Sampled, failing: float) -> tuple[float | None, str | None]:
    """Share of an item's score (None: it does not apply) and what was violated."""
    luck, depth = r.random(), r.choice((0.0, 0.0, 0.5, 0.5))
    if item.needs is not None and item.needs != sampled.topic:
        return None, None
    fails = failing * (1 - item.likely) * (1.9 - 1.8 * sampled.ability) * (1.5 - 0.7 * sampled.pleasure)
    if luck >= fails:
        return 1.0, None
    return (0.0 if item.is_fatal else depth), item.violation_type


def _result(form: tuple[Item, ...], found: list[tuple[float | None, str | None]]) -> dict[str, object]:
    judged = [(item, share) for item, (share, _) in zip(form, found, strict=True) if share is not None]
    highest = sum(item.weight for item, _ in judged)
    score = sum(item.weight * share for item, share in judged)
    is_fatal = any(item.is_fatal and share < 1 for item, share in judged)
    return {
        "score": round(score, 1),
        "score_max": float(highest),
        "is_passed": not is_fatal and 100 * score >= PASS_LIMIT * highest,
        "is_fatal_fail": is_fatal,
    }


def _written(
    at: int,
    whole: dict[str, object],
    form: tuple[Item, ...],
    found: list[tuple[float | None, str | None]],
    only: int | None = None,
) -> Iterator[Record]:
    """A version of the evaluation and of its items, or of the one item that an appeal changed."""
    yield Record("canonical.qa_evaluation", at, whole | _result(form, found) | {"record_updated_at": at})
    for number, (item, (share, violation)) in enumerate(zip(form, found, strict=True)):
        if only is not None and number != only:
            continue
        row = {
            "evaluation_id": whole["evaluation_id"],
            "item_id": item.item_id,
            "section": item.section,
            "evaluated_at": whole["evaluated_at"],
            "score": None if share is None else round(item.weight * share, 1),
            "score_max": float(item.weight),
            "is_applicable": share is not None,
            "is_fatal": item.is_fatal,
            "violation_type": violation,
            "record_updated_at": at,
        }
        yield Record("canonical.qa_evaluation_item", at, row)
