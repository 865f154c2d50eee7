"""How long callers stay in a queue, and how that ends when nobody answers.

Belongs here: patience, pressing a key, the limits of the queue, and what scenarios plant of hanging up. Does not belong
here: when somebody answers (`queueing`, `staff`).

Where a scenario sets how many hang up, so many callers of a queue are ready to, within a minute; the others stay until
the queue sends them away. What is observed is a little less, as some are answered before: so little that figures hold
where waits are as long as `floor` keeps them. Where it sets how many of those hang up who waited for more than two
minutes, these decide at that moment, when the queue tells them again that all agents are busy.
"""

from __future__ import annotations

from simulator.events import ExitKind
from simulator.queueing import Caller
from simulator.records import chance
from simulator.scenarios.effects import Effects
from simulator.setting import BY_ID, IMPATIENT, PATIENCE_MEAN_S, PRESSES_KEY, QUEUE_EMPTY

_Leaves = tuple[int, ExitKind]
LONG_WAIT_S, DECIDES_WITHIN_S = 120, 3
# of those who are ready to hang up: at once, that is within 30 s and not by mistake, or later; and how many at once
AT_ONCE_S, LATER_S = (5, 30), (31, 60)
USUALLY_AT_ONCE = 0.5
_FOREVER_S = 10**6


class Patience:
    """Asked once for each stay of a caller in a queue."""

    def __init__(self, seed: int, effects: Effects) -> None:
        self._seed = seed
        self._effects = effects
        self._is_planted = effects.has("queue_hangup")

    def of(self, at: int, caller: Caller, waited_s: int) -> _Leaves:
        """How long the caller stays: as long as patience lasts, a key is not pressed, and the queue allows.

        `waited_s`: seconds since the caller asked for an agent, in queues that sent them on.
        """
        r = caller.random
        patience_s = r.randint(1, 7) if r.random() < IMPATIENT else 2 + int(r.expovariate(1 / PATIENCE_MEAN_S))
        if self._is_planted:
            patience_s = self._planted_s(at, caller, waited_s, patience_s)
        leaves: list[_Leaves] = [(patience_s, "abandoned"), (BY_ID[caller.queue_id].timeout_s, "timeout")]
        draw = r.random()
        if draw < PRESSES_KEY:
            leaves.append((r.randint(10, 60), "exit_key"))
        elif draw < PRESSES_KEY + QUEUE_EMPTY:
            leaves.append((r.randint(2, 25), "empty"))
        return min(leaves)

    def _planted_s(self, at: int, caller: Caller, waited_s: int, usual_s: int) -> int:
        queue_id, effects = caller.queue_id, self._effects
        own = chance(self._seed, "patience", caller.call_id, caller.stay)
        hang_up = effects.fixed("queue_hangup", at, queue_id=queue_id, waited=None)
        if hang_up is not None:
            if own.random() >= hang_up:
                return _FOREVER_S
            at_once = effects.level("hangup_within_30_s", USUALLY_AT_ONCE, at, queue_id=queue_id)
            return own.randint(*(AT_ONCE_S if own.random() < at_once else LATER_S))
        hang_up_late = effects.fixed("queue_hangup", at, queue_id=queue_id, waited="over_120")
        if hang_up_late is None or waited_s + usual_s <= LONG_WAIT_S:
            return usual_s
        if own.random() >= hang_up_late:
            return _FOREVER_S
        return max(0, LONG_WAIT_S - waited_s) + own.randint(1, DECIDES_WITHIN_S)
