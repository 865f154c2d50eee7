"""Queues: waiting calls and ready agents find each other.

Belongs here: who waits, who is ready, who is offered to whom, and when a wait ends. Does not belong here: how long
anybody is patient, rings or talks, and what is logged of it (a `Behaviour`): so the centre and the queueing laboratory
run on the same engine.

Calls are served first come, first served; of ready agents the longest ready takes the next call. An agent with several
skills takes the call that waits longest in any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from simulator.clock import Clock
from simulator.events import ExitKind


class Server(Protocol):
    """Somebody who answers."""

    agent_id: str
    skills: tuple[str, ...]
    is_ready: bool


@dataclass(slots=True)
class Caller:
    """One who waits in a queue, perhaps several times; `random` is the chance of this call and of no other."""

    call_id: str
    queue_id: str
    random: Random
    stay: int = 0  # number of the present visit; what was planned for an earlier one is void
    is_waiting: bool = False
    entered_at: int = 0
    position: int = 0
    ringing: Server | None = None
    offer: int = 0


class Behaviour(Protocol):
    """What the engine asks and tells; times are in units of the clock."""

    def patience(self, at: int, caller: Caller) -> tuple[int, ExitKind]:
        """How long the caller stays at most, and how that ends."""

    def ring(self, caller: Caller, server: Server) -> tuple[int, bool]:
        """How long the telephone rings, and whether it is answered."""

    def entered(self, at: int, caller: Caller) -> None:
        """The caller is in the queue."""

    def left(self, at: int, caller: Caller, kind: ExitKind, position: int) -> None:
        """The caller left the queue without an agent, from `position`."""

    def rang_out(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """The server did not answer."""

    def connected(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """The server answered, having rung since then."""

    def released(self, at: int, server: Server) -> None:
        """The server has nothing to do: the caller whom they were offered is gone."""


@dataclass(slots=True)
class _Queue:
    waiting: dict[str, Caller] = field(default_factory=dict)
    ready: dict[str, Server] = field(default_factory=dict)  # longest ready first


class Queueing:
    """Queues with their waiting callers and ready servers."""

    def __init__(self, clock: Clock, queue_ids: Iterable[str], behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._queues = {queue_id: _Queue() for queue_id in queue_ids}

    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return not any(queue.waiting for queue in self._queues.values())

    def make_ready(self, at: int, server: Server, *, goes_first: bool = False) -> None:
        """The server is free, and takes the call that waits longest; else the next one, if it `goes_first`."""
        server.is_ready = True
        longest = None
        for queue_id in server.skills:
            queue = self._queues[queue_id]
            if goes_first:
                queue.ready = {server.agent_id: server, **queue.ready}
            else:
                queue.ready[server.agent_id] = server
            for caller in queue.waiting.values():
                if caller.ringing is None:
                    if longest is None or caller.entered_at < longest.entered_at:
                        longest = caller
                    break
        if longest is not None:
            self._offer(at, longest, server)

    def withdraw(self, server: Server) -> None:
        """The server takes no calls."""
        server.is_ready = False
        for queue_id in server.skills:
            self._queues[queue_id].ready.pop(server.agent_id, None)

    def enter(self, at: int, caller: Caller) -> None:
        """The caller joins `caller.queue_id`."""
        queue = self._queues[caller.queue_id]
        caller.stay += 1
        caller.is_waiting = True
        caller.ringing = None
        caller.entered_at = at
        caller.position = len(queue.waiting) + 1
        queue.waiting[caller.call_id] = caller
        self._behaviour.entered(at, caller)
        seconds, kind = self._behaviour.patience(at, caller)
        self._clock.at(at + seconds, self._leave, caller, caller.stay, kind)
        if queue.ready:
            self._offer(at, caller, next(iter(queue.ready.values())))

    def _offer(self, at: int, caller: Caller, server: Server) -> None:
        self.withdraw(server)
        caller.ringing = server
        caller.offer += 1
        seconds, is_answered = self._behaviour.ring(caller, server)
        action = self._connect if is_answered else self._ring_out
        self._clock.at(at + seconds, action, caller, server, caller.offer, at)

    def _ring_out(self, at: int, caller: Caller, server: Server, offer: int, since: int) -> None:
        if not caller.is_waiting or caller.offer != offer:
            return
        caller.ringing = None
        self._behaviour.rang_out(at, caller, server, since)
        # the queue tries others before it tries this one again
        others = self._queues[caller.queue_id].ready
        if others:
            self._offer(at, caller, next(iter(others.values())))

    def _connect(self, at: int, caller: Caller, server: Server, offer: int, since: int) -> None:
        if not caller.is_waiting or caller.offer != offer:
            return
        del self._queues[caller.queue_id].waiting[caller.call_id]
        caller.is_waiting = False
        caller.ringing = None
        self._behaviour.connected(at, caller, server, since)

    def _leave(self, at: int, caller: Caller, stay: int, kind: ExitKind) -> None:
        """The caller leaves without an agent, unless that was settled before."""
        if not caller.is_waiting or caller.stay != stay:
            return
        waiting = self._queues[caller.queue_id].waiting
        position = 1 + list(waiting).index(caller.call_id)
        del waiting[caller.call_id]
        caller.is_waiting = False
        rung, caller.ringing = caller.ringing, None
        caller.offer += 1  # an offer under way is void, also if the caller enters another queue
        self._behaviour.left(at, caller, kind, position)
        if rung is not None:
            self._behaviour.released(at, rung)
