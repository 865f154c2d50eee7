"""What machines keep of a call: its recording, the compliance checks, the measured sound.

Belongs here: the feeds `recording`, `compliance_record` and `audio_quality`. Does not belong here: what people judge
(`evaluations`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from simulator.aftermath.case import Case
from simulator.local_time import DAY_S
from simulator.records import Record, chance

KEPT_DAYS = 190  # more than six months
# what a call must have, by topic of its issue; every call must announce that it is recorded
REQUIREMENTS_OF_TOPIC = {
    "billing": ("identity_checked",),
    "activation": ("identity_checked",),
    "membership": ("consent_noted",),
    "purchase": ("consent_noted",),
}
REQUIREMENTS = {
    "recording_announced": ("录音告知", "Recording announced"),
    "identity_checked": ("身份核验", "Identity checked"),
    "consent_noted": ("同意留痕", "Consent noted"),
}


def lost_conversations(case: Case) -> frozenset[int]:
    """Numbers of the conversations that the recorder lost."""
    r = chance(case.seed, "recording_lost", case.contact.contact_id)
    return frozenset(number for number, _ in enumerate(case.contact.legs) if r.random() < case.rates.recording_lost)


def recording_id_of(case: Case, lost: frozenset[int]) -> str | None:
    """Id of the recording of a call's last conversation; None where it was lost, or nobody talked."""
    contact = case.contact
    if contact.medium != "voice" or not contact.legs:
        return None
    number = len(contact.legs) - 1
    return None if number in lost else f"R-{contact.contact_id}-{number + 1}"


def machine_records(case: Case, lost: frozenset[int]) -> Iterator[Record]:
    """Recordings, compliance checks and measurements of an answered call."""
    if case.contact.medium != "voice" or not case.contact.legs:
        return
    r = chance(case.seed, "machines", case.contact.contact_id)
    yield from _recordings(case, lost, r)
    yield from _compliance(case, r)
    yield from _audio(case, r)


def _recordings(case: Case, lost: frozenset[int], r: random.Random) -> Iterator[Record]:
    """One recording a conversation; a few are deleted too early, and one in fifty is tried."""
    contact = case.contact
    for number, leg in enumerate(contact.legs):
        is_deleted, is_tried = r.random() < case.rates.recording_deleted_early, r.random() < 0.02
        if number in lost:
            continue
        written_at = contact.ended_at + 5 + number
        row = {
            "recording_id": f"R-{contact.contact_id}-{number + 1}",
            "contact_id": contact.contact_id,
            "started_at": leg.started_at,
            "ended_at": leg.ended_at,
            "duration_s": float(leg.talk_s),
            "retention_until_at": leg.ended_at + KEPT_DAYS * DAY_S,
            "deleted_at": None,
            "deletion_reason": None,
            "playable_checked_at": None,
            "is_playable": None,
            "record_updated_at": written_at,
        }
        yield Record("canonical.recording", written_at, row)
        if is_tried:
            tried_at = written_at + r.randint(DAY_S // 2, 3 * DAY_S)
            row = row | {"playable_checked_at": tried_at, "is_playable": r.random() < 0.995}
            yield Record("canonical.recording", tried_at, row | {"record_updated_at": tried_at})
        if is_deleted:
            deleted_at = written_at + r.randint(4 * DAY_S, 60 * DAY_S)
            row = row | {
                "deleted_at": deleted_at,
                "deletion_reason": r.choices(("error", "customer_request"), (0.7, 0.3))[0],
                "record_updated_at": deleted_at,
            }
            yield Record("canonical.recording", deleted_at, row)


def _compliance(case: Case, r: random.Random) -> Iterator[Record]:
    """The CRM notes each requirement; those of the agent depend on ability, the announcement on the menu alone."""
    contact = case.contact
    of_topic = REQUIREMENTS_OF_TOPIC.get(case.issue.parent_id, ()) if case.issue else ()
    forgets_usually = case.level("requirement_forgotten", 1.0) * 0.03
    for requirement_id in ("recording_announced", *of_topic):
        forgets = 0.001 if requirement_id == "recording_announced" else forgets_usually * (1.3 - case.ability)
        checked_at = contact.ended_at + 10
        yield Record(
            "canonical.compliance_record",
            checked_at,
            {
                "contact_id": contact.contact_id,
                "requirement_id": requirement_id,
                "is_present": r.random() >= forgets,
                "checked_at": checked_at,
            },
        )


def _audio(case: Case, r: random.Random) -> Iterator[Record]:
    """One measurement at the end of each conversation; on a bad line everything is worse together."""
    contact = case.contact
    is_bad = r.random() < case.rates.bad_line
    measured_at = 0
    for leg in contact.legs:
        measured_at = max(leg.ended_at, measured_at + 1)
        jitter_ms = r.lognormvariate(3.6 if is_bad else 1.9, 0.35)
        loss_rate = r.lognormvariate(-3.2 if is_bad else -6.5, 0.6)
        latency_ms = 60 + 2.0 * jitter_ms + r.lognormvariate(3.4, 0.5)
        mos = 4.38 - 9.0 * loss_rate - 0.016 * jitter_ms - 0.0006 * latency_ms + r.gauss(0, 0.04)
        yield Record(
            "canonical.audio_quality",
            max(measured_at, contact.ended_at),
            {
                "contact_id": contact.contact_id,
                "measured_at": measured_at,
                "line_id": contact.line_id,
                "agent_id": leg.agent_id,
                "mos": round(min(4.5, max(1.0, mos)), 2),
                "jitter_ms": round(jitter_ms, 1),
                "latency_ms": round(latency_ms, 1),
                "packet_loss_rate": round(min(1.0, loss_rate), 4),
                "is_noisy": r.random() < (0.3 if is_bad else 0.004),
            },
        )
