"""Complaints: about which contact and agent, what about, how they are handled, and when they come again.

Belongs here: the feed `complaint`. Does not belong here: the tickets of complaints (`tickets`).

A complaint comes in a contact of its own (its issue is a complaint), or later in writing or through a regulator, and
then no contact received it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from simulator.aftermath.case import DISPLEASED, Case, Complaint
from simulator.aftermath.tickets import skewed
from simulator.business_hours import BusinessHours
from simulator.local_time import DAY_S
from simulator.records import Record, chance

COMPLAINT_TYPES = {
    "product_quality": ("产品质量", "Product quality"),
    "attitude": ("服务态度", "Attitude"),
    "process": ("服务流程", "Process"),
    "installation": ("安装维修", "Installation and repair"),
    "delivery": ("物流配送", "Delivery"),
    "billing": ("账单费用", "Billing"),
    "ivr_speed": ("语音菜单语速", "Speed of the telephone menu"),
}
KEYWORDS = {
    "product_quality": ("质量差", "故障频发", "噪音大"),
    "attitude": ("态度差", "不耐烦", "推诿"),
    "process": ("解答模糊", "重复描述", "流程繁琐", "无人跟进"),
    "installation": ("安装延误", "师傅爽约", "乱收费"),
    "delivery": ("配送延误", "包裹破损", "无人通知"),
    "billing": ("扣费不明", "退款慢", "账单难懂"),
    "ivr_speed": ("语速过快", "菜单复杂", "转不到人工"),
}
WAITED_LONG = "等待久"
LONG_WAIT_S = 90
TYPES_OF_TOPIC = {
    "logistics": ("delivery", "process"),
    "billing": ("billing", "process"),
    "activation": ("process", "product_quality"),
    "membership": ("process", "billing"),
    "repair": ("installation", "product_quality"),
    "purchase": ("process", "attitude"),
}
LINE_OF_TOPIC = {"billing": "instalment", "membership": "membership", "purchase": "course"}
ABOUT_AGENTS = ("attitude", "process")
SEVERITY_LIMITS = ((0.10, "critical"), (0.22, "high"), (0.5, "medium"))
REGULATOR = 0.08  # of the complaints that come in no contact
OUTCOMES = (("apology", 0.42), ("compensated", 0.22), ("replaced", 0.14), ("explained", 0.16), ("rejected", 0.06))
HANDLING_MEAN_H = {"low": 4.0, "medium": 8.0, "high": 12.0, "critical": 18.0}
OUTCOME_OF_RECURRENCE = {"explained": 1.8, "rejected": 3.0, "apology": 1.1, "compensated": 0.5, "replaced": 0.4}


def complaints_of(case: Case, ticket_id: str | None, hours: BusinessHours) -> Iterator[Complaint]:
    """The complaint that came in this contact, or comes later because of it, and those that come again."""
    first = _in_contact(case, ticket_id, hours) if _is_complaint(case) else _later(case, hours)
    brought = first
    while brought is not None:
        yield brought
        brought = _again(case, brought, hours)


def _is_complaint(case: Case) -> bool:
    return case.issue is not None and case.issue.parent_id == "complaint"


def _in_contact(case: Case, ticket_id: str | None, hours: BusinessHours) -> Complaint | None:
    """None where this contact only asks after an earlier complaint of the customer: while it is open, and where a
    scenario says how many come up again, which is then in writing."""
    earlier, contact = case.earlier, case.contact
    before = earlier.complaint if earlier and earlier.contact_id == contact.repeat_of else None
    if before is not None and (before.closed_at > contact.ended_at or _is_recurrence_planted(case, before)):
        return None
    r = chance(case.seed, "complaint", contact.contact_id)
    about_type = before.complaint_type if before else _type(case, r, is_about_contact=earlier is not None)
    about_contact_id = earlier.contact_id if earlier else None
    about_agent_id = earlier.agent_id if earlier and about_type in ABOUT_AGENTS else None
    row = {
        "complaint_id": f"CP-{contact.contact_id}",
        "about_contact_id": before.about_contact_id if before else about_contact_id,
        "received_contact_id": contact.contact_id,
        "about_agent_id": before.about_agent_id if before else about_agent_id,
        "ticket_id": ticket_id,
        "channel_id": contact.channel,
        "parent_complaint_id": before.complaint_id if before else None,
        "is_regulator_report": False,
    }
    return _written(case, r, row, about_type, contact.ended_at + 1, hours)


def _later(case: Case, hours: BusinessHours) -> Complaint | None:
    """In writing, some days after a contact that displeased, and then about this contact and its agent."""
    contact = case.contact
    if case.customer is None or case.pleasure >= DISPLEASED:
        return None
    r = chance(case.seed, "complaint", contact.contact_id)
    if r.random() >= case.rates.complains_later[contact.medium]:
        return None
    about_type = _type(case, r, is_about_contact=True)
    is_regulator = r.random() < REGULATOR
    row = {
        "complaint_id": f"CP-{contact.contact_id}",
        "about_contact_id": contact.contact_id,
        "received_contact_id": None,
        "about_agent_id": case.agent_id if about_type in ABOUT_AGENTS else None,
        "ticket_id": None,
        "channel_id": "regulator" if is_regulator else "web_form",
        "parent_complaint_id": None,
        "is_regulator_report": is_regulator,
    }
    return _written(case, r, row, about_type, contact.ended_at + r.randint(3600, 5 * DAY_S), hours)


def _is_recurrence_planted(case: Case, closed: Complaint) -> bool:
    """Whether a scenario says how many complaints of this type come up again."""
    of_type = {"complaint_type": closed.complaint_type}
    return case.effects.fixed("complaint_again", closed.closed_at, **of_type) is not None


def _again(case: Case, closed: Complaint, hours: BusinessHours) -> Complaint | None:
    """The same matter again within a month after it was closed, in writing."""
    r = chance(case.seed, "complaint_again", closed.complaint_id)
    outcome = str(closed.records[-1].row["outcome"])
    usual = case.rates.recurs * OUTCOME_OF_RECURRENCE[outcome]
    likely = case.effects.level("complaint_again", usual, closed.closed_at, complaint_type=closed.complaint_type)
    if case.customer is None or r.random() >= likely:
        return None
    row = {
        "complaint_id": f"{closed.complaint_id}-again",
        "about_contact_id": closed.about_contact_id,
        "received_contact_id": None,
        "about_agent_id": closed.about_agent_id,
        "ticket_id": None,
        "channel_id": "web_form",
        "parent_complaint_id": closed.complaint_id,
        "is_regulator_report": r.random() < 2 * REGULATOR,
    }
    opened_at = closed.closed_at + r.randint(DAY_S, 25 * DAY_S)
    return _written(case, r, row, closed.complaint_type, opened_at, hours)


def _type(case: Case, r: random.Random, is_about_contact: bool) -> str:
    """What it is about: of a contact's own topic above all, of service when a contact displeased."""
    weights = dict.fromkeys(COMPLAINT_TYPES, 1.0) | {"ivr_speed": 0.5}
    for name in TYPES_OF_TOPIC.get(case.issue.parent_id, ()) if case.issue else ():
        weights[name] += 4.0
    if is_about_contact:
        weights["attitude"] += 2.5 * (1.2 - case.ability)
        weights["process"] += 2.5
    if case.customer is not None and case.customer.age_band == "60+":
        weights["ivr_speed"] += 2.5
    age_band = case.customer.age_band if case.customer else None
    shares = case.effects.shares("complaint_share", "complaint_type", weights, case.contact.ended_at, age_band=age_band)
    return r.choices(list(shares), list(shares.values()))[0]


def _keywords(case: Case, r: random.Random, about_type: str) -> str:
    """One or two words of the type, and the wait where it was long."""
    words = r.sample(KEYWORDS[about_type], r.choice((1, 2)))
    if sum(visit.wait_s for visit in case.contact.visits) > LONG_WAIT_S:
        words.append(WAITED_LONG)
    return ",".join(words)


def _written(
    case: Case, r: random.Random, told: dict[str, Any], about_type: str, opened_at: int, hours: BusinessHours
) -> Complaint:
    """Opened, sometimes escalated, closed: a version at each."""
    patience = case.pleasure * r.uniform(0.6, 1.4)
    severity = next((name for limit, name in SEVERITY_LIMITS if patience < limit), "low")
    topic = case.issue.parent_id if case.issue else ""
    row = told | {
        "customer_id": case.contact.customer_id,
        "complaint_type": about_type,
        "product_line_id": LINE_OF_TOPIC.get(topic, "appliance"),
        "severity": severity,
        "level": 1,
        "opened_at": opened_at,
        "escalated_at": None,
        "closed_at": None,
        "outcome": None,
        "is_caused_by_outbound": case.contact.direction == "outbound",
        "campaign_id": None,
        "keywords": _keywords(case, r, about_type),
        "record_updated_at": opened_at,
    }
    versions = [row]
    handled_s = skewed(r, HANDLING_MEAN_H[severity])
    hardship = {"low": 0.4, "medium": 0.9, "high": 1.6, "critical": 2.8}[severity]
    closed_after_s = handled_s
    usual = case.rates.escalates * hardship
    if r.random() < case.effects.level("complaint_escalated", usual, opened_at, complaint_type=about_type):
        escalated_at = hours.add(opened_at, handled_s // 2)
        level = 3 if row["is_regulator_report"] or r.random() < 0.2 else 2
        versions.append(
            versions[-1] | {"escalated_at": escalated_at, "level": level, "record_updated_at": escalated_at}
        )
        closed_after_s = handled_s * 2
    closed_at = hours.add(opened_at, closed_after_s)
    outcome = r.choices([name for name, _ in OUTCOMES], [share for _, share in OUTCOMES])[0]
    versions.append(versions[-1] | {"closed_at": closed_at, "outcome": outcome, "record_updated_at": closed_at})
    return Complaint(
        told["complaint_id"],
        about_type,
        told["about_contact_id"],
        told["about_agent_id"],
        opened_at,
        closed_at,
        tuple(Record("canonical.complaint", version["record_updated_at"], version) for version in versions),
    )
