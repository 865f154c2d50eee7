"""The interfaces that the centre's systems call, as monitoring counts them by the minute.

Belongs here: their traffic, which follows the contacts, and their outages. Does not belong here: single calls.

On an ordinary day fewer than one call in a thousand fails; an outage is an interface that fails for minutes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.local_time import midnight
from simulator.records import Record, chance
from simulator.scenarios.effects import Effects

MINUTES = 1440
_FAILS = 0.0003
_OUTAGES_A_DAY = 0.01  # of one interface
_FAILS_IN_OUTAGE, _SLOWER_IN_OUTAGE = 0.65, 6.0


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface of a tool. `calls`: per contact; `latency_ms`: usual 95th percentile."""

    endpoint_id: str
    tool: str
    calls: float
    latency_ms: float


INTERFACES = (
    Interface("logistics.track", "logistics", 0.45, 320.0),
    Interface("order.query", "order", 0.70, 180.0),
    Interface("repair.dispatch", "repair", 0.20, 410.0),
    Interface("member.profile", "membership", 1.00, 120.0),
    Interface("asr.transcribe", "asr", 0.85, 900.0),
    Interface("survey.push", "survey", 0.60, 150.0),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """Minutes of a day [first, end) in which an interface mostly fails."""

    endpoint_id: str
    day: int
    first_minute: int
    end_minute: int


def of_day(seed: int, day: int, contacts_in_minute: Callable[[int], float], effects: Effects) -> Iterator[Record]:
    """The minutes of a local day, those without a call as well, in order of time.

    `contacts_in_minute`: expected contacts of the minute that begins at an instant.
    """
    begins = midnight(day)
    lines = [(interface, chance(seed, "interface", interface.endpoint_id, day)) for interface in INTERFACES]
    broken = {outage.endpoint_id: outage for outage in outages(seed, day)}
    for minute in range(MINUTES):
        at = begins + 60 * minute
        contacts = contacts_in_minute(at)
        for interface, r in lines:
            calls = _around(r, contacts * interface.calls)
            outage = broken.get(interface.endpoint_id)
            is_out = outage is not None and outage.first_minute <= minute < outage.end_minute
            fails = effects.level("api_failed", _FAILS_IN_OUTAGE if is_out else _FAILS, at, tool=interface.tool)
            slow = _SLOWER_IN_OUTAGE if is_out else 1.0
            row = {
                "endpoint_id": interface.endpoint_id,
                "tool_name": interface.tool,
                "minute_at": at,
                "call_count": float(calls),
                "failure_count": float(_hits(r, calls, fails)),
                "latency_p95_ms": round(interface.latency_ms * slow * r.uniform(0.85, 1.25), 1) if calls else None,
            }
            yield Record("canonical.api_call_minute", at + 60, row)


def outages(seed: int, day: int) -> Iterator[Outage]:
    """The outages of a local day, at most one of each interface."""
    for interface in INTERFACES:
        r = chance(seed, "outage", interface.endpoint_id, day)
        if r.random() < _OUTAGES_A_DAY:
            first = int(r.triangular(8 * 60, 21 * 60))
            yield Outage(interface.endpoint_id, day, first, first + r.randint(5, 40))


def _around(r: random.Random, mean: float) -> int:
    """A whole number with about this mean and the spread of independent calls."""
    return max(0, int(r.gauss(mean, mean**0.5) + r.random())) if mean > 3 else _few(r, mean)


def _few(r: random.Random, mean: float) -> int:
    """A Poisson number, for means of a few."""
    calls, waited = 0, r.expovariate(1.0) if mean > 0 else 1.0
    while waited < mean:
        calls, waited = calls + 1, waited + r.expovariate(1.0)
    return calls


def _hits(r: random.Random, of: int, likely: float) -> int:
    """How many of so many calls fail: one throw decides where a failure is rare."""
    if of * likely < 0.05:
        return 1 if r.random() < of * likely else 0
    return sum(r.random() < likely for _ in range(of))
