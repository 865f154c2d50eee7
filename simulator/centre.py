"""The simulated centre: who calls, who works, and what happens between them, as a discrete-event simulation.

Belongs here: the behaviour of callers, agents and the telephone system, and the order of events. It records each fact
in `events.History` and tells `asterisk_files` what Asterisk would log. Does not belong here: file formats, counting.

Time is whole epoch seconds. A heap of (second, number, action, arguments) drives everything; all chance comes from one
seeded generator, so that a history is a function of its settings.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.asterisk_files import DAY_S, UTC_OFFSET_S, CdrLog, QueueLog
from simulator.events import Contact, Direction, Disposition, ExitKind, History, Leg, Presence, Ring, Visit
from simulator.setting import (
    ANONYMOUS,
    AREA_CODES,
    ATTENDED_TRANSFER,
    BACK_OFFICE,
    BLIND_TRANSFER,
    BLOCKED,
    BY_HOUR,
    BY_ID,
    BY_WEEKDAY,
    DIRECT,
    FAILED,
    HAS_ACW,
    HOUR,
    IMPATIENT,
    LANDLINE,
    LONGEST_TALK_S,
    MENU_HANGUP,
    NIGHT_BEGINS,
    NIGHT_ENDS,
    NUMBERS,
    PATIENCE_MEAN_S,
    PRESSES_KEY,
    QUEUE_EMPTY,
    QUEUES,
    REPEAT_CALLER,
    RING_NOT_ANSWERED,
    SURNAMES,
    TRUNK,
    VERY_SHORT_TALK,
    ActivityKind,
    Agent,
    QueueSetting,
    Setting,
    make_agents,
)


@dataclass(slots=True)
class Transfer:
    """The leg that a transfer made, to a queue or to an extension outside the centre."""

    started_at: int
    src: str
    dst: str
    channel: str
    queue: QueueSetting | None = None
    answered_at: int | None = None


@dataclass(slots=True)
class Call:
    """An inbound call on its way through queues."""

    contact: Contact
    did: str
    clid: str
    channel: str
    queue: QueueSetting
    stay: int = 0  # number of the present visit; an event of an earlier one is void
    is_waiting: bool = False
    entered_at: int = 0
    position: int = 0
    ringing: Agent | None = None
    offer: int = 0
    agent_channel: str = ""
    transfer: Transfer | None = None


QUEUE_SHARES = [queue.share for queue in QUEUES]
NUMBER_SHARES = [share for _, _, share in NUMBERS]


class Centre:
    """One run of the simulation. `run` fills `history`, `planted` and the two logs."""

    def __init__(self, setting: Setting, queue_log: QueueLog, cdr: CdrLog) -> None:
        self.setting = setting
        self.history = History()
        self.planted: Counter[str] = Counter()
        self.agents = make_agents(setting.agents)
        self._log = queue_log
        self._cdr = cdr
        self._random = random.Random(setting.seed)
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self._serial = 0
        self._begins = setting.first_day * DAY_S - UTC_OFFSET_S
        self._ends = self._begins + setting.days * DAY_S
        # from here on nothing new begins, so that everything is over at the end of the last day
        self._closing = self._ends - 2 * HOUR
        self._waiting: dict[str, dict[str, Call]] = {queue.queue_id: {} for queue in QUEUES}
        # longest ready first
        self._ready: dict[str, dict[str, Agent]] = {queue.queue_id: {} for queue in QUEUES}
        self._callers: deque[tuple[str, str]] = deque(maxlen=4000)
        for agent in self.agents:
            if not agent.logs_in_by_agent_login:
                queue_log.see_member(agent.log_name)

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Simulate all days."""
        for day in range(self.setting.days):
            self._plan_day(day)
        self._at(self._begins, self._arrivals_of_day, 0)
        heap = self._heap
        while heap:
            at, _, action, arguments = heapq.heappop(heap)
            action(at, *arguments)
        self._check_all_is_over()

    def _at(self, at: int, action: Callable[..., None], *arguments: Any) -> None:
        self._number += 1
        heapq.heappush(self._heap, (at, self._number, action, arguments))

    def _check_all_is_over(self) -> None:
        assert not any(self._waiting.values()), "calls wait after the last day"
        assert not any(agent.is_logged_in for agent in self.agents), "agents are logged in after the last day"
        latest = max((contact.ended_at for contact in self.history.contacts), default=0)
        latest = max(latest, max((presence.ended_at for presence in self.history.presences), default=0))
        assert latest < self._ends, "something goes on after the last day"

    def _unique_id(self, at: int) -> str:
        self._serial += 1
        return f"{at}.{self._serial}"

    def _channel(self, peer: str) -> str:
        self._serial += 1
        return f"{peer}-{self._serial:08x}"

    # --- shifts -----------------------------------------------------------------------------------------------------

    def _plan_day(self, day: int) -> None:
        """Put the shifts that begin on a day into the heap; before the first day the night shift is at work already."""
        midnight = self._begins + day * DAY_S
        weekday = (self.setting.first_day + day + 3) % 7
        for i, agent in enumerate(self.agents):
            if agent.shift is None:
                if day == 0 and i % 4 != 3:
                    self._at(
                        midnight + self._random.randint(1, 25),
                        self._begin_shift,
                        agent,
                        int(NIGHT_ENDS * HOUR) + midnight,
                    )
                # one of four nights is free, never of all agents at once
                if (day + i) % 4 == 3:
                    continue
                begins = midnight + int(NIGHT_BEGINS * HOUR) + self._random.randint(-400, 200)
                ends = midnight + DAY_S + int(NIGHT_ENDS * HOUR) + self._random.randint(-100, 500)
            else:
                if weekday in agent.days_off:
                    continue
                begins = midnight + int(agent.shift[0] * HOUR) + self._random.randint(-300, 240)
                ends = midnight + int(agent.shift[1] * HOUR) + self._random.randint(-60, 300)
            last = self._ends - 600 if agent.shift is None else self._closing - self._random.randint(0, 300)
            self._at(begins, self._begin_shift, agent, min(ends, last))

    def _begin_shift(self, at: int, agent: Agent, ends: int) -> None:
        agent.session += 1
        self._log_in(at, agent)
        self._at(ends, self._want_logout, agent, agent.session)
        length = ends - at
        if length < 3 * HOUR:
            return
        plan: list[tuple[float, ActivityKind, int]] = [
            (0.25, "break", 900),
            (0.5, "logoff" if agent.logs_off_for_lunch else "lunch", 2400),
            (0.78, "break", 780),
        ]
        chance = self._random.random
        if agent.shift is not None:
            plan += [(0.1 + 0.8 * chance(), "outbound", 0) for _ in range(3)]
            weekday = (self.setting.first_day + (at - self._begins) // DAY_S + 3) % 7
            if weekday in (0, 3) and chance() < 0.6:
                plan.append((0.15, "meeting", 1500))
            elif weekday == 2 and chance() < 0.4:
                plan.append((0.62, "training", 2400))
        plan += [(0.05 + 0.9 * chance(), "ticket", 120 + int(chance() * 420)) for _ in range(2)]
        if chance() < 0.12:
            plan.append((0.1 + 0.8 * chance(), "acw", 40 + int(chance() * 60)))
        shift_in_turn = (int(agent.agent_id) % 5 - 2) * 0.045  # colleagues don't leave together
        for share, kind, seconds in plan:
            when = at + int(length * (share + shift_in_turn)) + self._random.randint(-300, 300)
            spread = int(seconds * (0.85 + 0.3 * chance()))
            if at + 600 < when < min(ends, self._closing) - 1200:
                self._at(when, self._want, agent, agent.session, kind, spread)

    def _log_in(self, at: int, agent: Agent) -> None:
        agent.is_logged_in = True
        agent.logged_in_at = at
        agent.wants_logout = False
        agent.wants.clear()
        if agent.logs_in_by_agent_login:
            agent.login_channel = self._channel(agent.peer)
            self._log.add(at, self._unique_id(at), "NONE", agent.log_name, "AGENTLOGIN", agent.login_channel)
            self._free(at, agent)
            return
        call_id = self._unique_id(at) if agent.adds_itself else "MANAGER"
        self._log.add(at, call_id, agent.skills[0], agent.log_name, "ADDMEMBER")
        if len(agent.skills) > 1:
            self._at(at + self._random.randint(0, 2), self._join_rest, agent, call_id)
        else:
            self._free(at, agent)

    def _join_rest(self, at: int, agent: Agent, call_id: str) -> None:
        for queue_id in agent.skills[1:]:
            self._log.add(at, call_id, queue_id, agent.log_name, "ADDMEMBER")
        self._free(at, agent)

    def _want_logout(self, at: int, agent: Agent, session: int) -> None:
        if session != agent.session:
            return
        if agent.is_ready:
            self._unready(agent)
            self._log_out(at, agent)
        elif agent.is_logged_in:
            agent.wants_logout = True
        agent.session += 1  # what this session still planned is void

    def _log_out(self, at: int, agent: Agent, back_after: int | None = None) -> None:
        """Log out at once; with `back_after` the session goes on after so many seconds."""
        agent.wants_logout = False
        if agent.logs_in_by_agent_login:
            seconds = at - agent.logged_in_at
            self._log.add(
                at, self._unique_id(at), "NONE", agent.log_name, "AGENTLOGOFF", f"{agent.login_channel}|{seconds}"
            )
            self._logged_out(at, agent)
        else:
            call_id = self._unique_id(at) if agent.adds_itself else "MANAGER"
            self._log.add(at, call_id, agent.skills[0], agent.log_name, "REMOVEMEMBER")
            if len(agent.skills) > 1:
                self._at(at + self._random.randint(0, 1), self._leave_rest, agent, call_id)
            else:
                self._logged_out(at, agent)
        if back_after is not None:
            self._at(at + max(back_after, 60), self._back, agent, agent.session)

    def _leave_rest(self, at: int, agent: Agent, call_id: str) -> None:
        for queue_id in agent.skills[1:]:
            self._log.add(at, call_id, queue_id, agent.log_name, "REMOVEMEMBER")
        self._logged_out(at, agent)

    def _logged_out(self, at: int, agent: Agent) -> None:
        agent.is_logged_in = False
        self.history.presences.append(Presence(agent.agent_id, None, agent.logged_in_at, at))

    def _back(self, at: int, agent: Agent, session: int) -> None:
        if session == agent.session and not agent.is_logged_in:
            self._log_in(at, agent)

    # --- activities and pauses --------------------------------------------------------------------------------------

    def _want(self, at: int, agent: Agent, session: int, kind: ActivityKind, seconds: int) -> None:
        if session != agent.session or not agent.is_logged_in:
            return
        if agent.is_ready:
            self._unready(agent)
            self._begin_activity(at, agent, kind, seconds)
        else:
            agent.wants.append((kind, seconds))

    def _begin_activity(self, at: int, agent: Agent, kind: ActivityKind, seconds: int) -> None:
        if kind == "logoff":
            self._log_out(at, agent, back_after=seconds)
            return
        self._pause(at, agent, agent.acw_reason if kind == "acw" else kind)
        if kind == "outbound":
            n = self._random.choice((1, 2, 2, 3))
            self._at(at + self._random.randint(4, 20), self._dial, agent, n)
        else:
            if kind == "break" and self._random.random() < 0.15:
                self._back_office_call(at + 30, agent)
            self._at(at + seconds, self._unpause, agent)

    def _pause(self, at: int, agent: Agent, reason: str) -> None:
        """Pause, or change the reason of a pause: Asterisk logs PAUSE again."""
        if agent.pause_reason is not None:
            self.history.presences.append(Presence(agent.agent_id, agent.pause_reason, agent.paused_at, at))
        agent.pause_reason, agent.paused_at = reason, at
        self._log_pause(at, agent, "PAUSE", reason)

    def _unpause(self, at: int, agent: Agent) -> None:
        assert agent.pause_reason is not None
        self.history.presences.append(Presence(agent.agent_id, agent.pause_reason, agent.paused_at, at))
        reason, agent.pause_reason = agent.pause_reason, None
        self._log_pause(at, agent, "UNPAUSE", reason)
        self._free(at, agent)

    def _log_pause(self, at: int, agent: Agent, event: str, reason: str) -> None:
        if agent.pauses_all:
            # Asterisk writes no reason here, and goes on to write one line for each queue
            self._log.add(at, "NONE", "NONE", agent.log_name, f"{event}ALL")
        for queue_id in agent.skills:
            self._log.add(at, "NONE", queue_id, agent.log_name, event, reason)

    # --- agents and waiting calls find each other -------------------------------------------------------------------

    def _free(self, at: int, agent: Agent) -> None:
        """The agent has nothing to do: log out, do what was put off, or take a call."""
        if agent.wants_logout:
            self._log_out(at, agent)
        elif agent.wants:
            kind, seconds = agent.wants.popleft()
            if at >= self._closing and kind != "acw":
                self._free(at, agent)
            else:
                self._begin_activity(at, agent, kind, seconds)
        else:
            agent.is_ready = True
            for queue_id in agent.skills:
                self._ready[queue_id][agent.agent_id] = agent
            call = self._longest_waiting(agent)
            if call is not None:
                self._offer(at, call, agent)

    def _longest_waiting(self, agent: Agent) -> Call | None:
        best = None
        for queue_id in agent.skills:
            for call in self._waiting[queue_id].values():
                if call.ringing is None:
                    if best is None or call.entered_at < best.entered_at:
                        best = call
                    break
        return best

    def _unready(self, agent: Agent) -> None:
        agent.is_ready = False
        for queue_id in agent.skills:
            self._ready[queue_id].pop(agent.agent_id, None)

    def _offer(self, at: int, call: Call, agent: Agent) -> None:
        self._unready(agent)
        call.ringing = agent
        call.offer += 1
        if self._random.random() < RING_NOT_ANSWERED:
            rings = 15 if call.queue.queue_id == "support" else 12
            self._at(at + rings, self._ring_out, call, agent, call.offer, at)
        else:
            rings = 2 + min(int(self._random.expovariate(1 / 2.2)), 9)
            self._at(at + rings, self._connect, call, agent, call.offer, at)

    def _ring_out(self, at: int, call: Call, agent: Agent, offer: int, since: int) -> None:
        if not call.is_waiting or call.offer != offer:
            return
        self._log.add(
            at, call.contact.contact_id, call.queue.queue_id, agent.log_name, "RINGNOANSWER", str((at - since) * 1000)
        )
        self.history.rings.append(Ring(agent.agent_id, call.queue.queue_id, since, at, False))
        call.ringing = None
        # the queue tries others before it tries this agent again
        self._at(at + 5, self._free, agent)
        others = self._ready[call.queue.queue_id]
        if others:
            self._offer(at, call, next(iter(others.values())))

    # --- inbound calls ----------------------------------------------------------------------------------------------

    def _arrivals_of_day(self, at: int, day: int) -> None:
        """Draw the arrivals of one day, a Poisson number in each hour, and start with the first."""
        weekday = (self.setting.first_day + day + 3) % 7
        total = self.setting.calls_per_day * BY_WEEKDAY[weekday] * self._random.uniform(0.96, 1.04)
        chance = self._random.expovariate
        arrivals = []
        for hour, share in enumerate(BY_HOUR):
            rate = total * share / sum(BY_HOUR) / HOUR
            second = chance(rate) if rate > 0 else HOUR
            while second < HOUR:
                arrivals.append(at + hour * HOUR + int(second))
                second += chance(rate)
        latest = self._closing
        self._next_arrival(at, deque(arrival for arrival in arrivals if arrival < latest))
        if day + 1 < self.setting.days:
            self._at(at + DAY_S, self._arrivals_of_day, day + 1)

    def _next_arrival(self, at: int, arrivals: deque[int]) -> None:
        if arrivals:
            self._at(arrivals.popleft(), self._arrive, arrivals)

    def _arrive(self, at: int, arrivals: deque[int]) -> None:
        self._next_arrival(at, arrivals)
        chance = self._random.random()
        hour = (at + UTC_OFFSET_S) % DAY_S / HOUR
        if chance < BLOCKED:
            self._refuse(at, "CONGESTION")
        elif chance < BLOCKED + FAILED:
            self._refuse(at, "FAILED")
        elif chance < BLOCKED + FAILED + DIRECT and 8 <= hour < 21:
            self._direct_call(at)
        else:
            self._menu(at, hour)

    def _caller(self) -> tuple[str, str]:
        """Number and caller id of a caller, often of one who called before."""
        r = self._random
        if self._callers and r.random() < REPEAT_CALLER:
            return self._callers[r.randrange(len(self._callers))]
        chance = r.random()
        if chance < ANONYMOUS:
            return "anonymous", '"Anonymous" <anonymous>'
        if chance < ANONYMOUS + LANDLINE:
            code = r.choice(AREA_CODES)
            number = f"{code}{r.randint(2, 8)}{r.randrange(10**7):07d}"
        else:
            number = f"1{r.choice('35789')}{r.randrange(10**9):09d}"
        name = r.choice(SURNAMES) if r.random() < 0.3 else number
        caller = (number, f'"{name}" <{number}>')
        self._callers.append(caller)
        return caller

    def _did(self) -> tuple[str, str]:
        """The number dialled and its entry channel."""
        number, channel, _ = self._random.choices(NUMBERS, NUMBER_SHARES)[0]
        return number, channel

    def _contact(
        self,
        direction: Direction,
        channel: str,
        caller: str,
        started_at: int,
        answered_at: int | None,
        ended_at: int,
        disposition: Disposition,
        contact_id: str = "",
    ) -> Contact:
        return Contact(
            contact_id or self._unique_id(started_at),
            direction,
            channel,
            caller,
            started_at,
            answered_at,
            ended_at,
            disposition,
        )

    def _refuse(self, at: int, disposition: Disposition) -> None:
        """No line, or a fault: the call never reached the menu."""
        caller, clid = self._caller()
        did, channel = self._did()
        self._finish_without_queue(
            at + self._random.randint(0, 1),
            self._contact("inbound", channel, caller, at, None, at, disposition),
            src=caller,
            dst=did,
            clid=clid,
            app="Congestion" if disposition == "CONGESTION" else "",
        )

    def _finish_without_queue(
        self,
        at: int,
        contact: Contact,
        *,
        src: str,
        dst: str,
        clid: str,
        channel: str = "",
        dst_channel: str = "",
        context: str = "from-trunk",
        app: str = "",
        app_data: str = "",
    ) -> None:
        """End a contact that only the CDR knows; it is written when it ends."""
        contact.ended_at = at
        channel = channel or self._channel(TRUNK)
        self._at(at, self._write_contact, contact, src, dst, context, clid, channel, dst_channel, app, app_data)

    def _write_contact(
        self,
        at: int,
        contact: Contact,
        src: str,
        dst: str,
        context: str,
        clid: str,
        channel: str,
        dst_channel: str,
        app: str,
        app_data: str,
    ) -> None:
        self._cdr.add(
            src=src,
            dst=dst,
            context=context,
            clid=clid,
            channel=channel,
            dst_channel=dst_channel,
            app=app,
            app_data=app_data,
            start=contact.started_at,
            answer=contact.answered_at,
            end=at,
            disposition=contact.disposition,
            unique_id=contact.contact_id,
        )
        self.history.contacts.append(contact)

    def _menu(self, at: int, hour: float) -> None:
        """The interactive menu: some hang up in it, the others choose a queue."""
        r = self._random
        caller, clid = self._caller()
        did, channel = self._did()
        answered = at + (r.random() < 0.3)
        contact = self._contact("inbound", channel, caller, at, answered, at, "ANSWERED")
        seconds = 6 + min(int(r.gammavariate(2.0, 7.0)), 70)
        queue = r.choices(QUEUES, QUEUE_SHARES)[0]
        is_closed = not queue.opens <= hour < queue.closes
        if is_closed and r.random() < 0.5:
            queue, is_closed = BY_ID["support"], False
        if is_closed or r.random() < MENU_HANGUP:
            # a closed queue plays its hours
            left = answered + (seconds if is_closed else int(r.random() * seconds))
            self._finish_without_queue(
                max(left, at),
                contact,
                src=caller,
                dst=did,
                clid=clid,
                app="Playback" if is_closed else "BackGround",
                app_data="custom/closed" if is_closed else "custom/welcome&custom/menu",
            )
            return
        call = Call(contact, did, clid, self._channel(TRUNK), queue)
        self._at(answered + seconds, self._enter_queue, call)

    def _enter_queue(self, at: int, call: Call) -> None:
        r = self._random
        queue = call.queue
        waiting = self._waiting[queue.queue_id]
        call.stay += 1
        call.is_waiting = True
        call.ringing = None
        call.entered_at = at
        call.position = len(waiting) + 1
        contact_id = call.contact.contact_id
        if call.stay == 1:
            self._log.add(at, contact_id, queue.queue_id, "NONE", "DID", call.did)
        self._log.add(at, contact_id, queue.queue_id, "NONE", "ENTERQUEUE", f"|{call.contact.caller}|{call.position}")
        waiting[contact_id] = call

        patience = r.randint(1, 7) if r.random() < IMPATIENT else 2 + int(r.expovariate(1 / PATIENCE_MEAN_S))
        leaves: list[tuple[int, ExitKind]] = [(patience, "abandoned"), (queue.timeout_s, "timeout")]
        chance = r.random()
        if chance < PRESSES_KEY:
            leaves.append((r.randint(10, 60), "exit_key"))
        elif chance < PRESSES_KEY + QUEUE_EMPTY:
            leaves.append((r.randint(2, 25), "empty"))
        seconds, kind = min(leaves)
        self._at(at + seconds, self._leave_queue, call, call.stay, kind)

        ready = self._ready[queue.queue_id]
        if ready:
            self._offer(at, call, next(iter(ready.values())))

    def _leave_queue(self, at: int, call: Call, stay: int, kind: ExitKind) -> None:
        """The caller leaves the queue without an agent, unless that was settled before."""
        if not call.is_waiting or call.stay != stay:
            return
        queue = call.queue
        waiting = self._waiting[queue.queue_id]
        position = 1 + list(waiting).index(call.contact.contact_id)
        del waiting[call.contact.contact_id]
        call.is_waiting = False
        seconds = at - call.entered_at
        event, data = {
            "abandoned": ("ABANDON", ""),
            "timeout": ("EXITWITHTIMEOUT", ""),
            "exit_key": ("EXITWITHKEY", "1|"),
            "empty": ("EXITEMPTY", ""),
        }[kind]
        self._log.add(
            at,
            call.contact.contact_id,
            queue.queue_id,
            "NONE",
            event,
            f"{data}{position}|{call.position}|{seconds}",
        )
        call.contact.visits.append(Visit(queue.queue_id, call.entered_at, at, kind))
        rung, call.ringing = call.ringing, None
        call.offer += 1  # an offer under way is void, also if the call enters another queue
        if kind == "abandoned":
            self._finish_call(at, call)
        elif kind == "timeout" and queue.overflow_to and self._random.random() < 0.5:
            self.planted["overflows"] += 1
            call.queue = BY_ID[queue.overflow_to]
            self._at(at + 1, self._enter_queue, call)
        else:
            # voice mail, or an announcement
            self._at(at + self._random.randint(3, 40), self._finish_call, call)
        if rung is not None:
            # the log is silent on an attempt that the caller ended
            self._free(at, rung)

    def _connect(self, at: int, call: Call, agent: Agent, offer: int, since: int) -> None:
        if not call.is_waiting or call.offer != offer:
            return
        r = self._random
        queue = call.queue
        contact = call.contact
        del self._waiting[queue.queue_id][contact.contact_id]
        call.is_waiting = False
        call.ringing = None
        call.agent_channel = call.agent_channel or self._channel(agent.peer)
        self._log.add(
            at,
            contact.contact_id,
            queue.queue_id,
            agent.log_name,
            "CONNECT",
            f"{at - call.entered_at}|{self._unique_id(since)}|{at - since}",
        )
        contact.visits.append(Visit(queue.queue_id, call.entered_at, at, "answered", agent.agent_id))
        self.history.rings.append(Ring(agent.agent_id, queue.queue_id, since, at, True))

        ending = "COMPLETECALLER" if r.random() < 0.62 else "COMPLETEAGENT"
        seconds = self._talk_s(queue)
        if at < self._closing and call.stay < 3 and seconds > 20:
            chance = r.random()
            if chance < BLIND_TRANSFER:
                ending, seconds = "BLINDTRANSFER", max(15, seconds // 2)
            elif chance < BLIND_TRANSFER + ATTENDED_TRANSFER:
                ending = "ATTENDEDTRANSFER"
        self._at(at + seconds, self._end_talk, call, agent, at, ending)

    def _talk_s(self, queue: QueueSetting) -> int:
        r = self._random
        if r.random() < VERY_SHORT_TALK:
            return r.randint(1, 6)
        return max(5, min(int(r.lognormvariate(0.0, queue.talk_sigma) * queue.talk_median_s), LONGEST_TALK_S))

    def _end_talk(self, at: int, call: Call, agent: Agent, since: int, ending: str) -> None:
        r = self._random
        queue = call.queue
        contact = call.contact
        contact.legs.append(Leg(agent.agent_id, "queue", queue.queue_id, since, at))
        times = f"{since - call.entered_at}|{at - since}|{call.position}"
        target: QueueSetting | None = None
        data = times
        if ending == "BLINDTRANSFER":
            hour = (at + UTC_OFFSET_S) % DAY_S / HOUR
            others = [other for other in QUEUES if other is not queue and other.opens <= hour < other.closes]
            if others:
                target = r.choice(others)
                data = f"{target.extension}|from-internal|{times}"
            else:
                ending = "COMPLETEAGENT"
        elif ending == "ATTENDEDTRANSFER":
            data = f"BRIDGE|{r.getrandbits(64):016x}|{times}"
        self._log.add(at, contact.contact_id, queue.queue_id, agent.log_name, ending, data)
        if ending == "BLINDTRANSFER" and target is not None:
            self.planted["blind_transfers"] += 1
            call.transfer = Transfer(at, contact.caller, target.extension, call.channel, target)
            call.queue = target
            self._at(at + r.randint(0, 1), self._enter_queue, call)
        elif ending == "ATTENDEDTRANSFER":
            self.planted["attended_transfers"] += 1
            consult = min(at - since, r.randint(5, 25))
            call.transfer = Transfer(
                at - consult,
                agent.agent_id,
                r.choice(BACK_OFFICE),
                self._channel(agent.peer),
                answered_at=at - consult + min(consult, 3),
            )
            self._at(at + r.randint(20, 400), self._finish_call, call)
        else:
            self._finish_call(at, call)
        if r.random() < HAS_ACW:
            seconds = 6 + min(int(r.expovariate(1 / queue.acw_mean_s)), 240)
            delay = 0 if r.random() < 0.8 else r.randint(1, 4)
            if delay:
                self._at(at + delay, self._begin_acw, agent, seconds)
            else:
                self._begin_acw(at, agent, seconds)
        else:
            self._free(at, agent)

    def _begin_acw(self, at: int, agent: Agent, seconds: int) -> None:
        self._pause(at, agent, agent.acw_reason)
        self._at(at + seconds, self._end_acw, agent)

    def _end_acw(self, at: int, agent: Agent) -> None:
        """Back to work; now and then straight into the activity that was put off, without UNPAUSE."""
        if agent.wants and not agent.wants_logout and at < self._closing and self._random.random() < 0.3:
            kind, seconds = agent.wants[0]
            if kind not in ("logoff", "acw"):
                agent.wants.popleft()
                self.planted["pause_reason_changes"] += 1
                self._begin_activity(at, agent, kind, seconds)
                return
        self._unpause(at, agent)

    def _finish_call(self, at: int, call: Call) -> None:
        contact = call.contact
        contact.ended_at = at
        if (contact.started_at + UTC_OFFSET_S) // DAY_S != (at + UTC_OFFSET_S) // DAY_S:
            self.planted["calls_across_midnight"] += 1
        first = BY_ID[contact.visits[0].queue_id]
        self._cdr.add(
            src=contact.caller,
            dst=call.did,
            context="from-trunk",
            clid=call.clid,
            channel=call.channel,
            dst_channel=call.agent_channel,
            app="Queue",
            app_data=f"{first.queue_id},t,,,{first.timeout_s}",
            start=contact.started_at,
            answer=contact.answered_at,
            end=at,
            disposition="ANSWERED",
            unique_id=contact.contact_id,
        )
        self.history.contacts.append(contact)
        if call.transfer is not None:
            self._write_transfer_leg(at, call, call.transfer)

    def _write_transfer_leg(self, at: int, call: Call, transfer: Transfer) -> None:
        """The record of the leg that a transfer made; it belongs to the call by its linked id."""
        contact = call.contact
        self.planted["transfer_leg_records"] += 1
        queue = transfer.queue
        answered_at = transfer.answered_at
        peer = f"PJSIP/{transfer.dst}"
        if queue is not None:
            last = contact.legs[-1]
            answered_at = last.started_at if last.started_at >= transfer.started_at else None
            peer = f"PJSIP/{last.agent_id}"
        self._cdr.add(
            src=transfer.src,
            dst=transfer.dst,
            context="from-internal",
            clid=call.clid,
            channel=transfer.channel,
            dst_channel="" if answered_at is None else self._channel(peer),
            app="Dial" if queue is None else "Queue",
            app_data=f"{peer},20,tT" if queue is None else f"{queue.queue_id},t,,,{queue.timeout_s}",
            start=transfer.started_at,
            answer=answered_at,
            end=at,
            disposition="NO ANSWER" if answered_at is None else "ANSWERED",
            unique_id=self._unique_id(transfer.started_at),
            linked_id=contact.contact_id,
        )

    # --- calls that no queue sees -----------------------------------------------------------------------------------

    def _direct_call(self, at: int) -> None:
        """A caller who knows an agent's extension. Only the CDR shows it."""
        r = self._random
        caller, clid = self._caller()
        idle = [agent for agent in self.agents if agent.is_ready]
        agent = r.choice(idle if idle and r.random() < 0.85 else self.agents)
        channel, dst_channel = self._channel(TRUNK), self._channel(agent.peer)
        contact = self._contact("inbound", "voice_unknown", caller, at, None, at, "NO ANSWER")
        end = at + 20
        if agent.is_ready and r.random() < 0.9:
            self._unready(agent)
            contact.answered_at = at + r.randint(2, 9)
            contact.disposition = "ANSWERED"
            seconds = r.randint(1, 6) if r.random() < 0.02 else 8 + min(int(r.expovariate(1 / 80)), 900)
            end = contact.answered_at + seconds
            contact.legs.append(Leg(agent.agent_id, "direct", None, contact.answered_at, end))
            self.planted["direct_calls_answered"] += 1
            self._at(end, self._free, agent)
        else:
            self.planted["direct_calls_not_answered"] += 1
        self._finish_without_queue(
            end,
            contact,
            src=caller,
            dst=agent.agent_id,
            clid=clid,
            channel=channel,
            dst_channel=dst_channel,
            app="Dial",
            app_data=f"{agent.peer},20,tT",
        )

    def _dial(self, at: int, agent: Agent, calls_left: int) -> None:
        """An outbound call of an agent who is paused for it."""
        r = self._random
        number, _ = self._caller()
        while number == "anonymous":
            number, _ = self._caller()
        chance = r.random()
        contact = self._contact("outbound", "voice_outbound", number, at, None, at, "ANSWERED")
        if chance < 0.60:
            contact.answered_at = at + r.randint(4, 24)
            seconds = r.randint(1, 7) if r.random() < 0.03 else 8 + min(int(r.lognormvariate(0.0, 0.8) * 60), 900)
            end = contact.answered_at + seconds
            contact.legs.append(Leg(agent.agent_id, "outbound", None, contact.answered_at, end))
        elif chance < 0.88:
            contact.disposition, end = "NO ANSWER", at + r.randint(18, 45)
        elif chance < 0.96:
            contact.disposition, end = "BUSY", at + r.randint(2, 8)
        else:
            contact.disposition, end = "FAILED", at + r.randint(0, 2)
        self._finish_without_queue(
            end,
            contact,
            src=agent.agent_id,
            dst=number,
            clid=f'"{agent.agent_id}" <{agent.agent_id}>',
            channel=self._channel(agent.peer),
            dst_channel=self._channel(TRUNK),
            context="from-internal",
            app="Dial",
            app_data=f"PJSIP/{number}@trunk-ct,60,T",
        )
        self._at(end, self._dialled, agent, calls_left - 1, bool(contact.legs))

    def _dialled(self, at: int, agent: Agent, calls_left: int, was_answered: bool) -> None:
        has_acw = was_answered and self._random.random() < 0.7
        if has_acw:
            self._pause(at, agent, agent.acw_reason)
            seconds = 6 + min(int(self._random.expovariate(1 / 25)), 200)
            if calls_left > 0 and at < self._closing:
                self._at(at + seconds, self._dial_again, agent, calls_left)
            else:
                self._at(at + seconds, self._unpause, agent)
        elif calls_left > 0 and at < self._closing:
            self._at(at + self._random.randint(4, 20), self._dial, agent, calls_left)
        else:
            self._at(at + self._random.randint(1, 5), self._unpause, agent)

    def _dial_again(self, at: int, agent: Agent, calls_left: int) -> None:
        self._pause(at, agent, "outbound")
        self._at(at + self._random.randint(4, 20), self._dial, agent, calls_left)

    def _back_office_call(self, at: int, agent: Agent) -> None:
        """A call inside the house: in the CDR, in no KPI. The agent makes it in a break."""
        colleague = self._random.choice(BACK_OFFICE)
        caller = agent.agent_id if self._random.random() < 0.5 else self._random.choice(BACK_OFFICE[:2])
        peer = f"PJSIP/{caller}"
        answer = at + 3
        end = answer + self._random.randint(10, 120)
        self.planted["internal_calls"] += 1
        self._at(end, self._write_internal, caller, peer, colleague, at, answer)

    def _write_internal(self, at: int, caller: str, peer: str, colleague: str, start: int, answer: int) -> None:
        self._cdr.add(
            src=caller,
            dst=colleague,
            context="from-internal",
            clid=f'"{caller}" <{caller}>',
            channel=self._channel(peer),
            dst_channel=self._channel(f"PJSIP/{colleague}"),
            app="Dial",
            app_data=f"PJSIP/{colleague},20,tT",
            start=start,
            answer=answer,
            end=at,
            disposition="ANSWERED",
            unique_id=self._unique_id(start),
        )
