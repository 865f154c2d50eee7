"""Conversations of a queue call: how long they last, and whether the agent hands the caller on.

Belongs here: a call on its way through queues, and what is decided when an agent has answered it. Does not belong here:
the carrying out (`centre`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from simulator.catalogue import Issue
from simulator.channel_events import Answer, Consultation
from simulator.events import Contact, Handover, HandoverReason
from simulator.exchange import local_hour
from simulator.issues import Intent
from simulator.queueing import Caller
from simulator.scenarios.effects import Effects
from simulator.setting import (
    BY_ID,
    LONGEST_TALK_S,
    QUEUES,
    TRANSFER_BY_ABILITY,
    TRANSFER_BY_WISH,
    TRANSFER_TO_DEPARTMENT,
    TRANSFER_TO_RIGHT_QUEUE,
    VERY_SHORT_TALK,
    Agent,
    QueueSetting,
)

RESTATED = {"blind": 0.6, "attended": 0.25}
# a queue that is about to close takes no more transfers
_LAST_TRANSFER_HOURS = 0.5


@dataclass(slots=True, kw_only=True)
class Call(Caller):
    """An inbound call on its way through queues."""

    contact: Contact
    intent: Intent
    did: str
    channel: str
    answers: list[Answer] = field(default_factory=list)
    blind_at: int | None = None  # when it was handed on to another queue
    blind_unique_id: str = ""
    consultation: Consultation | None = None

    @property
    def queue(self) -> QueueSetting:
        """The queue that it is in, or was last."""
        return BY_ID[self.queue_id]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation will end: the queue log's word for it, and the hand-over that it is."""

    event: str
    reason: HandoverReason | None = None
    target: QueueSetting | None = None


def talk_s(
    queue: QueueSetting,
    issue: Issue,
    r: Random,
    planted_mean_s: float | None,
    hurry: float,
    very_short: float = VERY_SHORT_TALK,
) -> int:
    """Seconds of a conversation without transfer: of the usual ones times `hurry`, or with a scenario's mean;
    `very_short`: the chance that it is over at once."""
    if r.random() < very_short:
        return r.randint(1, 6)
    median_s = queue.talk_median_s * issue.talk_factor * hurry
    if planted_mean_s is not None:
        median_s = planted_mean_s / math.exp(queue.talk_sigma**2 / 2)
    return max(5, min(int(r.lognormvariate(0.0, queue.talk_sigma) * median_s), LONGEST_TALK_S))


def choose_transfer(at: int, call: Call, agent: Agent, r: Random, effects: Effects) -> Ending | None:
    """Whether the agent hands the caller on, why, and to whom: the right queue, another one, or the back office."""
    right = BY_ID[call.intent.issue.queue_id]
    hour = local_hour(at)
    is_open = {queue.queue_id: queue.opens <= hour < queue.closes - _LAST_TRANSFER_HOURS for queue in QUEUES}
    draw = r.random()
    if right is not call.queue and is_open[right.queue_id] and right.queue_id not in agent.skills:
        return Ending("BLINDTRANSFER", "department", right) if draw < TRANSFER_TO_RIGHT_QUEUE else None
    by_ability = effects.level(
        "transferred",
        TRANSFER_BY_ABILITY * 2.0**-agent.ability,
        at,
        issue_id=call.intent.issue.issue_id,
        agent=agent.agent_id,
    )
    to_department = by_ability + TRANSFER_TO_DEPARTMENT
    reasons: tuple[tuple[HandoverReason, float], ...] = (
        ("ability", by_ability),
        ("department", to_department),
        ("customer_request", to_department + TRANSFER_BY_WISH),
    )
    reason = next((reason for reason, up_to in reasons if draw < up_to), None)
    if reason is None:
        return None
    others = [queue for queue in QUEUES if queue is not call.queue and is_open[queue.queue_id]]
    if reason == "department" or not others or r.random() < 0.4:
        return Ending("ATTENDEDTRANSFER", reason)
    return Ending("BLINDTRANSFER", reason, r.choice(others))


def complete(handover: Handover, r: Random) -> None:
    """The other side took the call; after a blind transfer many customers tell everything again."""
    handover.is_completed = True
    if handover.kind != "overflow":
        handover.is_restated = r.random() < RESTATED[handover.kind]
