"""Calls that no queue sees: calls straight to an agent, calls that agents make, calls inside the house.

Belongs here: how they go and what the CDR says of them. Does not belong here: calls through queues (`centre`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from simulator.callers import Callers
from simulator.channel_events import ANSWERS_AFTER_S, TALKS_ON_S, DirectCall
from simulator.customers import Tier
from simulator.events import Contact, Handover, Leg
from simulator.exchange import CallRecord, Exchange
from simulator.issues import Intent
from simulator.queueing import Queueing
from simulator.scenarios.effects import Effects
from simulator.setting import BACK_OFFICE, Agent
from simulator.staff import Staff

DIRECT_HANDED_ON, DIRECT_TALK_S = 0.15, 88.0
OUTBOUND_REACHED = 0.60
CAMPAIGN_OF_TIER: dict[Tier, str] = {"new": "welcome", "regular": "renewal", "vip": "care"}


class Desk:
    """What agents do on the telephone beside the queues."""

    def __init__(
        self,
        exchange: Exchange,
        staff: Staff,
        queueing: Queueing,
        callers: Callers,
        on_ended: Callable[[int, Contact, Intent | None, Random], None],
        effects: Effects,
    ) -> None:
        self._exchange = exchange
        self._clock = exchange.clock
        self._staff = staff
        self._queueing = queueing
        self._callers = callers
        self._on_ended = on_ended
        self._effects = effects
        staff.on_outbound = self.begin_dialling
        staff.on_break = self.call_inside

    # --- calls straight to an agent ---------------------------------------------------------------------------------

    def direct_call(self, at: int, intent: Intent, r: Random) -> None:
        """A call to an agent's own extension: answered by one who is ready."""
        agents = self._staff.agents
        agent = r.choice(agents)
        if not agent.is_ready:
            agent = r.choice(agents)
        exchange = self._exchange
        line_id = exchange.next_line()
        channel, dst_channel = exchange.channel(f"PJSIP/{line_id}"), exchange.channel(agent.peer)
        person = intent.person
        contact = Contact(
            exchange.unique_id(at), "inbound", "voice_unknown", person.shows, at, None, at + 20, "NO ANSWER",
            line_id=line_id,
        )  # fmt: skip
        handed_on_to = None
        if agent.is_ready and r.random() < 0.9:
            self._queueing.withdraw(agent)
            contact.answered_at = at + r.randint(2, 9)
            contact.disposition = "ANSWERED"
            mean_s = self._effects.level(
                "talk_s", DIRECT_TALK_S, at, issue_id=intent.issue.issue_id, agent=agent.agent_id
            )
            seconds = r.randint(1, 6) if r.random() < 0.02 else 8 + min(int(r.expovariate(1 / (mean_s - 8))), 900)
            contact.ended_at = contact.answered_at + seconds
            contact.legs.append(Leg(agent.agent_id, "direct", None, contact.answered_at, contact.ended_at))
            exchange.planted["direct_calls_answered"] += 1
            self._staff.workload.talked()
            if r.random() < DIRECT_HANDED_ON:
                handed_on_to = self._hand_on(contact, agent, r)
            self._clock.at(contact.ended_at, self._staff.free, agent)
        else:
            exchange.planted["direct_calls_not_answered"] += 1
        record = CallRecord(
            person.shows, agent.agent_id, person.caller_id, channel, dst_channel, "from-trunk", "Dial",
            f"{agent.peer},20,tT",
        )  # fmt: skip
        call = DirectCall(contact, record, exchange.unique_id(at), handed_on_to)
        self._clock.at(contact.ended_at, self._end_direct, call, intent, r)

    def _hand_on(self, contact: Contact, agent: Agent, r: Random) -> str:
        """The agent hands the caller on; as no queue is involved, only the channel events tell it."""
        colleague = r.choice(BACK_OFFICE)
        self._exchange.planted["transfers_without_queue"] += 1
        contact.handovers.append(Handover("blind", "department", contact.ended_at, agent.agent_id, is_restated=True))
        return colleague

    def _end_direct(self, at: int, call: DirectCall, intent: Intent, r: Random) -> None:
        self._exchange.write(call.contact, call.record)
        if self._exchange.cel is not None:
            call.log(self._exchange)
        if call.handed_on_to is not None:
            self._clock.at(at + TALKS_ON_S, self._write_leg, call, call.handed_on_to, at)
        self._on_ended(at, call.contact, intent, r)

    def _write_leg(self, at: int, call: DirectCall, colleague: str, handed_on_at: int) -> None:
        """The record of the leg that the hand-over made; its linked id is the call's."""
        record, exchange = call.record, self._exchange
        exchange.planted["transfer_leg_records"] += 1
        exchange.cdr.add(
            src=record.src,
            dst=colleague,
            context="from-internal",
            clid=record.clid,
            channel=record.channel,
            dst_channel=exchange.channel(f"PJSIP/{colleague}"),
            app="Dial",
            app_data=f"PJSIP/{colleague},20,tT",
            start=handed_on_at,
            answer=handed_on_at + ANSWERS_AFTER_S,
            end=at,
            disposition="ANSWERED",
            unique_id=exchange.unique_id(handed_on_at),
            linked_id=call.contact.contact_id,
        )

    # --- outbound ---------------------------------------------------------------------------------------------------

    def begin_dialling(self, at: int, agent: Agent) -> None:
        """An agent who is paused for it calls one to three customers."""
        n = agent.random.choice((1, 2, 2, 3))
        self._clock.at(at + agent.random.randint(4, 20), self._dial, agent, n)

    def _dial(self, at: int, agent: Agent, calls_left: int) -> None:
        r = agent.random
        customer = self._callers.customer(at, r)
        exchange = self._exchange
        contact = Contact(
            exchange.unique_id(at), "outbound", "voice_outbound", customer.number, at, None, at, "ANSWERED",
            customer_id=customer.customer_id, line_id=exchange.next_line(),
            campaign_id=CAMPAIGN_OF_TIER[customer.tier(at)],
        )  # fmt: skip
        reached = self._effects.level("outbound_reached", OUTBOUND_REACHED, at)
        chance = r.random()
        if chance < reached:
            contact.answered_at = at + r.randint(4, 24)
            seconds = r.randint(1, 7) if r.random() < 0.03 else 8 + min(int(r.lognormvariate(0.0, 0.8) * 60), 900)
            contact.ended_at = contact.answered_at + seconds
            contact.legs.append(Leg(agent.agent_id, "outbound", None, contact.answered_at, contact.ended_at))
            self._staff.workload.talked()
        elif chance < reached + 0.70 * (1 - reached):
            contact.disposition, contact.ended_at = "NO ANSWER", at + r.randint(18, 45)
        elif chance < reached + 0.90 * (1 - reached):
            contact.disposition, contact.ended_at = "BUSY", at + r.randint(2, 8)
        else:
            contact.disposition, contact.ended_at = "FAILED", at + r.randint(0, 2)
        record = CallRecord(
            agent.agent_id, customer.number, f'"{agent.agent_id}" <{agent.agent_id}>', exchange.channel(agent.peer),
            exchange.channel(f"PJSIP/{contact.line_id}"), "from-internal", "Dial",
            f"PJSIP/{customer.number}@{contact.line_id},60,T",
        )  # fmt: skip
        self._clock.at(contact.ended_at, self._end_outbound, contact, record, agent, calls_left - 1)

    def _end_outbound(self, at: int, contact: Contact, record: CallRecord, agent: Agent, calls_left: int) -> None:
        self._exchange.write(contact, record)
        self._on_ended(at, contact, None, agent.random)
        r = agent.random
        goes_on = calls_left > 0 and at < self._exchange.closing
        if contact.legs and r.random() < 0.7:
            self._staff.pause(at, agent, agent.acw_reason)
            seconds = 6 + min(int(r.expovariate(1 / 25)), 200)
            if goes_on:
                self._clock.at(at + seconds, self._dial_again, agent, calls_left)
            else:
                self._clock.at(at + seconds, self._staff.unpause, agent)
        elif goes_on:
            self._clock.at(at + r.randint(4, 20), self._dial, agent, calls_left)
        else:
            self._clock.at(at + r.randint(1, 5), self._staff.unpause, agent)

    def _dial_again(self, at: int, agent: Agent, calls_left: int) -> None:
        self._staff.pause(at, agent, "outbound")
        self._clock.at(at + agent.random.randint(4, 20), self._dial, agent, calls_left)

    # --- inside the house -------------------------------------------------------------------------------------------

    def call_inside(self, at: int, agent: Agent) -> None:
        """A call inside the house: in the CDR, in no KPI. The agent makes it in a break."""
        r = agent.random
        colleague = r.choice(BACK_OFFICE)
        caller = agent.agent_id if r.random() < 0.5 else r.choice(BACK_OFFICE[:2])
        ended_at = at + 3 + r.randint(10, 120)
        self._exchange.planted["internal_calls"] += 1
        self._clock.at(ended_at, self._end_inside, caller, colleague, at)

    def _end_inside(self, at: int, caller: str, colleague: str, started_at: int) -> None:
        exchange = self._exchange
        exchange.cdr.add(
            src=caller,
            dst=colleague,
            context="from-internal",
            clid=f'"{caller}" <{caller}>',
            channel=exchange.channel(f"PJSIP/{caller}"),
            dst_channel=exchange.channel(f"PJSIP/{colleague}"),
            app="Dial",
            app_data=f"PJSIP/{colleague},20,tT",
            start=started_at,
            answer=started_at + 3,
            end=at,
            disposition="ANSWERED",
            unique_id=exchange.unique_id(started_at),
        )
