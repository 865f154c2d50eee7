"""The agents of the telephone: shifts, log-ins, breaks and other pauses.

Belongs here: what an agent does when not on the telephone, and what the queue log shows of it. Does not belong here:
calls, and who takes which (`queueing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from simulator.events import Presence
from simulator.exchange import Exchange
from simulator.local_time import DAY_S
from simulator.queueing import Queueing
from simulator.records import chance
from simulator.reinforcements import Reinforcements
from simulator.scenarios.effects import Effects
from simulator.setting import HAS_ACW, HOUR, NIGHT_BEGINS, NIGHT_ENDS, ActivityKind, Agent, PlannedShift
from simulator.workload import Activity, Workload, is_with_the_centre

LONGEST_ACW_S = 240


class Staff:
    """Agents at work. `on_outbound` and `on_break` are told when somebody has time to telephone.

    `is_held_back` is asked whether an agent who is free does tickets, until `call_back`.
    """

    def __init__(
        self,
        exchange: Exchange,
        roster: list[Agent],
        queueing: Queueing,
        reinforcements: Reinforcements,
        effects: Effects,
    ) -> None:
        self._roster = roster
        self._reinforcements = reinforcements
        self.agents = [*roster, *reinforcements.agents]
        self.workload = Workload(effects, self.agents)
        self.on_outbound: Callable[[int, Agent], None]
        self.on_break: Callable[[int, Agent], None]
        self.is_held_back: Callable[[int, Agent], bool] = lambda _at, _agent: False
        self._exchange = exchange
        self._clock = exchange.clock
        self._log = exchange.log
        self._history = exchange.history
        self._queueing = queueing
        self._effects = effects
        for agent in self.agents:
            if not agent.logs_in_by_agent_login:
                self._log.see_member(agent.log_name)

    # --- shifts -----------------------------------------------------------------------------------------------------

    def planned(self, day: int) -> Iterator[PlannedShift]:
        """The shifts that begin on a day of the simulation, as planned."""
        roster = list(self._rostered(day))
        yield from roster
        yield from self._reinforcements.planned(day, roster)

    def _rostered(self, day: int) -> Iterator[PlannedShift]:
        midnight = self._exchange.begins + day * DAY_S
        for i, agent in enumerate(self._roster):
            if not is_with_the_centre(i, self._effects, midnight):
                continue
            if agent.shift is None:
                # one of four nights is free, never of all agents at once
                if (day + i) % 4 != 3:
                    ends = midnight + DAY_S + int(NIGHT_ENDS * HOUR)
                    yield PlannedShift(agent.agent_id, day, midnight + int(NIGHT_BEGINS * HOUR), ends)
            elif self._exchange.weekday(midnight) not in agent.days_off:
                begins, ends = (midnight + int(hour * HOUR) for hour in agent.shift)
                yield PlannedShift(agent.agent_id, day, begins, ends)

    def begin_day(self, at: int, day: int) -> None:
        """Plan what begins on a day; before the first day the night shift is at work already."""
        if day == 0:
            for i, agent in enumerate(self._roster):
                if agent.shift is None and i % 4 != 3:
                    r = chance(self._exchange.setting.seed, "shift", agent.agent_id, -1)
                    self._clock.at(at + r.randint(1, 25), self._begin_shift, agent, int(NIGHT_ENDS * HOUR) + at, r)
        by_id = {agent.agent_id: agent for agent in self.agents}
        shifts = list(self.planned(day))
        # whoever works at night does so in the morning or the evening of each date
        by_day = sum(by_id[shift.agent_id].shift is not None for shift in shifts)
        by_night = sum(
            agent.shift is None and is_with_the_centre(i, self._effects, at) for i, agent in enumerate(self._roster)
        )
        self.workload.begin_day(at, by_day + by_night)
        for shift in shifts:
            agent = by_id[shift.agent_id]
            r = chance(self._exchange.setting.seed, "shift", agent.agent_id, day)
            if agent.shift is None:
                begins, ends = shift.begins + r.randint(-400, 200), shift.ends + r.randint(-100, 500)
                last = self._exchange.ends - 600
            else:
                begins, ends = shift.begins + r.randint(-300, 240), shift.ends + r.randint(-60, 300)
                last = self._exchange.closing - r.randint(0, 300)
            self._clock.at(begins, self._begin_shift, agent, min(ends, last), r)
        if day + 1 < self._exchange.setting.days:
            self._clock.at(at + DAY_S, self.begin_day, day + 1)

    def _begin_shift(self, at: int, agent: Agent, ends: int, r: Random) -> None:
        agent.random = r
        agent.session += 1
        self._log_in(at, agent)
        self._clock.at(ends, self._want_logout, agent, agent.session)
        length = ends - at
        if length < 3 * HOUR:
            return
        plan: list[Activity] = [
            (0.25, "break", 900),
            (0.5, "logoff" if agent.logs_off_for_lunch else "lunch", 2400),
            (0.78, "break", 780),
        ]
        draw = r.random
        if agent.shift is not None:
            plan += [(0.1 + 0.8 * draw(), "outbound", 0) for _ in range(3)]
            weekday = self._exchange.weekday(at)
            if weekday in (0, 3) and draw() < 0.6:
                plan.append((0.15, "meeting", 1500))
            elif weekday == 2 and draw() < 0.4:
                plan.append((0.62, "training", 2400))
        plan += [(0.05 + 0.9 * draw(), "ticket", 120 + int(draw() * 420)) for _ in range(2)]
        if draw() < 0.12:
            plan.append((0.1 + 0.8 * draw(), "acw", 40 + int(draw() * 60)))
        plan = self.workload.begin_shift(at, agent, length, plan)
        shift_in_turn = (int(agent.agent_id) % 5 - 2) * 0.045  # colleagues don't leave together
        for share, kind, seconds in plan:
            when = at + int(length * (share + shift_in_turn)) + agent.random.randint(-300, 300)
            spread = int(seconds * (0.85 + 0.3 * draw()))
            if at + 600 < when < min(ends, self._exchange.closing) - 1200:
                self._clock.at(when, self._want, agent, agent.session, kind, spread)

    def _log_in(self, at: int, agent: Agent) -> None:
        agent.is_logged_in = True
        agent.logged_in_at = at
        agent.wants_logout = False
        agent.wants.clear()
        if agent.logs_in_by_agent_login:
            agent.login_channel = self._exchange.channel(agent.peer)
            self._log.add(at, self._exchange.unique_id(at), "NONE", agent.log_name, "AGENTLOGIN", agent.login_channel)
            self.free(at, agent)
            return
        call_id = self._exchange.unique_id(at) if agent.adds_itself else "MANAGER"
        self._log.add(at, call_id, agent.skills[0], agent.log_name, "ADDMEMBER")
        if len(agent.skills) > 1:
            self._clock.at(at + agent.random.randint(0, 2), self._join_rest, agent, call_id)
        else:
            self.free(at, agent)

    def _join_rest(self, at: int, agent: Agent, call_id: str) -> None:
        for queue_id in agent.skills[1:]:
            self._log.add(at, call_id, queue_id, agent.log_name, "ADDMEMBER")
        self.free(at, agent)

    def _want_logout(self, at: int, agent: Agent, session: int) -> None:
        if session != agent.session:
            return
        if agent.is_ready or agent.is_held:
            self._interrupt(at, agent)
            self._log_out(at, agent)
        elif agent.is_logged_in:
            agent.wants_logout = True
        agent.session += 1  # what this session still planned is void

    def _log_out(self, at: int, agent: Agent, back_after: int | None = None) -> None:
        """Log out at once; with `back_after` the session goes on after so many seconds."""
        agent.wants_logout = False
        if agent.logs_in_by_agent_login:
            seconds = at - agent.logged_in_at
            told = f"{agent.login_channel}|{seconds}"
            self._log.add(at, self._exchange.unique_id(at), "NONE", agent.log_name, "AGENTLOGOFF", told)
            self._logged_out(at, agent)
        else:
            call_id = self._exchange.unique_id(at) if agent.adds_itself else "MANAGER"
            self._log.add(at, call_id, agent.skills[0], agent.log_name, "REMOVEMEMBER")
            if len(agent.skills) > 1:
                self._clock.at(at + agent.random.randint(0, 1), self._leave_rest, agent, call_id)
            else:
                self._logged_out(at, agent)
        if back_after is not None:
            self.workload.was_away(agent, max(back_after, 60))
            self._clock.at(at + max(back_after, 60), self._back, agent, agent.session)

    def _leave_rest(self, at: int, agent: Agent, call_id: str) -> None:
        for queue_id in agent.skills[1:]:
            self._log.add(at, call_id, queue_id, agent.log_name, "REMOVEMEMBER")
        self._logged_out(at, agent)

    def _logged_out(self, at: int, agent: Agent) -> None:
        agent.is_logged_in = False
        self._history.presences.append(Presence(agent.agent_id, None, agent.logged_in_at, at))

    def _back(self, at: int, agent: Agent, session: int) -> None:
        if session == agent.session and not agent.is_logged_in:
            self._log_in(at, agent)

    # --- activities and pauses --------------------------------------------------------------------------------------

    def _want(self, at: int, agent: Agent, session: int, kind: ActivityKind, seconds: int) -> None:
        if session != agent.session or not agent.is_logged_in:
            return
        if agent.is_ready or agent.is_held:
            self._interrupt(at, agent)
            self._begin_activity(at, agent, kind, seconds)
        else:
            agent.wants.append((kind, seconds))

    def call_back(self, at: int, agent: Agent) -> None:
        """An agent who was held back is to take calls."""
        agent.is_held = False
        self.unpause(at, agent)

    def _interrupt(self, at: int, agent: Agent) -> None:
        """The agent, who is ready or held back, is so no longer."""
        if agent.is_held:
            agent.is_held = False
            self._leave_pause(at, agent)
        else:
            self._queueing.withdraw(agent)

    def _begin_activity(self, at: int, agent: Agent, kind: ActivityKind, seconds: int) -> None:
        if kind == "logoff":
            self._log_out(at, agent, back_after=seconds)
            return
        self.pause(at, agent, agent.acw_reason if kind == "acw" else kind)
        if kind == "outbound":
            self.on_outbound(at, agent)
        else:
            if kind == "break" and agent.random.random() < 0.15:
                self.on_break(at + 30, agent)
            self._clock.at(at + seconds, self.unpause, agent)

    def pause(self, at: int, agent: Agent, reason: str) -> None:
        """Pause, or change the reason of a pause: Asterisk logs PAUSE again."""
        if agent.pause_reason is not None:
            self._end_pause(at, agent, agent.pause_reason)
        agent.pause_reason, agent.paused_at = reason, at
        self._log_pause(at, agent, "PAUSE", reason)

    def unpause(self, at: int, agent: Agent) -> None:
        self._leave_pause(at, agent)
        self.free(at, agent)

    def _leave_pause(self, at: int, agent: Agent) -> None:
        reason, agent.pause_reason = agent.pause_reason, None
        assert reason is not None
        self._end_pause(at, agent, reason)
        self._log_pause(at, agent, "UNPAUSE", reason)

    def _end_pause(self, at: int, agent: Agent, reason: str) -> None:
        self._history.presences.append(Presence(agent.agent_id, reason, agent.paused_at, at))
        if reason != agent.acw_reason:
            self.workload.was_away(agent, at - agent.paused_at)

    def _log_pause(self, at: int, agent: Agent, event: str, reason: str) -> None:
        if agent.pauses_all:
            # Asterisk writes no reason here, and goes on to write one line for each queue
            self._log.add(at, "NONE", "NONE", agent.log_name, f"{event}ALL")
        for queue_id in agent.skills:
            self._log.add(at, "NONE", queue_id, agent.log_name, event, reason)

    def free(self, at: int, agent: Agent) -> None:
        """The agent has nothing to do: log out, do what was put off, or take a call."""
        if agent.wants_logout:
            self._log_out(at, agent)
        elif agent.wants:
            kind, seconds = agent.wants.popleft()
            if at >= self._exchange.closing and kind != "acw":
                self.free(at, agent)
            else:
                self._begin_activity(at, agent, kind, seconds)
        elif self.is_held_back(at, agent):
            agent.is_held = True
            self.pause(at, agent, "ticket")
        else:
            self._queueing.make_ready(at, agent, goes_first=self.workload.goes_first(at, agent))

    # --- after a conversation ----------------------------------------------------------------------------------------

    def end_talk(self, at: int, agent: Agent, acw_mean_s: float, r: Random) -> None:
        """The conversation is over: after-call work for most, at once or after a few seconds."""
        delay_s = self.workload.handled(at, agent)
        if r.random() >= HAS_ACW and not delay_s:
            self.free(at, agent)
            return
        factor = self.workload.after_call_factor(at)
        seconds = 6 + min(int(factor * r.expovariate(1 / acw_mean_s)), int(LONGEST_ACW_S * max(1.0, factor)))
        seconds = max(seconds, delay_s)
        delay = 0 if r.random() < 0.8 else r.randint(1, 4)
        if delay:
            self._clock.at(at + delay, self._begin_acw, agent, seconds)
        else:
            self._begin_acw(at, agent, seconds)

    def _begin_acw(self, at: int, agent: Agent, seconds: int) -> None:
        self.pause(at, agent, agent.acw_reason)
        self._clock.at(at + seconds, self._end_acw, agent)

    def _end_acw(self, at: int, agent: Agent) -> None:
        """Back to work; now and then straight into the activity that was put off, without UNPAUSE."""
        is_open = at < self._exchange.closing and not agent.wants_logout
        if agent.wants and is_open and agent.random.random() < 0.3:
            kind, seconds = agent.wants[0]
            if kind not in ("logoff", "acw"):
                agent.wants.popleft()
                self._exchange.planted["pause_reason_changes"] += 1
                self._begin_activity(at, agent, kind, seconds)
                return
        self.unpause(at, agent)
