"""What happened in the simulated centre, as plain records: the only thing that `truth` sees.

Belongs here: records of facts (a call, a visit to a queue, a ring, a conversation, a log-in, a pause) and the rules of
the centre that a recount needs. Does not belong here: how a fact is decided (`centre`), written to a file
(`asterisk_files`) or counted (`truth`).

All instants are whole epoch seconds, all intervals half-open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

Direction = Literal["inbound", "outbound"]
ExitKind = Literal["answered", "abandoned", "timeout", "exit_key", "empty"]
LegKind = Literal["queue", "outbound", "direct"]
Disposition = Literal["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"]
Medium = Literal["voice", "im", "email"]
StepEnd = Literal["next_node", "agent", "hangup", "self_service_done", "timeout", "invalid_key"]
HandoverKind = Literal["blind", "attended", "overflow"]
HandoverReason = Literal["ability", "department", "customer_request", "overflow", "other"]
Sender = Literal["customer", "agent", "bot"]


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
class Step:
    """One stay of a caller at a node of the menu."""

    node_id: str
    entered_at: int
    left_at: int
    ended: StepEnd
    key: str | None = None
    target_id: str | None = None  # the node that the key leads to


@dataclass(slots=True)
class Handover:
    """One transfer of a contact to a queue, an agent or somebody outside."""

    kind: HandoverKind
    reason: HandoverReason
    at: int
    from_agent_id: str | None
    to_agent_id: str | None = None
    to_queue_id: str | None = None
    is_external: bool = False
    is_completed: bool = True
    is_restated: bool | None = None  # whether the customer had to tell it all again; None: not told


@dataclass(slots=True)
class Message:
    """One message of a chat or a mail thread."""

    sender: Sender
    at: int
    agent_id: str | None = None
    is_quick_reply: bool = False


@dataclass(slots=True)
class Contact:
    """One inbound call, one outbound attempt, one chat or one mail thread.

    `answered_at` is when the system (the menu) or the called party answered; None if that never happened.
    `disposition` is what the telephone system says of the caller's channel. A chat waits in a visit to the queue of
    chats and has messages in place of legs; a mail thread has messages only. Of a customer whom the company does not
    know there is no `customer_id`, of a contact that nobody handled no `issue_id`, `is_solved` or `is_declared_solved`.
    `line_id` is the trunk of a call, `campaign_id` what an outbound attempt is for.
    `repeat_of` is the earlier contact that did not solve the issue, in truth and whatever its agent declared.
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
    medium: Medium = "voice"
    customer_id: str | None = None
    issue_id: str | None = None
    is_solved: bool | None = None
    is_declared_solved: bool | None = None
    repeat_of: str | None = None
    repeat_reason: str | None = None
    is_self_served: bool = False
    steps: list[Step] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    line_id: str | None = None
    campaign_id: str | None = None

    @property
    def last_agent_id(self) -> str | None:
        """The agent of its last conversation, or of the last answer in a chat."""
        if self.legs:
            return self.legs[-1].agent_id
        return next((message.agent_id for message in reversed(self.messages) if message.agent_id), None)


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


class Listener(Protocol):
    """Is told what the telephone brings, in the order in which it ends."""

    def add_contact(self, contact: Contact) -> None:
        """A call is over."""

    def add_ring(self, ring: Ring) -> None:
        """A ring attempt is over."""

    def add_presence(self, presence: Presence) -> None:
        """An agent's stay is over."""

    def settle(self, until: int) -> None:
        """All that began before an instant, a local midnight, has been told."""


@dataclass(slots=True)
class History:
    """All calls, rings and stays that happened, in the order in which they ended: a listener that forgets nothing."""

    contacts: list[Contact] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)

    def add_contact(self, contact: Contact) -> None:
        """Keep a call."""
        self.contacts.append(contact)

    def add_ring(self, ring: Ring) -> None:
        """Keep a ring attempt."""
        self.rings.append(ring)

    def add_presence(self, presence: Presence) -> None:
        """Keep a stay."""
        self.presences.append(presence)

    def settle(self, until: int) -> None:
        """Nothing is settled here."""
