"""What systems noticed in a conversation: emotions, and what another channel had handed over.

Belongs here: the feeds `sentiment_alert` and `interaction_sync`. Does not belong here: what the customer says when
asked (`surveys`).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.aftermath.case import Case
from simulator.records import Record, chance

# below this pleasure an alert of this level is raised, if the model hears it at all
STRONG_BELOW = 0.20
WEAKER_LEVELS = ((0.30, 2), (0.42, 1))
HEARD = 0.55
EMOTIONS = {1: ("焦虑", "失望"), 2: ("不满", "焦虑"), 3: ("愤怒",)}
WITHIN_S = {1: 90.0, 2: 50.0, 3: 35.0}  # mean until somebody steps in
SUPERVISORS = ("SV01", "SV02", "SV03")
SYNCED_FIELDS = ("customer", "issue", "order", "ticket", "summary")


def alerts_of(case: Case) -> Iterator[Record]:
    """At most one alert about the customer; written when it is raised, and again when somebody stepped in."""
    contact = case.contact
    strong = case.level("strong_emotion", HEARD if case.pleasure < STRONG_BELOW else 0.0, medium=contact.medium)
    weaker = next((level for limit, level in WEAKER_LEVELS if case.pleasure < limit), None)
    if strong == 0 and weaker is None:
        return
    r = chance(case.seed, "alert", contact.contact_id)
    is_strong, is_heard = r.random() < strong, r.random() < HEARD
    level = 3 if is_strong else weaker
    if level is None or not (is_strong or is_heard):
        return
    begins = contact.legs[0].started_at if contact.legs else contact.started_at
    ends = contact.legs[-1].ended_at if contact.legs else contact.ended_at
    raised_at = begins + int((ends - begins) * r.uniform(0.2, 0.9))
    row = {
        "alert_id": f"E-{contact.contact_id}",
        "contact_id": contact.contact_id,
        "raised_at": raised_at,
        "alert_level": level,
        "speaker": "customer",
        "emotion": r.choice(EMOTIONS[level]),
        "confidence_rate": round(r.uniform(0.62, 0.98), 3),
        "handled_by_agent_id": None,
        "intervened_at": None,
        "record_updated_at": raised_at,
    }
    yield Record("canonical.sentiment_alert", max(raised_at, contact.ended_at), row)
    if r.random() < case.rates.alert_handled:
        intervened_at = raised_at + 1 + int(r.expovariate(1 / WITHIN_S[level]))
        changes = {
            "handled_by_agent_id": r.choice(SUPERVISORS),
            "intervened_at": intervened_at,
            "record_updated_at": intervened_at,
        }
        yield Record("canonical.sentiment_alert", max(intervened_at, contact.ended_at), row | changes)


def hand_over_of(case: Case) -> Iterator[Record]:
    """When a repeat comes by another channel: how much of the earlier contact the CRM shows there."""
    contact, earlier = case.contact, case.earlier
    if earlier is None or contact.repeat_of != earlier.contact_id or earlier.channel == contact.channel:
        return
    r = chance(case.seed, "sync", contact.contact_id)
    yield Record(
        "canonical.interaction_sync",
        contact.ended_at,
        {
            "contact_id": contact.contact_id,
            "customer_id": contact.customer_id,
            "from_channel_id": earlier.channel,
            "to_channel_id": contact.channel,
            "expected_field_count": len(SYNCED_FIELDS),
            "synced_field_count": sum(r.random() < case.rates.field_synced for _ in SYNCED_FIELDS),
            "synced_at": contact.started_at + r.randint(1, 5),
        },
    )
