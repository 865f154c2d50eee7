"""The simulated centre: who calls, who works, and what happens between them, as a discrete-event simulation.

Belongs here: the putting together of a run, and the way of a call through menu, queues and transfers. Does not belong
here: who calls and when (`arrivals`, `who_comes`), the menu itself (`menu`), how queues work (`queueing`) and how long
callers stay (`patience`), how long agents talk (`conversation`) and what else they do (`staff`, `desk`, `floor`), chats
and mails (`digital`), what people want (`issues`), file formats, counting.

Time is whole epoch seconds. Every thing has a chance of its own (`records.chance`), so that a history is a function of
its settings, and a change in one place leaves the dice of all others as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from simulator.arrivals import Arrivals
from simulator.asterisk_files import CdrLog, CelLog, QueueLog, local_day
from simulator.callers import Callers, dialled
from simulator.channel_events import Answer, Consultation, log_queue_call, log_without_agent
from simulator.conversation import Call, Ending, choose_transfer, complete, talk_s
from simulator.crm import Crm
from simulator.customers import Population
from simulator.desk import Desk
from simulator.digital import Digital
from simulator.events import Contact, Disposition, ExitKind, Handover, History, Leg, Listener, Ring, Visit
from simulator.exchange import CallRecord, Exchange, local_hour
from simulator.floor import Floor
from simulator.issues import Intent, Skill, comes_back, settle, tries_again
from simulator.local_time import DAY_S
from simulator.menu import Menu
from simulator.patience import Patience
from simulator.queueing import Caller, Queueing, Server
from simulator.records import Record
from simulator.reinforcements import Reinforcements
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import (
    BACK_OFFICE,
    BLOCKED,
    BY_ID,
    DIRECT,
    FAILED,
    QUEUES,
    RING_NOT_ANSWERED,
    VERY_SHORT_TALK,
    Agent,
    QueueSetting,
    Setting,
    make_agents,
)
from simulator.staff import Staff
from simulator.who_comes import WhoComes

EXTENSIONS = {queue.queue_id: queue.extension for queue in QUEUES}
_FEWEST_S_OF_A_TRANSFERRED_TALK = 15


class Centre:
    """One run of the simulation. `run` fills `planted` and the logs, and tells the listener and the two callbacks.

    `on_contact` is called once for each finished contact of any medium, in the order in which they end; `on_record`
    for each record of the CRM, the menu, the chat system and the roster, in the order in which they are written;
    `listener` is told of calls, rings and stays of agents, of which `history` keeps the numbers. `effects` are asked
    for what scenarios change. `agents` are those of the roster and `brought_in`, whom a scenario has work beside it.
    """

    def __init__(
        self,
        setting: Setting,
        queue_log: QueueLog,
        cdr: CdrLog,
        cel: CelLog | None = None,
        on_contact: Callable[[Contact], None] | None = None,
        on_record: Callable[[Record], None] | None = None,
        effects: Effects = NO_EFFECTS,
        listener: Listener | None = None,
    ) -> None:
        self.setting = setting
        self._effects = effects
        self._listener = listener or History()
        exchange = self._exchange = Exchange(setting, queue_log, cdr, cel, on_contact, self._listener)
        self.history = exchange.history
        self.planted = exchange.planted
        self.agents = make_agents(setting.agents, setting.seed)
        self.population = Population.of(setting)
        self._callers = Callers(self.population)
        self._queueing = Queueing(exchange.clock, BY_ID, self)
        reinforcements = Reinforcements(setting, self.agents, effects, exchange.begins)
        self._staff = Staff(exchange, self.agents, self._queueing, reinforcements, effects)
        self.brought_in = reinforcements.agents
        self.agents = self._staff.agents
        self._floor = Floor(setting, exchange.clock, self._staff, effects)
        self._patience = Patience(setting.seed, effects)
        self._desk = Desk(exchange, self._staff, self._queueing, self._callers, self._ended, effects)
        self._crm = None if on_record is None else Crm(exchange, self.population, on_record)
        self._who_comes = WhoComes(setting.seed, effects)
        self._arrivals = Arrivals(exchange, self._callers, self._who_comes, effects, self._call)
        self._menu_ways = Menu(setting.seed, effects)
        self._digital = Digital(
            exchange, self._callers, self._who_comes, effects, self._crm, self._ended_digital, setting.agents
        )
        self.chat_agents = self._digital.agents
        self._skills = {agent.agent_id: Skill(agent.ability, agent.optimism) for agent in self.agents}
        self._skills |= {agent.agent_id: Skill(agent.ability, agent.optimism) for agent in self.chat_agents}

    # --- the run ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Simulate all days."""
        exchange = self._exchange
        if self._crm is not None:
            self._crm.begin(self._staff.planned, self._digital.planned)
        exchange.clock.at(exchange.begins, self._staff.begin_day, 0)
        exchange.clock.at(exchange.begins, self._floor.begin_day, 0)
        exchange.clock.at(exchange.begins, self._arrivals.begin_day, 0)
        exchange.clock.at(exchange.begins, self._digital.begin_day, 0)
        for day in range(1, self.setting.days):
            exchange.clock.at(exchange.begins + day * DAY_S, self._settle)
        exchange.clock.run()
        if self._crm is not None:
            self._crm.close()
        self._check_all_is_over()

    def _settle(self, at: int) -> None:
        self._listener.settle(at - DAY_S)  # nothing lasts longer than a day

    def _check_all_is_over(self) -> None:
        assert self._queueing.is_empty(), "calls wait after the last day"
        assert not any(agent.is_logged_in for agent in self.agents), "agents are logged in after the last day"
        assert self.history.latest_end < self._exchange.ends, "something goes on after the last day"

    # --- arrivals ---------------------------------------------------------------------------------------------------

    def _call(self, at: int, intent: Intent, r: Random) -> None:
        connected = self._effects.fixed("line_connected", at)
        blocked = BLOCKED if connected is None else 1 - connected - FAILED
        draw = r.random()
        if draw < blocked:
            self._refuse(at, intent, "CONGESTION", r)
        elif draw < blocked + FAILED:
            self._refuse(at, intent, "FAILED", r)
        elif draw < blocked + FAILED + DIRECT and 8 <= local_hour(at) < 21:
            self._desk.direct_call(at, intent, r)
        else:
            self._menu(at, intent, r)

    # --- the end of a contact ---------------------------------------------------------------------------------------

    def _ended(self, at: int, contact: Contact, intent: Intent | None, r: Random) -> None:
        """A call is over: say what became of the issue, record it, and see who comes back. Outbound has no intent."""
        if intent is not None:
            self._identify(contact, intent)
            if contact.legs:
                wait_s = sum(visit.wait_s for visit in contact.visits)
                settle(contact, intent, self._skills[contact.legs[-1].agent_id], wait_s, r, self._effects)
        self._exchange.finished(contact)
        if self._crm is not None:
            self._crm.call_ended(at, contact)
        if intent is not None and (intent.insists or not contact.is_self_served):
            self._see_who_comes_back(contact, intent, r)

    def _ended_digital(self, contact: Contact, intent: Intent, r: Random) -> None:
        agent_id = contact.last_agent_id
        self._identify(contact, intent)
        if agent_id is not None:
            wait_s = sum(visit.wait_s for visit in contact.visits)
            settle(contact, intent, self._skills[agent_id], wait_s, r, self._effects)
        self._exchange.finished(contact)
        if self._crm is not None:
            self._crm.digital_ended(contact)
        self._see_who_comes_back(contact, intent, r)

    @staticmethod
    def _identify(contact: Contact, intent: Intent) -> None:
        contact.repeat_of, contact.repeat_reason = intent.repeat_of, intent.repeat_reason
        if intent.person.is_known_by_number and intent.person.customer is not None:
            contact.customer_id = intent.person.customer.customer_id

    def _see_who_comes_back(self, contact: Contact, intent: Intent, r: Random) -> None:
        is_handled = contact.issue_id is not None
        back = comes_back(contact, intent, r, self._effects) if is_handled else tries_again(contact, intent, r)
        if back is None or back.at >= self._exchange.closing:
            return
        self._who_comes.plan_return(back)
        if back.medium == "voice":
            self._arrivals.plan_return(back, contact.contact_id)
        else:
            self._digital.come_again(back, contact.contact_id)

    # --- calls that reach no queue ----------------------------------------------------------------------------------

    def _refuse(self, at: int, intent: Intent, disposition: Disposition, r: Random) -> None:
        """No line, or a fault: the call never reached the menu."""
        did, entry = dialled(at, r, self._effects)
        person = intent.person
        contact = Contact(
            self._exchange.unique_id(at), "inbound", entry, person.shows, at, None, at + r.randint(0, 1), disposition,
            line_id=self._exchange.next_line(),
        )  # fmt: skip
        app = "Congestion" if disposition == "CONGESTION" else ""
        channel = self._exchange.channel(f"PJSIP/{contact.line_id}")
        record = CallRecord(person.shows, did, person.caller_id, channel, app=app)
        self._exchange.clock.at(contact.ended_at, self._end_without_queue, contact, record, intent, r)

    def _end_without_queue(self, at: int, contact: Contact, record: CallRecord, intent: Intent, r: Random) -> None:
        self._exchange.write(contact, record)
        log_without_agent(self._exchange, contact, record.channel, record.dst)
        self._ended(at, contact, intent, r)

    def _menu(self, at: int, intent: Intent, r: Random) -> None:
        """The telephone menu: some hang up in it, some need no agent, the others choose a queue."""
        exchange, person = self._exchange, intent.person
        did, entry = dialled(at, r, self._effects)
        answered = at + (r.random() < 0.3)
        contact = Contact(
            exchange.unique_id(at), "inbound", entry, person.shows, at, answered, at, "ANSWERED",
            line_id=exchange.next_line(),
        )  # fmt: skip
        way = self._menu_ways.walk(answered, intent.issue, person.tier(at), contact.contact_id, r)
        contact.steps = way.steps
        left_at = way.steps[-1].left_at
        channel = exchange.channel(f"PJSIP/{contact.line_id}")
        if way.queue_id is not None:
            call = Call(
                call_id=contact.contact_id, queue_id=way.queue_id, random=r,
                contact=contact, intent=intent, did=did, channel=channel,
            )  # fmt: skip
            exchange.clock.at(left_at, self._queueing.enter, call)
            return
        contact.ended_at = left_at
        contact.is_self_served = way.end == "done"
        app, told = {
            "closed": ("Playback", "custom/closed"),
            "done": ("Playback", f"custom/{way.steps[-1].node_id}"),
            "hangup": ("BackGround", f"custom/{way.steps[-1].node_id}"),
        }[way.end]
        self.planted[f"menu_{way.end}"] += 1
        record = CallRecord(person.shows, did, person.caller_id, channel, app=app, app_data=told)
        exchange.clock.at(left_at, self._end_without_queue, contact, record, intent, r)

    # --- what queues ask and tell -----------------------------------------------------------------------------------

    def patience(self, at: int, caller: Caller) -> tuple[int, ExitKind]:
        """How long the caller stays, who may have waited in another queue before."""
        assert isinstance(caller, Call)
        visits = caller.contact.visits
        is_sent_on = bool(visits) and visits[-1].exit_kind != "answered"
        return self._patience.of(at, caller, at - visits[0].entered_at if is_sent_on else 0)

    def ring(self, caller: Caller, server: Server) -> tuple[int, bool]:
        """How long the agent's telephone rings."""
        r = caller.random
        if r.random() < self._effects.level("ring_missed", RING_NOT_ANSWERED, caller.entered_at):
            return (15 if caller.queue_id == "support" else 12), False
        slowness = self._effects.factor("ring_slow", caller.entered_at)
        return 2 + min(int(r.expovariate(1 / 2.2) * slowness), 9), True

    def entered(self, at: int, caller: Caller) -> None:
        """Log the entry."""
        assert isinstance(caller, Call)
        log, contact = self._exchange.log, caller.contact
        if caller.stay == 1:
            log.add(at, contact.contact_id, caller.queue_id, "NONE", "DID", caller.did)
        log.add(at, contact.contact_id, caller.queue_id, "NONE", "ENTERQUEUE", f"|{contact.caller}|{caller.position}")
        self._floor.entered(at, caller)

    def left(self, at: int, caller: Caller, kind: ExitKind, position: int) -> None:
        """The caller has given up, or the queue has: another queue, a voice mail, an announcement."""
        assert isinstance(caller, Call)
        contact, queue, r = caller.contact, caller.queue, caller.random
        event, data = {
            "abandoned": ("ABANDON", ""),
            "timeout": ("EXITWITHTIMEOUT", ""),
            "exit_key": ("EXITWITHKEY", "1|"),
            "empty": ("EXITEMPTY", ""),
        }[kind]
        data = f"{data}{position}|{caller.position}|{at - caller.entered_at}"
        self._exchange.log.add(at, contact.contact_id, queue.queue_id, "NONE", event, data)
        contact.visits.append(Visit(queue.queue_id, caller.entered_at, at, kind))
        if kind == "abandoned":
            self._finish(at, caller)
        elif kind == "timeout" and queue.overflow_to and r.random() < 0.5:
            self.planted["overflows"] += 1
            caller.queue_id = queue.overflow_to
            contact.handovers.append(
                Handover("overflow", "overflow", at, None, to_queue_id=caller.queue_id, is_completed=False)
            )
            self._exchange.clock.at(at + 1, self._queueing.enter, caller)
        else:
            self._exchange.clock.at(at + r.randint(3, 40), self._finish, caller)

    def rang_out(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """Log the attempt; the agent is offered nothing for some seconds."""
        assert isinstance(caller, Call) and isinstance(server, Agent)
        self._exchange.log.add(
            at, caller.call_id, caller.queue_id, server.log_name, "RINGNOANSWER", str((at - since) * 1000)
        )
        self.history.rings.append(Ring(server.agent_id, caller.queue_id, since, at, False))
        self._exchange.clock.at(at + 5, self._staff.free, server)

    def released(self, at: int, server: Server) -> None:
        """The log is silent on an attempt that the caller ended."""
        assert isinstance(server, Agent)
        self._staff.free(at, server)

    def connected(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """The conversation begins, and with it its end is known."""
        assert isinstance(caller, Call) and isinstance(server, Agent)
        exchange, contact, r = self._exchange, caller.contact, caller.random
        self._floor.answered(at, caller)
        unique_id = exchange.unique_id(since)
        caller.answers.append(Answer(exchange.channel(server.peer), unique_id, server.agent_id, since))
        data = f"{at - caller.entered_at}|{unique_id}|{at - since}"
        exchange.log.add(at, contact.contact_id, caller.queue_id, server.log_name, "CONNECT", data)
        contact.visits.append(Visit(caller.queue_id, caller.entered_at, at, "answered", server.agent_id))
        self.history.rings.append(Ring(server.agent_id, caller.queue_id, since, at, True))
        if contact.handovers and not contact.handovers[-1].is_completed:
            complete(contact.handovers[-1], r)

        issue = caller.intent.issue
        planted_s = self._effects.fixed("talk_s", at, issue_id=issue.issue_id, agent=server.agent_id)
        very_short = self._effects.level("very_short_talk", VERY_SHORT_TALK, at)
        hurry = self._staff.workload.talk_factor(server)
        seconds = talk_s(caller.queue, issue, r, planted_s, hurry, very_short)
        ending = Ending("COMPLETECALLER" if r.random() < 0.62 else "COMPLETEAGENT")
        by_ability = self._effects.fixed("transferred", at, issue_id=issue.issue_id, agent=server.agent_id)
        # who hands over most of what is difficult does so at once
        if at < exchange.closing and caller.stay < 3 and (seconds > 20 or by_ability is not None):
            ending = choose_transfer(at, caller, server, r, self._effects) or ending
        if ending.event == "BLINDTRANSFER":
            seconds = max(_FEWEST_S_OF_A_TRANSFERRED_TALK, seconds // 2)
        ends = min(at + seconds, max(exchange.last_word, at + 1))
        exchange.clock.at(ends, self._end_talk, caller, server, at, ending)

    # --- conversations and transfers --------------------------------------------------------------------------------

    def _end_talk(self, at: int, call: Call, agent: Agent, since: int, ending: Ending) -> None:
        exchange, contact, queue, r = self._exchange, call.contact, call.queue, call.random
        contact.legs.append(Leg(agent.agent_id, "queue", queue.queue_id, since, at))
        data = f"{since - call.entered_at}|{at - since}|{call.position}"
        if ending.target is not None:
            data = f"{ending.target.extension}|from-internal|{data}"
        elif ending.event == "ATTENDEDTRANSFER":
            data = f"BRIDGE|{r.getrandbits(64):016x}|{data}"
        exchange.log.add(at, contact.contact_id, queue.queue_id, agent.log_name, ending.event, data)
        if ending.target is not None:
            self._hand_on(at, call, agent, ending, ending.target)
        elif ending.event == "ATTENDEDTRANSFER":
            self._hand_over(at, call, agent, ending, since)
        else:
            self._finish(at, call)
        self._staff.end_talk(at, agent, queue.acw_mean_s, r)

    def _hand_on(self, at: int, call: Call, agent: Agent, ending: Ending, target: QueueSetting) -> None:
        """A blind transfer to a queue."""
        assert ending.reason is not None
        self.planted["blind_transfers"] += 1
        call.blind_at = at
        call.blind_unique_id = self._exchange.unique_id(at)
        call.queue_id = target.queue_id
        call.contact.handovers.append(
            Handover("blind", ending.reason, at, agent.agent_id, to_queue_id=target.queue_id, is_completed=False)
        )
        self._exchange.clock.at(at + call.random.randint(0, 1), self._queueing.enter, call)

    def _hand_over(self, at: int, call: Call, agent: Agent, ending: Ending, since: int) -> None:
        """An attended transfer to the back office, which talks on with the caller."""
        assert ending.reason is not None
        exchange, r = self._exchange, call.random
        self.planted["attended_transfers"] += 1
        consult_s = min(at - since, r.randint(5, 25))
        began_at, extension = at - consult_s, r.choice(BACK_OFFICE)
        call.consultation = Consultation(
            began_at,
            began_at + min(consult_s, 3),
            exchange.channel(agent.peer),
            exchange.unique_id(began_at),
            exchange.channel(f"PJSIP/{extension}"),
            exchange.unique_id(began_at),
            extension,
        )
        handover = Handover("attended", ending.reason, at, agent.agent_id)
        complete(handover, r)
        call.contact.handovers.append(handover)
        exchange.clock.at(at + r.randint(20, 400), self._finish, call)

    # --- the end of a queue call ------------------------------------------------------------------------------------

    def _finish(self, at: int, call: Call) -> None:
        contact, exchange = call.contact, self._exchange
        contact.ended_at = at
        if local_day(contact.started_at) != local_day(at):
            self.planted["calls_across_midnight"] += 1
        first = BY_ID[contact.visits[0].queue_id]
        person = call.intent.person
        agent_channel = call.answers[0].channel if call.answers else ""
        told = f"{first.queue_id},t,,,{first.timeout_s}"
        record = CallRecord(
            person.shows, call.did, person.caller_id, call.channel, agent_channel, "from-trunk", "Queue", told
        )
        exchange.write(contact, record)
        self._write_transfers(at, call)
        log_queue_call(exchange, contact, call.channel, call.did, call.answers, EXTENSIONS, call.consultation)
        self._ended(at, contact, call.intent, call.random)

    def _write_transfers(self, at: int, call: Call) -> None:
        """Records of the legs that transfers made; they belong to the call by their linked id."""
        contact, consultation = call.contact, call.consultation
        if call.blind_at is not None:
            queue, last = call.queue, contact.legs[-1]
            answered_at = last.started_at if last.started_at >= call.blind_at else None
            self._write_leg(
                contact, call, contact.caller, queue.extension, call.channel,
                "" if answered_at is None else call.answers[-1].channel, "Queue",
                f"{queue.queue_id},t,,,{queue.timeout_s}", call.blind_at, answered_at, at, call.blind_unique_id,
            )  # fmt: skip
        if consultation is not None:
            self._write_leg(
                contact, call, contact.legs[-1].agent_id, consultation.extension, consultation.channel,
                consultation.target_channel, "Dial", f"PJSIP/{consultation.extension},20,tT",
                consultation.began_at, consultation.answered_at, at, consultation.unique_id,
            )  # fmt: skip

    def _write_leg(
        self,
        contact: Contact,
        call: Call,
        src: str,
        dst: str,
        channel: str,
        dst_channel: str,
        app: str,
        app_data: str,
        start: int,
        answer: int | None,
        end: int,
        unique_id: str,
    ) -> None:
        self.planted["transfer_leg_records"] += 1
        self._exchange.cdr.add(
            src=src,
            dst=dst,
            context="from-internal",
            clid=call.intent.person.caller_id,
            channel=channel,
            dst_channel=dst_channel,
            app=app,
            app_data=app_data,
            start=start,
            answer=answer,
            end=end,
            disposition="NO ANSWER" if answer is None else "ANSWERED",
            unique_id=unique_id,
            linked_id=contact.contact_id,
        )
