"""Calls that arrive: how many on a day, when, and from whom.

Belongs here: new calls, and the calls of people who call again. Does not belong here: the way of a call (`centre`),
chats and mails (`digital`), who comes and with what where scenarios say it (`who_comes`).

Where scenarios change the number of arrivals, the calls of an hour are drawn when it begins and not with its day: in a
centre that answers too few, so many try again that a day's plan would be far from the number that is planted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from random import Random

from simulator.callers import Callers
from simulator.exchange import Exchange
from simulator.issues import Intent, Return
from simulator.local_time import DAY_S
from simulator.records import chance
from simulator.scenarios.effects import Effects
from simulator.setting import (
    BY_HOUR,
    BY_WEEKDAY,
    CHATS_PER_CALL,
    FEWEST_NEW_CALLS,
    HOUR,
    MAILS_PER_CALL,
    NEW_CALLS,
)
from simulator.who_comes import WhoComes

MEDIA_SHARES = {"voice": 1.0, "im": CHATS_PER_CALL, "email": MAILS_PER_CALL}
# where scenarios divide contacts among the media: share of all that are new, and of the new ones of a medium those in
# which an agent handles a customer whom the company knows, as the divided contacts are those
_NEW_OF_ALL = 0.72
_HANDLED = {"voice": 0.68, "im": 0.79, "email": 0.88}


def new_contacts(effects: Effects, medium: str, at: int) -> float:
    """New contacts of a medium in an hour, as a multiple of the usual contacts of that hour."""
    factor = effects.level("arrivals", 1.0, at, medium=medium)
    if not effects.fixed_shares("arrival_share", "medium", at):
        return factor
    shares = effects.shares("arrival_share", "medium", MEDIA_SHARES, at)
    come = {name: share / _HANDLED[name] for name, share in shares.items()}
    return factor * _NEW_OF_ALL * come[medium] / sum(come.values()) * sum(MEDIA_SHARES.values()) / MEDIA_SHARES[medium]


class Arrivals:
    """Plans the calls of each day and hands each to `call` when it arrives."""

    def __init__(
        self,
        exchange: Exchange,
        callers: Callers,
        who_comes: WhoComes,
        effects: Effects,
        call: Callable[[int, Intent, Random], None],
    ) -> None:
        self._exchange = exchange
        self._callers = callers
        self._who_comes = who_comes
        self._effects = effects
        self._call = call
        # calls of people who come back, by the hour since 1970 in which they will
        self._returns: Counter[int] = Counter()
        # of today: calls that have begun, that were to begin by now, and new ones that were drawn
        self._begun = 0
        self._due = 0.0
        self._drawn = 0

    def begin_day(self, at: int, day: int) -> None:
        """Draw the new calls of one day, a Poisson number in each hour, and start with the first.

        Who is known to come back is part of the day's volume, so that it stays what the setting says.
        """
        setting = self._exchange.setting
        r = chance(setting.seed, "arrivals", day)
        total = setting.calls_per_day * BY_WEEKDAY[self._exchange.weekday(at)] * r.uniform(0.96, 1.04)
        if self._effects.has("arrivals"):
            self._begun, self._due, self._drawn = 0, 0.0, 0
            for hour in range(len(BY_HOUR)):
                self._exchange.clock.at(at + hour * HOUR, self._begin_hour, day, hour, total)
        else:
            self._draw_day(at, day, total, r)
        if day + 1 < setting.days:
            self._exchange.clock.at(at + DAY_S, self.begin_day, day + 1)

    def _draw_day(self, at: int, day: int, total: float, r: Random) -> None:
        arrivals: deque[tuple[int, int]] = deque()
        number = 0
        for hour, share in enumerate(BY_HOUR):
            begins = at + hour * HOUR
            expected = total * share / sum(BY_HOUR)
            fresh = max(expected - self._returns.pop(begins // HOUR, 0), FEWEST_NEW_CALLS * expected) * NEW_CALLS
            if self._effects.fixed_shares("arrival_share", "medium", begins):
                fresh = expected * new_contacts(self._effects, "voice", begins)
            for second in _poisson(fresh, r):
                if begins + second < self._exchange.last_call:
                    arrivals.append((begins + second, number))
                number += 1
        self._next_arrival(at, day, arrivals)

    def _begin_hour(self, at: int, day: int, hour: int, total: float) -> None:
        """Draw the new calls of one hour. Calls beyond those that were to come by now are missing in it."""
        expected = fresh = total * BY_HOUR[hour] / sum(BY_HOUR) * new_contacts(self._effects, "voice", at)
        if not self._effects.fixed_shares("arrival_share", "medium", at):
            too_many = self._begun - self._due + self._returns.pop(at // HOUR, 0)
            fresh = max(expected - too_many, FEWEST_NEW_CALLS * expected)
        self._due += expected
        r = chance(self._exchange.setting.seed, "arrivals", day, hour)
        arrivals: deque[tuple[int, int]] = deque()
        for second in _poisson(fresh, r):
            if at + second < self._exchange.last_call:
                arrivals.append((at + second, self._drawn))
            self._drawn += 1
        self._next_arrival(at, day, arrivals)

    def _next_arrival(self, at: int, day: int, arrivals: deque[tuple[int, int]]) -> None:
        if arrivals:
            begins, number = arrivals.popleft()
            self._exchange.clock.at(begins, self._arrive, day, number, arrivals)

    def _arrive(self, at: int, day: int, number: int, arrivals: deque[tuple[int, int]]) -> None:
        """Somebody calls with something new."""
        self._next_arrival(at, day, arrivals)
        seed = self._exchange.setting.seed
        r = chance(seed, "call", day, number)
        person = self._callers.by_telephone(at, r)
        person = self._who_comes.person(
            at, "voice", person, lambda own: self._callers.by_telephone(at, own), ("call", day, number)
        )
        issue = self._who_comes.issue(at, "voice", person, r, ("call", day, number))
        self._begun += 1
        self._call(at, Intent(person, issue), r)

    def plan_return(self, back: Return, after: str) -> None:
        """Somebody will call again, after a contact of any medium."""
        self._returns[back.at // HOUR] += 1
        self._exchange.clock.at(back.at, self._call_again, back.intent, after)

    def _call_again(self, at: int, intent: Intent, after: str) -> None:
        r = chance(self._exchange.setting.seed, "again", after)
        customer = intent.person.customer
        if customer is not None and intent.repeat_of is not None and intent.tries == 0:
            intent.person = self._callers.calling(customer, r)
        self._begun += 1
        self._call(at, intent, r)


def _poisson(expected: float, r: Random) -> Iterator[int]:
    """Seconds of an hour at which something happens that is `expected` so often in it."""
    second = r.expovariate(expected / HOUR) if expected > 0 else HOUR
    while second < HOUR:
        yield int(second)
        second += r.expovariate(expected / HOUR)
