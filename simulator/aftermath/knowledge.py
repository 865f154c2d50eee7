"""What agents look up and use of the knowledge base while they deal with a contact.

Belongs here: the feed `knowledge_use`. Does not belong here: preset replies in chats (their messages tell), how long
a conversation takes (`conversation`), tickets.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from simulator.aftermath.case import Case
from simulator.records import Record, chance
from simulator.workload import manual_factor

# records that an agent looks up by hand in a contact, on average, by topic
LOOKUPS = {
    "logistics": 1.6, "billing": 1.4, "activation": 1.0, "membership": 1.1, "repair": 1.5, "purchase": 0.7,
    "complaint": 2.2,
}  # fmt: skip
# share of orders among the look-ups after the first; those topics are not about orders
OF_ORDERS, WITHOUT_ORDERS = 0.6, ("activation", "membership")
LOOKUP_MEAN_S, ARTICLE_MEAN_S, QUICK_REPLY_S = 11.0, 26.0, 2
READS_ARTICLE, MOST_QUICK_REPLIES = 0.14, 3
SAYS_PRESET = 0.46
SHOWN_BY_ITSELF = 0.35  # of the articles: the system proposes them
ITEMS_PER_TOPIC = 12


def uses_of(case: Case) -> Iterator[Record]:
    """Look-ups first, as the agent must know whom they talk to; written when the contact is over."""
    contact, issue = case.contact, case.issue
    if issue is None:
        return
    r = chance(case.seed, "knowledge", contact.contact_id)
    begins = contact.legs[0].started_at if contact.legs else contact.started_at
    ends = contact.legs[-1].ended_at if contact.legs else contact.ended_at
    topic = issue.parent_id
    slowness = manual_factor(case.effects, contact.ended_at)
    used: list[tuple[str, str | None, float, bool]] = []
    for number in range(_poisson(case.level("lookups", LOOKUPS[topic]), r)):
        is_order = number > 0 and topic not in WITHOUT_ORDERS and r.random() < OF_ORDERS
        seconds = r.expovariate(1 / LOOKUP_MEAN_S) * slowness
        used.append(("order_lookup" if is_order else "customer_lookup", None, seconds, True))
    if r.random() < READS_ARTICLE:
        is_manual = r.random() >= SHOWN_BY_ITSELF
        seconds = r.expovariate(1 / ARTICLE_MEAN_S) * (slowness if is_manual else 1)
        used.append(("article", f"KB-{topic}-{r.randint(1, ITEMS_PER_TOPIC):02d}", seconds, is_manual))
    if contact.medium == "voice" and r.random() < SAYS_PRESET:
        for _ in range(r.randint(1, MOST_QUICK_REPLIES)):
            used.append(("quick_reply", f"QR-{topic}-{r.randint(1, ITEMS_PER_TOPIC):02d}", QUICK_REPLY_S, False))
    instants = sorted(begins + int((ends - begins) * r.random()) for _ in used)
    for number, ((kind, item_id, seconds, is_manual), used_at) in enumerate(zip(used, instants, strict=True), 1):
        row = {
            "use_id": f"U-{contact.contact_id}-{number}",
            "agent_id": _agent_at(case, used_at),
            "contact_id": contact.contact_id,
            "kind": kind,
            "item_id": item_id,
            "used_at": used_at,
            "duration_s": float(max(1, round(seconds))),
            "is_manual": is_manual,
        }
        yield Record("canonical.knowledge_use", max(used_at, contact.ended_at), row)


def _agent_at(case: Case, at: int) -> str:
    """Who had the conversation then."""
    return next((leg.agent_id for leg in reversed(case.contact.legs) if leg.started_at <= at), case.agent_id)


def _poisson(mean: float, r: random.Random) -> int:
    """A Poisson number, by Knuth's product; means are small."""
    limit, product, number = math.exp(-mean), r.random(), 0
    while product > limit:
        product *= r.random()
        number += 1
    return number
