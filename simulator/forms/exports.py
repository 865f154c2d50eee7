"""Everything else, as files that systems export: which feed comes in which kind of file, and how often.

Belongs here: kinds and periods of files whose columns are called as the contracts call them. Does not belong here:
systems with words of their own (their modules), how a file is written (`files`).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.forms.files import Kind, Period
from simulator.forms.shapes import Shape, Style

_COLUMNS, _MEMBERS = Style(), Style(holder="members")


@dataclass(frozen=True, slots=True)
class Export:
    """One feed's files: `folder/beginning-<period>.<kind>`."""

    folder: str
    beginning: str
    kind: Kind
    period: Period = "day"
    style: Style = _COLUMNS

    def shape(self, feed: str) -> Shape:
        """The feed's own columns in this kind of file."""
        return Shape(feed, self.style)


_LARGE: Kind = "csv.gz"
EXPORTS = {
    "canonical.ivr_step": Export("telephony", "ivr_steps", _LARGE),
    "canonical.leg": Export("telephony", "legs", _LARGE),
    "canonical.queue_visit": Export("telephony", "queue_visits", _LARGE),
    "canonical.queue_offer": Export("telephony", "queue_offers", _LARGE),
    "canonical.transfer": Export("telephony", "transfers", "csv"),
    "canonical.recording": Export("telephony", "recordings", _LARGE),
    "canonical.audio_quality": Export("telephony", "audio_quality", _LARGE),
    "canonical.feed_heartbeat": Export("telephony", "capture_checks", "csv"),
    "canonical.chat_message": Export("chat", "messages", "jsonl.gz", style=_MEMBERS),
    "canonical.knowledge_use": Export("desktop", "uses", _LARGE),
    "canonical.agent_state": Export("chat", "agent_states", _LARGE),
    "canonical.compliance_record": Export("quality", "compliance", "csv"),
    "canonical.sentiment_alert": Export("quality", "sentiment_alerts", "jsonl", style=_MEMBERS),
    "canonical.complaint": Export("quality", "complaints", "jsonl", style=_MEMBERS),
    "canonical.api_call": Export("integration", "api_calls", _LARGE),
    "canonical.query_log": Export("audit", "queries", _LARGE),
    "canonical.shift": Export("workforce", "rosters", "csv", "week"),
    "canonical.action": Export("management", "actions", "csv", "month"),
    "canonical.calendar_event": Export("management", "calendar", "csv", "month"),
    "canonical.cost": Export("management", "costs", "csv", "month"),
}
