"""The queueing laboratory: one queue under the assumptions of Erlang's formulas, on the engine of the centre.

Belongs here: Poisson arrivals, exponential handling, agents who are always there, patience without end or exponential,
and what is measured of them, with confidence intervals. Does not belong here: queues themselves (`queueing`), real
behaviour (`centre`).

The engine counts whole units of time. In seconds, that would bias waits of a few seconds; here a unit is a hundredth of
a second and every time is rounded to the nearest one, which moves a mean by far less than the simulation's own error.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import NamedTuple

from simulator.clock import Clock
from simulator.events import ExitKind
from simulator.queueing import Caller, Queueing, Server
from simulator.records import chance

UNITS_PER_S = 100
QUEUE_ID = "laboratory"
_NEVER = 10**15


@dataclass(frozen=True, slots=True)
class Experiment:
    """A queue; `patience_s` None: nobody hangs up. The first batch warms up and is not measured."""

    agents: int
    calls_per_s: float
    handle_s: float
    target_s: float
    patience_s: float | None = None
    batches: int = 20
    calls_per_batch: int = 2000
    seed: int = 1


class Estimate(NamedTuple):
    """A mean over batches, and half of its confidence interval."""

    mean: float
    half_width: float

    def contains(self, value: float) -> bool:
        """Whether a value lies within the interval."""
        return abs(value - self.mean) <= self.half_width


class Findings(NamedTuple):
    """What was measured. Rates are over all calls; `mean_wait_s` is over all calls, whether answered or not."""

    waited: Estimate
    service_level: Estimate
    abandoned: Estimate
    mean_wait_s: Estimate
    occupancy: Estimate


@dataclass(slots=True)
class _Agent:
    agent_id: str
    skills: tuple[str, ...] = (QUEUE_ID,)
    is_ready: bool = False


@dataclass(slots=True)
class _Batch:
    """Sums over the calls that arrived one after another."""

    begins: int = 0
    ends: int = 0
    calls: int = 0
    waited: int = 0
    in_time: int = 0
    abandoned: int = 0
    wait: int = 0
    busy: int = 0


class Laboratory:
    """One run of an experiment; a `queueing.Behaviour` of the plainest kind."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._clock = Clock()
        self._queueing = Queueing(self._clock, [QUEUE_ID], self)
        self._random = chance(experiment.seed, "laboratory", experiment.agents)
        self._batches = [_Batch() for _ in range(experiment.batches + 1)]
        self._calls = 0

    def run(self, t_quantile: float) -> Findings:
        """Simulate, and estimate from batch means with the given quantile of Student's distribution."""
        for number in range(self._experiment.agents):
            self._queueing.make_ready(0, _Agent(f"agent {number}"))
        self._clock.at(0, self._arrive)
        self._clock.run()
        measured = self._batches[1:]
        agents = self._experiment.agents

        def estimate(values: list[float]) -> Estimate:
            half_width = t_quantile * statistics.stdev(values) / math.sqrt(len(values))
            return Estimate(statistics.fmean(values), half_width)

        return Findings(
            estimate([batch.waited / batch.calls for batch in measured]),
            estimate([batch.in_time / batch.calls for batch in measured]),
            estimate([batch.abandoned / batch.calls for batch in measured]),
            estimate([batch.wait / batch.calls / UNITS_PER_S for batch in measured]),
            estimate([batch.busy / agents / (batch.ends - batch.begins) for batch in measured]),
        )

    def _units(self, mean_s: float) -> int:
        return round(self._random.expovariate(1 / mean_s) * UNITS_PER_S)

    def _batch(self, caller: Caller) -> _Batch:
        return self._batches[int(caller.call_id) // self._experiment.calls_per_batch]

    def _arrive(self, at: int) -> None:
        number = self._calls
        self._calls += 1
        batch_no, place = divmod(number, self._experiment.calls_per_batch)
        if place == 0 and batch_no:
            self._batches[batch_no - 1].ends = at
        if batch_no == len(self._batches):
            return
        if place == 0:
            self._batches[batch_no].begins = at
        self._batches[batch_no].calls += 1
        self._clock.at(at + self._units(1 / self._experiment.calls_per_s), self._arrive)
        self._queueing.enter(at, Caller(str(number), QUEUE_ID, self._random))

    def _free(self, at: int, server: Server) -> None:
        self._queueing.make_ready(at, server)

    # --- what the queue asks and tells ------------------------------------------------------------------------------

    def patience(self, at: int, caller: Caller) -> tuple[int, ExitKind]:
        """Exponential, or without end."""
        mean_s = self._experiment.patience_s
        return (_NEVER if mean_s is None else self._units(mean_s)), "abandoned"

    def ring(self, caller: Caller, server: Server) -> tuple[int, bool]:
        """Nobody rings."""
        return 0, True

    def entered(self, at: int, caller: Caller) -> None:
        """Nothing is logged."""

    def left(self, at: int, caller: Caller, kind: ExitKind, position: int) -> None:
        """Hung up."""
        batch = self._batch(caller)
        batch.abandoned += 1
        batch.waited += 1
        batch.wait += at - caller.entered_at

    def rang_out(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """Every agent answers."""
        raise AssertionError("an agent of the laboratory did not answer")

    def connected(self, at: int, caller: Caller, server: Server, since: int) -> None:
        """Answered."""
        batch, wait = self._batch(caller), at - caller.entered_at
        batch.waited += wait > 0
        batch.wait += wait
        batch.in_time += wait <= self._experiment.target_s * UNITS_PER_S
        handle = self._units(self._experiment.handle_s)
        batch.busy += handle
        self._clock.at(at + handle, self._free, server)

    def released(self, at: int, server: Server) -> None:
        """The caller hung up while being connected."""
        self._queueing.make_ready(at, server)
