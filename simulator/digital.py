"""Chats and mail threads: who writes, who answers, and how long that takes.

Belongs here: the chat desk with its agents, who have several conversations at once, and the mail desk. Does not belong
here: what people want and whether it is solved (`issues`), what the chat system records of it (`crm`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from simulator.arrivals import new_contacts
from simulator.callers import Callers, Person
from simulator.crm import Crm
from simulator.events import Contact, Medium, Message, Visit
from simulator.exchange import Exchange, local_hour, local_midnight
from simulator.issues import Intent, Return
from simulator.local_time import DAY_S
from simulator.records import chance
from simulator.scenarios.effects import Effects
from simulator.setting import (
    CHAT_BY_HOUR,
    CHAT_CLOSES,
    CHAT_OPENS,
    CHAT_QUEUE_ID,
    CHAT_SHIFTS,
    CHAT_SLOTS,
    CHATS_PER_CALL,
    HOUR,
    MAIL_BY_HOUR,
    MAIL_CLOSES,
    MAIL_OPENS,
    MAILS_PER_CALL,
    PlannedShift,
)
from simulator.who_comes import WhoComes
from simulator.workload import is_with_the_centre

IN_APP = 0.62
PATIENCE_LEAST_S, PATIENCE_MEAN_S, PATIENCE_MOST_S = 20, 150, 900
TURNS_MEAN, TURNS_MOST = 2.6, 10
REPLY_S, REPLY_SIGMA, REPLY_PER_OTHER_CHAT = 12.0, 0.55, 0.45
QUICK_REPLY, QUICK_REPLY_FACTOR = 0.42, 0.6
THINKS_LEAST_S, THINKS_MEAN_S = 5, 34
SAYS_MORE = 0.2
USUAL_CHAT_S, USUAL_LOAD = 280, 0.62
MAIL_REPLY_MEAN_S, MAIL_REPLY_MOST_S, MAIL_THINKS_MEAN_S = 2.2 * HOUR, 6 * HOUR, 2.0 * HOUR
MAIL_GOES_ON, MAIL_MOST_TURNS = 0.4, 4
LONGEST_THREAD_S = 23 * HOUR


@dataclass(slots=True)
class ChatAgent:
    """An agent of the chat and mail desk: what is fixed, then what the simulation knows at the moment."""

    agent_id: str
    team: str
    shift: tuple[float, float]
    days_off: tuple[int, int]
    ability: float
    optimism: float

    load: int = 0
    is_on: bool = False
    leaves: bool = False
    break_s: int = 0  # wanted, as soon as no customer is left
    state: str = "offline"
    since: int = 0


@dataclass(slots=True)
class Chat:
    """A chat on its way."""

    contact: Contact
    intent: Intent
    random: Random
    turns_left: int
    entered_at: int = 0
    agent: ChatAgent | None = None


def make_chat_agents(calls_per_day: int, seed: int) -> list[ChatAgent]:
    """As many as the evening peak needs, and the day; each has two days off a week."""
    peak = calls_per_day * CHATS_PER_CALL * max(CHAT_BY_HOUR) / sum(CHAT_BY_HOUR) * USUAL_CHAT_S / HOUR
    agents: list[ChatAgent] = []
    for shift, share in CHAT_SHIFTS:
        for i in range(max(2, 1 + math.ceil(peak * share / CHAT_SLOTS / USUAL_LOAD * 7 / 5))):
            agent_id = str(20001 + len(agents))
            r = chance(seed, "agent", agent_id)
            days_off = (i % 7, (i + 3) % 7)
            agents.append(ChatAgent(agent_id, "chat", shift, days_off, r.gauss(0, 1), r.gauss(0, 1)))
    return agents


@dataclass(slots=True)
class _Loads:
    """Agents who take chats, by the number that they have; of equals the one who has had it longest comes first."""

    by_load: list[dict[str, ChatAgent]] = field(default_factory=lambda: [{} for _ in range(CHAT_SLOTS)])

    def put(self, agent: ChatAgent) -> None:
        if agent.load < CHAT_SLOTS:
            self.by_load[agent.load][agent.agent_id] = agent

    def take_out(self, agent: ChatAgent) -> None:
        for agents in self.by_load:
            agents.pop(agent.agent_id, None)

    def least(self) -> ChatAgent | None:
        return next((next(iter(agents.values())) for agents in self.by_load if agents), None)


class Digital:
    """The desk for everything written."""

    def __init__(
        self,
        exchange: Exchange,
        callers: Callers,
        who_comes: WhoComes,
        effects: Effects,
        crm: Crm | None,
        on_ended: Callable[[Contact, Intent, Random], None],
        telephone_agents: int,
    ) -> None:
        self.agents = make_chat_agents(exchange.setting.calls_per_day, exchange.setting.seed)
        self._exchange = exchange
        self._clock = exchange.clock
        self._callers = callers
        self._who_comes = who_comes
        self._effects = effects
        self._crm = crm
        self._on_ended = on_ended
        self._first_number = telephone_agents
        self._loads = _Loads()
        self._waiting: dict[str, Chat] = {}
        self._chats = 0
        self._threads = 0

    # --- days -------------------------------------------------------------------------------------------------------

    def planned(self, day: int) -> Iterator[PlannedShift]:
        """The shifts of a day of the simulation, as planned."""
        midnight = self._exchange.begins + day * DAY_S
        weekday = self._exchange.weekday(midnight)
        for number, agent in enumerate(self.agents, self._first_number):
            if weekday not in agent.days_off and is_with_the_centre(number, self._effects, midnight):
                begins, ends = (midnight + int(hour * HOUR) for hour in agent.shift)
                yield PlannedShift(agent.agent_id, day, begins, ends)

    def begin_day(self, at: int, day: int) -> None:
        """Plan the shifts and the new chats and mails of a day."""
        setting, closing = self._exchange.setting, self._exchange.closing
        by_id = {agent.agent_id: agent for agent in self.agents}
        for shift in self.planned(day):
            agent, r = by_id[shift.agent_id], chance(setting.seed, "shift", shift.agent_id, day)
            begins, ends = shift.begins + r.randint(-240, 180), min(shift.ends + r.randint(0, 240), closing + 1200)
            if begins >= ends:
                continue
            self._clock.at(begins, self._log_in, agent)
            for share, seconds in ((0.3, 900), (0.55, 2400)):
                when = begins + int((ends - begins) * share) + r.randint(-1500, 1500)
                self._clock.at(when, self._want_break, agent, seconds)
            self._clock.at(ends, self._want_logout, agent)
        r = chance(setting.seed, "written", day)
        desks: tuple[tuple[Medium, float, tuple[float, ...], Callable[[int, int, int], None]], ...] = (
            ("im", CHATS_PER_CALL, CHAT_BY_HOUR, self._arrive),
            ("email", MAILS_PER_CALL, MAIL_BY_HOUR, self._mail_arrives),
        )
        for medium, per_call, by_hour, action in desks:
            daily = setting.calls_per_day * per_call
            for number, begins in enumerate(self._arrivals(at, daily, by_hour, medium, r)):
                if begins < closing:
                    self._clock.at(begins, action, day, number)
        if day + 1 < setting.days:
            self._clock.at(at + DAY_S, self.begin_day, day + 1)

    def _arrivals(
        self, midnight: int, daily: float, by_hour: tuple[float, ...], medium: Medium, r: Random
    ) -> Iterator[int]:
        """A Poisson number in each hour."""
        for hour, share in enumerate(by_hour):
            begins = midnight + hour * HOUR
            rate = daily * share / sum(by_hour) / HOUR * new_contacts(self._effects, medium, begins)
            second = r.expovariate(rate) if rate > 0 else HOUR
            while second < HOUR:
                yield begins + int(second)
                second += r.expovariate(rate)

    def come_again(self, back: Return, after: str) -> None:
        """Plan a contact of somebody who comes back, in the hours of the desk."""
        r = chance(self._exchange.setting.seed, "again", after)
        intent, at = back.intent, back.at
        customer = intent.person.customer
        is_chat = back.medium == "im"
        if is_chat and not CHAT_OPENS <= local_hour(at) < CHAT_CLOSES - 0.5:
            late = local_hour(at) >= CHAT_CLOSES - 0.5
            at = local_midnight(at) + late * DAY_S + int((CHAT_OPENS + 1 + r.random() * 10) * HOUR)
        if customer is not None:
            intent.person = Callers.logged_in(customer) if is_chat else Callers.mailing(customer)
        if at >= self._exchange.closing:
            return
        if is_chat:
            self._clock.at(at, self._begin_chat, intent, "im_app" if customer else "im_web", r)
        else:
            self._clock.at(at, self._begin_thread, intent, r)

    # --- agents -----------------------------------------------------------------------------------------------------

    def _change(self, at: int, agent: ChatAgent, state: str, load: int) -> None:
        """The agent's state or number of chats changes: what was until now is recorded."""
        if self._crm is not None and at > agent.since and agent.is_on:
            self._crm.chat_state(agent.agent_id, agent.state, agent.since, at, agent.load)
        self._loads.take_out(agent)
        agent.state, agent.load, agent.since = state, load, at

    def _log_in(self, at: int, agent: ChatAgent) -> None:
        agent.since, agent.leaves, agent.break_s = at, False, 0
        agent.is_on = True
        self._take_next(at, agent)

    def _take_next(self, at: int, agent: ChatAgent) -> None:
        """What the agent does now that nothing else is to do: leave, rest, or take those who wait."""
        if agent.leaves or agent.break_s:
            if agent.load == 0:
                self._rest(at, agent)
            return
        if agent.load == 0:
            self._change(at, agent, "ready", 0)
        while self._waiting and agent.load < CHAT_SLOTS:
            self._assign(at, self._waiting.pop(next(iter(self._waiting))), agent)
        self._loads.take_out(agent)
        self._loads.put(agent)

    def _rest(self, at: int, agent: ChatAgent) -> None:
        if agent.leaves:
            self._change(at, agent, "offline", 0)
            agent.is_on = False
        else:
            self._change(at, agent, "break", 0)
            self._clock.at(at + agent.break_s, self._end_break, agent)

    def _want_break(self, at: int, agent: ChatAgent, seconds: int) -> None:
        if agent.is_on and not agent.leaves and not agent.break_s:
            agent.break_s = seconds
            self._loads.take_out(agent)
            self._take_next(at, agent)

    def _end_break(self, at: int, agent: ChatAgent) -> None:
        agent.break_s = 0
        self._take_next(at, agent)

    def _want_logout(self, at: int, agent: ChatAgent) -> None:
        agent.leaves = True
        self._loads.take_out(agent)
        if agent.state != "break":
            self._take_next(at, agent)

    # --- chats ------------------------------------------------------------------------------------------------------

    def _arrive(self, at: int, day: int, number: int) -> None:
        of = ("chat", day, number)
        r = chance(self._exchange.setting.seed, *of)
        is_in_app = r.random() < IN_APP

        def draw(of_person: Random) -> Person:
            return self._callers.in_app(at, of_person) if is_in_app else self._callers.on_website(at, of_person)

        person = self._who_comes.person(at, "im", draw(r), draw, of)
        intent = Intent(person, self._who_comes.issue(at, "im", person, r, of))
        self._begin_chat(at, intent, "im_app" if is_in_app else "im_web", r)

    def _begin_chat(self, at: int, intent: Intent, channel: str, r: Random) -> None:
        """The customer writes, the bot greets and asks an agent."""
        self._chats += 1
        contact = Contact(
            f"IM{self._chats:09d}", "inbound", channel, intent.person.shows, at, at + 1, at, "ANSWERED", medium="im"
        )
        contact.messages += [Message("customer", at), Message("bot", at + 1)]
        turns = 1 + min(int(r.expovariate(1 / (TURNS_MEAN * intent.issue.talk_factor))), TURNS_MOST)
        self._clock.at(at + 2, self._queue, Chat(contact, intent, r, turns))

    def _queue(self, at: int, chat: Chat) -> None:
        chat.entered_at = at
        agent = self._loads.least()
        if agent is not None:
            self._assign(at, chat, agent)
            return
        self._waiting[chat.contact.contact_id] = chat
        patience_s = PATIENCE_LEAST_S + int(chat.random.expovariate(1 / PATIENCE_MEAN_S))
        self._clock.at(at + min(patience_s, PATIENCE_MOST_S), self._give_up, chat)

    def _give_up(self, at: int, chat: Chat) -> None:
        if self._waiting.pop(chat.contact.contact_id, None) is not None:
            chat.contact.visits.append(Visit(CHAT_QUEUE_ID, chat.entered_at, at, "abandoned"))
            self._finish(at, chat)

    def _assign(self, at: int, chat: Chat, agent: ChatAgent) -> None:
        chat.agent = agent
        chat.contact.visits.append(Visit(CHAT_QUEUE_ID, chat.entered_at, at, "answered", agent.agent_id))
        self._change(at, agent, "talk", agent.load + 1)
        self._loads.put(agent)
        self._plan_reply(at, chat, agent)

    def _plan_reply(self, at: int, chat: Chat, agent: ChatAgent) -> None:
        """The more chats the agent has, the longer each of them waits."""
        r = chat.random
        is_quick = r.random() < QUICK_REPLY
        reply_s = self._effects.level("reply_s", REPLY_S, at)
        seconds = reply_s * (1 + REPLY_PER_OTHER_CHAT * (agent.load - 1)) * r.lognormvariate(0.0, REPLY_SIGMA)
        seconds *= QUICK_REPLY_FACTOR if is_quick else 1.0
        self._clock.at(at + 3 + int(seconds), self._agent_says, chat, agent, is_quick)

    def _agent_says(self, at: int, chat: Chat, agent: ChatAgent, is_quick: bool) -> None:
        r, messages = chat.random, chat.contact.messages
        messages.append(Message("agent", at, agent.agent_id, is_quick))
        if r.random() < SAYS_MORE:
            messages.append(Message("agent", at + r.randint(2, 8), agent.agent_id, r.random() < QUICK_REPLY))
        chat.turns_left -= 1
        seconds = THINKS_LEAST_S + int(r.expovariate(1 / THINKS_MEAN_S))
        action = self._customer_says if chat.turns_left > 0 else self._end_chat
        self._clock.at(messages[-1].at + seconds, action, chat, agent)

    def _customer_says(self, at: int, chat: Chat, agent: ChatAgent) -> None:
        r, messages = chat.random, chat.contact.messages
        messages.append(Message("customer", at))
        if r.random() < SAYS_MORE:
            messages.append(Message("customer", at + r.randint(2, 7)))
        self._plan_reply(messages[-1].at, chat, agent)

    def _end_chat(self, at: int, chat: Chat, agent: ChatAgent) -> None:
        self._change(at, agent, "talk" if agent.load > 1 else "ready", agent.load - 1)
        self._take_next(at, agent)
        self._finish(at, chat)

    def _finish(self, at: int, chat: Chat) -> None:
        chat.contact.ended_at = at
        self._on_ended(chat.contact, chat.intent, chat.random)

    # --- mails ------------------------------------------------------------------------------------------------------

    def _mail_arrives(self, at: int, day: int, number: int) -> None:
        of = ("mail", day, number)
        r = chance(self._exchange.setting.seed, *of)

        def draw(of_person: Random) -> Person:
            return self._callers.by_mail(at, of_person)

        person = self._who_comes.person(at, "email", draw(r), draw, of)
        self._begin_thread(at, Intent(person, self._who_comes.issue(at, "email", person, r, of)), r)

    def _begin_thread(self, at: int, intent: Intent, r: Random) -> None:
        """A mail, its answers in the hours of the desk, and what the customer answers to them.

        A thread is over with an agent's mail, within a day: what is written later is another contact.
        """
        self._threads += 1
        contact = Contact(
            f"EM{self._threads:09d}", "inbound", "email_support", intent.person.shows, at, at, at, "ANSWERED",
            medium="email",
        )  # fmt: skip
        contact.messages.append(Message("customer", at))
        for _ in range(MAIL_MOST_TURNS):
            reply_s = min(300 + int(r.expovariate(1 / MAIL_REPLY_MEAN_S)), MAIL_REPLY_MOST_S)
            answered_at = _in_mail_hours(contact.messages[-1].at, reply_s)
            contact.messages.append(Message("agent", answered_at, self._mail_agent(answered_at, r)))
            again_at = answered_at + 600 + int(r.expovariate(1 / MAIL_THINKS_MEAN_S))
            is_last = r.random() >= MAIL_GOES_ON
            if is_last or _in_mail_hours(again_at, MAIL_REPLY_MOST_S) > at + LONGEST_THREAD_S:
                break
            contact.messages.append(Message("customer", again_at))
        if contact.messages[-1].sender == "customer":
            contact.messages.pop()
        contact.ended_at = contact.messages[-1].at
        if contact.ended_at < self._exchange.closing:
            self._clock.at(contact.ended_at, self._end_thread, contact, intent, r)

    def _mail_agent(self, at: int, r: Random) -> str:
        """One whose shift it is."""
        hour, weekday = local_hour(at), self._exchange.weekday(at)
        with_us = [
            agent
            for number, agent in enumerate(self.agents, self._first_number)
            if is_with_the_centre(number, self._effects, at)
        ]
        on_duty = [
            agent for agent in with_us if weekday not in agent.days_off and agent.shift[0] <= hour < agent.shift[1]
        ]
        return r.choice(on_duty or with_us).agent_id

    def _end_thread(self, at: int, contact: Contact, intent: Intent, r: Random) -> None:
        self._on_ended(contact, intent, r)


def _in_mail_hours(at: int, seconds: int) -> int:
    """The instant so many seconds of the mail desk's hours after another."""
    while True:
        opens = local_midnight(at) + MAIL_OPENS * HOUR
        closes = local_midnight(at) + MAIL_CLOSES * HOUR
        begin = max(at, opens)
        if begin + seconds < closes:
            return begin + seconds
        seconds -= max(0, closes - begin)
        at = local_midnight(at) + DAY_S
