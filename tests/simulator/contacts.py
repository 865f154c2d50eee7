"""Plausible finished contacts of all media, for tests of what follows from them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from simulator.catalogue import ISSUES, Issue
from simulator.customers import Population
from simulator.events import Contact, Handover, Leg, Medium, Message, Visit
from simulator.records import chance

MONDAY = 1_772_380_800  # 2026-03-02 00:00 in Shanghai
DAY_S = 86_400
AGENTS = {str(1001 + number): (number - 9.5) / 6 for number in range(20)}
MEDIA: tuple[Medium, ...] = ("voice", "im", "email")
CHANNELS: dict[Medium, tuple[str, ...]] = {"voice": ("voice_400", "voice_app"), "im": ("im_app",), "email": ("email",)}
POPULATION = Population(5, 4000, MONDAY, MONDAY + 60 * DAY_S)
customer_of = POPULATION.known


def contacts(count: int, days: int, seed: int = 3) -> Iterator[Contact]:
    """`count` contacts in the order of their ends; of those that solved nothing a third comes again."""
    r = random.Random(seed)
    ends = sorted(int(MONDAY + DAY_S * r.randrange(days) + 8 * 3600 + r.random() * 13 * 3600) for _ in range(count))
    unsolved: list[Contact] = []
    for number, ended_at in enumerate(ends):
        repeats = None
        if unsolved and r.random() < 0.07:
            repeats = unsolved.pop(r.randrange(len(unsolved)))
        contact = _contact(f"{ended_at}.{number}", ended_at, seed, repeats)
        if contact.is_solved is False:
            unsolved.append(contact)
        yield contact


def _contact(contact_id: str, ended_at: int, seed: int, repeats: Contact | None) -> Contact:
    r = chance(seed, "test contact", contact_id)
    medium: Medium = r.choices(MEDIA, (0.75, 0.2, 0.05))[0]
    issue: Issue = r.choices(ISSUES, [issue.share for issue in ISSUES])[0]
    customer = f"C{r.randrange(4000):08d}" if r.random() < 0.9 else None
    agent_id = r.choice(list(AGENTS))
    talk_s = int(r.lognormvariate(4.8, 0.7)) + 4
    wait_s = int(r.expovariate(1 / 25))
    contact = Contact(
        contact_id=contact_id,
        direction="outbound" if medium == "voice" and r.random() < 0.1 else "inbound",
        channel=r.choice(CHANNELS[medium]),
        caller="13800000000",
        started_at=ended_at - talk_s - wait_s,
        answered_at=ended_at - talk_s - wait_s,
        ended_at=ended_at,
        disposition="ANSWERED",
        medium=medium,
        customer_id=customer,
    )
    if r.random() < 0.06:
        contact.visits.append(Visit(issue.queue_id, contact.started_at, ended_at, "abandoned"))
        return contact
    contact.issue_id = repeats.issue_id if repeats else issue.issue_id
    contact.is_solved = r.random() < issue.solved + 0.04 * AGENTS[agent_id]
    contact.is_declared_solved = contact.is_solved or r.random() < 0.4
    if repeats:
        contact.repeat_of, contact.customer_id, contact.repeat_reason = (
            repeats.contact_id,
            repeats.customer_id,
            "not_done",
        )
    if medium != "voice":
        contact.messages = [Message("customer", contact.started_at), Message("agent", ended_at - 1, agent_id)]
        return contact
    answered_at = ended_at - talk_s
    contact.visits.append(Visit(issue.queue_id, contact.started_at, answered_at, "answered", agent_id))
    middle = answered_at + talk_s // 2
    if r.random() < 0.06:
        other = r.choice(list(AGENTS))
        contact.legs = [
            Leg(other, "queue", issue.queue_id, answered_at, middle),
            Leg(agent_id, "queue", issue.queue_id, middle, ended_at),
        ]
        contact.handovers = [
            Handover("blind", "ability", middle, other, agent_id, is_restated=r.random() < 0.7),
        ]
    else:
        contact.legs = [Leg(agent_id, "queue", issue.queue_id, answered_at, ended_at)]
    return contact
