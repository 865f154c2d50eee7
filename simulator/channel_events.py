"""What Asterisk's channel event log says of a call that ended.

Belongs here: the events of a call's channels as cel_custom writes them with its sample mapping, among them transfers
that no queue log knows. Does not belong here: how the call went, files (`asterisk_files`).

Events of one second follow each other by a millisecond, so that their order is that of their time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.events import Contact, Visit
from simulator.exchange import CallRecord, Exchange

_MILLISECOND = 1000
# of a caller whom an agent handed on without a queue
ANSWERS_AFTER_S, TALKS_ON_S = 5, 90


class Party(NamedTuple):
    """One channel of a call."""

    channel: str
    unique_id: str
    number: str
    extension: str
    context: str


class Answer(NamedTuple):
    """An agent's channel in a queue call: it rang from `rang_at`."""

    channel: str
    unique_id: str
    agent_id: str
    rang_at: int


@dataclass(slots=True)
class Consultation:
    """An attended transfer: the agent's second channel and the channel of the one who takes over."""

    began_at: int
    answered_at: int
    channel: str
    unique_id: str
    target_channel: str
    target_unique_id: str
    extension: str


@dataclass(slots=True)
class _Sheet:
    """The lines of one call."""

    linked_id: str
    lines: list[tuple[int, str]] = field(default_factory=list)

    def add(self, at: int, event: str, party: Party, app: str = "", app_data: str = "", extra: str = "") -> None:
        micros = at * 1_000_000
        if self.lines and self.lines[-1][0] >= micros:
            micros = self.lines[-1][0] + _MILLISECOND
        self.lines.append(
            (
                micros,
                f'"{event}","{micros // 1_000_000}.{micros % 1_000_000:06d}","","{party.number}","{party.number}","",'
                f'"","{party.extension}","{party.context}","{party.channel}","{app}","{app_data}","3","",'
                f'"{party.unique_id}","{self.linked_id}","","","","{extra}"\n',
            )
        )

    def hang_up(self, at: int, party: Party) -> None:
        """The channel is over."""
        extra = f'{{""hangupcause"":16,""hangupsource"":""{party.channel}"",""dialstatus"":""""}}'
        self.add(at, "HANGUP", party, extra=extra)
        self.add(at, "CHAN_END", party)

    def bridge(self, at: int, event: str, bridge_id: str, *parties: Party) -> None:
        """Channels enter or leave a bridge."""
        extra = _json(bridge_id=bridge_id, bridge_technology="simple_bridge")
        for party in parties:
            self.add(at, event, party, extra=extra)


def _json(**members: str) -> str:
    """JSON whose quotes are doubled, as they stand within a quoted field."""
    return "{" + ",".join(f'""{name}"":""{text}""' for name, text in members.items()) + "}"


def _caller(contact: Contact, channel: str, did: str) -> Party:
    return Party(channel, contact.contact_id, contact.caller, did, "from-trunk")


def _begin(sheet: _Sheet, contact: Contact, caller: Party) -> None:
    sheet.add(contact.started_at, "CHAN_START", caller)
    if contact.answered_at is not None:
        sheet.add(contact.answered_at, "ANSWER", caller)


def _end(sheet: _Sheet, at: int, caller: Party) -> None:
    sheet.hang_up(at, caller)
    sheet.add(at, "LINKEDID_END", caller)


def log_without_agent(exchange: Exchange, contact: Contact, channel: str, did: str) -> None:
    """A call that ended before any queue."""
    if exchange.cel is None:
        return
    sheet, caller = _Sheet(contact.contact_id), _caller(contact, channel, did)
    _begin(sheet, contact, caller)
    _end(sheet, contact.ended_at, caller)
    exchange.cel.add_all(sheet.lines)


@dataclass(slots=True)
class DirectCall:
    """A call straight to an agent's extension; `handed_on_to` is where the agent sent the caller in the end."""

    contact: Contact
    record: CallRecord
    agent_unique_id: str
    handed_on_to: str | None

    def log(self, exchange: Exchange) -> None:
        """Write its channel events."""
        assert exchange.cel is not None
        contact = self.contact
        sheet, caller = _Sheet(contact.contact_id), _caller(contact, self.record.channel, self.record.dst)
        sheet.add(contact.started_at, "CHAN_START", caller)
        agent = Party(self.record.dst_channel, self.agent_unique_id, self.record.dst, "s", "from-internal")
        sheet.add(contact.started_at, "CHAN_START", agent)
        bridge_id = f"direct-{contact.contact_id}"
        if contact.answered_at is not None:
            sheet.add(contact.answered_at, "ANSWER", agent)
            sheet.add(contact.answered_at, "ANSWER", caller)
            sheet.bridge(contact.answered_at, "BRIDGE_ENTER", bridge_id, agent, caller)
        if self.handed_on_to is not None:
            sheet.add(contact.ended_at, "BLINDTRANSFER", agent, extra=_blind(self.handed_on_to, bridge_id, caller))
        if contact.answered_at is not None:
            sheet.bridge(contact.ended_at, "BRIDGE_EXIT", bridge_id, agent, caller)
        sheet.hang_up(contact.ended_at, agent)
        ended_at = contact.ended_at
        if self.handed_on_to is not None:
            sheet.bridge(ended_at + ANSWERS_AFTER_S, "BRIDGE_ENTER", f"{bridge_id}-2", caller)
            ended_at += TALKS_ON_S
            sheet.bridge(ended_at, "BRIDGE_EXIT", f"{bridge_id}-2", caller)
        _end(sheet, ended_at, caller)
        exchange.cel.add_all(sheet.lines)


def _blind(extension: str, bridge_id: str, transferee: Party) -> str:
    return _json(
        extension=extension,
        context="from-internal",
        bridge_id=bridge_id,
        transferee_channel_name=transferee.channel,
        transferee_channel_uniqueid=transferee.unique_id,
    )


def log_queue_call(
    exchange: Exchange,
    contact: Contact,
    channel: str,
    did: str,
    answers: list[Answer],
    extensions: dict[str, str],
    consultation: Consultation | None,
) -> None:
    """A call through queues; `answers` are those of its answered visits, `extensions` those of the queues."""
    if exchange.cel is None:
        return
    sheet, caller = _Sheet(contact.contact_id), _caller(contact, channel, did)
    _begin(sheet, contact, caller)
    answered = iter(zip(answers, contact.legs, strict=True))
    for number, visit in enumerate(contact.visits):
        sheet.add(visit.entered_at, "APP_START", caller, "Queue", f"{visit.queue_id},t")
        if visit.exit_kind != "answered":
            continue
        answer, leg = next(answered)
        agent = Party(answer.channel, answer.unique_id, answer.agent_id, "s", "from-queue")
        bridge_id = f"queue-{answer.unique_id}"
        sheet.add(answer.rang_at, "CHAN_START", agent)
        sheet.add(visit.left_at, "ANSWER", agent)
        sheet.bridge(visit.left_at, "BRIDGE_ENTER", bridge_id, agent, caller)
        following: Visit | None = contact.visits[number + 1] if number + 1 < len(contact.visits) else None
        if following is not None:
            extension = extensions[following.queue_id]
            sheet.add(leg.ended_at, "BLINDTRANSFER", agent, extra=_blind(extension, bridge_id, caller))
            sheet.bridge(leg.ended_at, "BRIDGE_EXIT", bridge_id, agent, caller)
            sheet.hang_up(leg.ended_at, agent)
            caller = caller._replace(extension=extension, context="from-internal")
        elif consultation is not None:
            _hand_over(sheet, caller, agent, bridge_id, consultation, leg.ended_at, contact.ended_at)
        else:
            sheet.bridge(leg.ended_at, "BRIDGE_EXIT", bridge_id, agent, caller)
            sheet.hang_up(leg.ended_at, agent)
    _end(sheet, contact.ended_at, caller)
    exchange.cel.add_all(sheet.lines)


def _hand_over(
    sheet: _Sheet, caller: Party, agent: Party, bridge_id: str, consultation: Consultation, at: int, ended_at: int
) -> None:
    """The agent has asked a colleague, and puts both together."""
    second = agent._replace(channel=consultation.channel, unique_id=consultation.unique_id, context="from-internal")
    target = Party(
        consultation.target_channel, consultation.target_unique_id, consultation.extension, "s", "from-internal"
    )
    second_bridge_id = f"consult-{consultation.unique_id}"
    sheet.add(consultation.began_at, "CHAN_START", second)
    sheet.add(consultation.began_at, "CHAN_START", target)
    sheet.add(consultation.answered_at, "ANSWER", target)
    sheet.bridge(consultation.answered_at, "BRIDGE_ENTER", second_bridge_id, second, target)
    extra = _json(
        bridge1_id=bridge_id,
        channel2_name=second.channel,
        channel2_uniqueid=second.unique_id,
        bridge2_id=second_bridge_id,
        transferee_channel_name=caller.channel,
        transferee_channel_uniqueid=caller.unique_id,
        transfer_target_channel_name=target.channel,
        transfer_target_channel_uniqueid=target.unique_id,
    )
    sheet.add(at, "ATTENDEDTRANSFER", agent, extra=extra)
    sheet.bridge(at, "BRIDGE_EXIT", bridge_id, agent)
    sheet.bridge(at, "BRIDGE_EXIT", second_bridge_id, second, target)
    sheet.hang_up(at, agent)
    sheet.hang_up(at, second)
    sheet.bridge(at, "BRIDGE_ENTER", bridge_id, target)
    sheet.bridge(ended_at, "BRIDGE_EXIT", bridge_id, caller, target)
    sheet.hang_up(ended_at, target)
