"""What happened in the simulated centre, as plain records: the only thing that `truth` sees.

Belongs here: records of facts (a call, a visit to a queue, a ring, a conversation, a log-in, a pause) and the rules of
the centre that a recount needs. Does not belong here: how a fact is decided (`centre`), written to a file
(`asterisk_files`) or counted (`truth`).

All instants are whole epoch seconds, all intervals half-open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["inbound", "outbound"]
ExitKind = Literal["answered", "abandoned", "timeout", "exit_key", "empty"]
LegKind = Literal["queue", "outbound", "direct"]
Disposition = Literal["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"]


@dataclass(slots=True)
class Visit:
    """One stay of a call in one queue, from entry to answer or exit. `agent_id` is set when it was answered."""

    queue_id: str
    entered_at: int
    left_at: int
    exit_kind: ExitKind
    agent_id: str | None = None

    @property
    def wait_s(self) -> int:
        """Whole seconds in the queue; ringing is part of them."""
        return self.left_at - self.entered_at


@dataclass(slots=True)
class Leg:
    """One agent in conversation on one contact; `queue_id` is the queue it was answered from, None without one."""

    agent_id: str
    kind: LegKind
    queue_id: str | None
    started_at: int
    ended_at: int

    @property
    def talk_s(self) -> int:
        """Whole seconds of conversation."""
        return self.ended_at - self.started_at


@dataclass(slots=True)
class Contact:
    """One inbound call or one outbound attempt.

    `answered_at` is when the system (the menu) or the called party answered; None if that never happened.
    `disposition` is what the telephone system says of the caller's channel.
    """

    contact_id: str
    direction: Direction
    channel: str
    caller: str
    started_at: int
    answered_at: int | None
    ended_at: int
    disposition: Disposition
    visits: list[Visit] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)


@dataclass(slots=True)
class Ring:
    """One ring attempt of a queue at an agent's telephone that the log shows, until it was answered or given up."""

    agent_id: str
    queue_id: str
    started_at: int
    ended_at: int
    answered: bool


@dataclass(slots=True)
class Presence:
    """One stay of an agent: logged in (`reason` None), or paused with a reason while logged in."""

    agent_id: str
    reason: str | None
    started_at: int
    ended_at: int


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a recount must know of a queue; seconds."""

    sl_target_s: int = 20
    short_abandon_s: int = 5
    anomalous_long_s: int | None = None


@dataclass(frozen=True, slots=True)
class CentreRules:
    """What a recount must know of the centre. The zone has no daylight saving, so one offset says it all."""

    queues: dict[str, QueueRules]
    sl_target_s: int = 20
    short_abandon_s: int = 5
    invalid_call_s: int = 5
    anomalous_short_s: int = 5
    utc_offset_s: int = 8 * 3600
    acw_reasons: tuple[str, ...] = ("acw", "wrapup", "话后处理")
    acw_grace_s: int = 5
    busy_prefixes: tuple[str, ...] = ("busy", "示忙", "ticket", "工单", "meeting", "training", "outbound")
    agent_day_s: int = 3600
    fte_day_s: int = 28800


@dataclass(slots=True)
class History:
    """All that happened, in the order in which it ended."""

    contacts: list[Contact] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
