"""The way of a caller through the telephone menu.

Belongs here: keys, wrong keys, silence, hanging up, doing it oneself, and what scenarios change of it. Does not belong
here: the menu itself (`catalogue.MENU`), what comes after it.

The hops of a way are the nodes between the welcome and its goal, a queue or the place for doing it oneself. Who gives
up the menu, as scenarios plant it, does so at the last of them: because there are several, or after failing twice.
"""

from __future__ import annotations

from random import Random
from typing import Literal, NamedTuple

from simulator.catalogue import MENU, MORE_LEVELS, Issue
from simulator.customers import Tier
from simulator.events import Step, StepEnd
from simulator.exchange import local_hour
from simulator.records import chance
from simulator.scenarios.effects import NO_EFFECTS, Effects
from simulator.setting import BY_ID

FLOW_ID, FLOW_VERSION = "main", "1"
OPERATOR = "queue:support"
ROOT = "welcome"

# chances at a node; hanging up grows with each node that the caller has heard before, and with each failure
HANGS_UP_AT_FIRST, HANGS_UP_PER_HOP, HANGS_UP_PER_FAILURE = 0.012, 0.014, 0.03
SILENT, WRONG_KEY = 0.035, 0.025
LOST_WAY = 0.04
ASKS_OPERATOR = 0.07
MOST_FAILURES = 3
SELF_SERVICE_WORKS = 0.6
REROUTED_WHEN_CLOSED = 0.5
LISTENS_MEAN_S, LISTENS_LEAST_S, LISTENS_MOST_S = 7.0, 2, 45
SILENCE_S = 8
CLOSED_NOTICE_S = 12
# a menu that is given up without so many hops is given up after so many failures
HOPS_OF_A_LONG_MENU, FAILURES_BEFORE_GIVING_UP = 2, 2

_SELF_SERVICE_NODE = {
    "logistics": "delivery_query",
    "billing": "bill_query",
    "membership": "promotion_news",
    "purchase": "promotion_news",
    "activation": "setup_guide",
    "repair": "setup_guide",
}
_WANDERS_TO = ("sales_menu", "service_menu", "bill_menu")


class Walk(NamedTuple):
    """A way through the menu and its end; `queue_id` where it ended in a queue."""

    steps: list[Step]
    end: Literal["queue", "hangup", "closed", "done"]
    queue_id: str | None


def _ways(target: str) -> list[str]:
    """The keys of the shortest way from the root to a node or an end, without the operator's shortcut."""
    ways: list[tuple[str, list[str]]] = [(ROOT, [])]
    for node_id, keys in ways:
        for key, leads_to in MENU[node_id].keys.items():
            if node_id == ROOT and leads_to == OPERATOR:
                continue
            if leads_to == target:
                return [*keys, key]
            if leads_to in MENU and leads_to != ROOT:
                ways.append((leads_to, [*keys, key]))
    raise KeyError(target)


_WAYS = {
    target: _ways(target) for target in (*_SELF_SERVICE_NODE.values(), *(f"queue:{queue_id}" for queue_id in BY_ID))
}


_KEYS = {node.node_id: node.keys for node in (*MENU.values(), *MORE_LEVELS)}


class _Choice(NamedTuple):
    """A right key at a node."""

    node_id: str
    key: str
    leads_to: str


def _choices(keys: list[str]) -> list[_Choice]:
    found, node_id = [], ROOT
    for key in keys:
        found.append(_Choice(node_id, key, MENU[node_id].keys[key]))
        node_id = found[-1].leads_to
    return found


def _lengthened(way: list[_Choice], goal: str, hops: int) -> list[_Choice]:
    """The way with so many hops from the welcome to the goal; as it is if it has as many, or another goal."""
    found: list[_Choice] = []
    for choice in way:
        if choice.leads_to == goal and choice.node_id != ROOT:
            more = MORE_LEVELS[: max(0, hops - 1)]
            nodes = [choice.node_id, *(node.node_id for node in more)]
            keys = [choice.key, *(next(iter(node.keys)) for node in more)]
            found += map(_Choice, nodes, keys, [*nodes[1:], goal])
        else:
            found.append(choice)
    return found


class _Path:
    """The steps so far; time runs with them."""

    def __init__(self, at: int, r: Random) -> None:
        self.steps: list[Step] = []
        self.at = at
        self.failures = 0
        self.hangs_up_by_chance = True  # at any node
        self._r = r

    def leave(self, node_id: str, ended: StepEnd, key: str | None = None, target: str | None = None) -> None:
        seconds = LISTENS_LEAST_S + min(int(self._r.expovariate(1 / LISTENS_MEAN_S)), LISTENS_MOST_S)
        if ended == "timeout":
            seconds += SILENCE_S
        self.steps.append(Step(node_id, self.at, self.at + seconds, ended, key, target))
        self.at += seconds

    def stays(self, node_id: str) -> Literal["on", "hangup", "operator"]:
        """Whether the caller gets as far as a right key at this node."""
        r = self._r
        while True:
            hangs_up = HANGS_UP_AT_FIRST + HANGS_UP_PER_HOP * len(self.steps) + HANGS_UP_PER_FAILURE * self.failures
            if not self.hangs_up_by_chance:
                hangs_up = 0.0
            draw = r.random()
            if draw < hangs_up:
                self.leave(node_id, "hangup")
                return "hangup"
            if draw < hangs_up + SILENT:
                self.leave(node_id, "timeout")
            elif draw < hangs_up + SILENT + WRONG_KEY:
                self.press_wrong_key(node_id)
            else:
                return "on"
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                self.leave(node_id, "agent", None, OPERATOR)
                return "operator"

    def press_wrong_key(self, node_id: str) -> None:
        wrong = [key for key in "456780*" if key not in _KEYS[node_id]]
        self.leave(node_id, "invalid_key", self._r.choice(wrong))


class Menu:
    """The menu as callers go through it; scenarios make it longer, and more or fewer of them give it up."""

    def __init__(self, seed: int, effects: Effects = NO_EFFECTS) -> None:
        self._seed = seed
        self._effects = effects
        self._is_changed = any(map(effects.has, ("menu_hops", "menu_hangup", "menu_to_agent")))

    def walk(self, at: int, issue: Issue, tier: Tier | None, call_id: str, r: Random) -> Walk:
        """The way of a caller whom the system answered at `at`.

        Who can do it alone is led to the place for that, and asks for an agent there if it does not work. Some ask for
        the operator at once, some lose their way and come back to the beginning.
        """
        tries_alone = r.random() < issue.self_service / SELF_SERVICE_WORKS
        goal = _SELF_SERVICE_NODE[issue.parent_id] if tries_alone else f"queue:{issue.queue_id}"
        keys = list(_WAYS[goal])
        if not tries_alone and r.random() < ASKS_OPERATOR:
            keys = ["0"]
        elif r.random() < LOST_WAY:
            wrong = r.choice(_WANDERS_TO)
            keys = [next(key for key, leads_to in MENU[ROOT].keys.items() if leads_to == wrong), "9", *keys]
        if tries_alone:
            works = r.random() < SELF_SERVICE_WORKS
            keys.append("#" if works else "0")
        path, way, own = _Path(at, r), _choices(keys), None
        if self._is_changed:
            own = chance(self._seed, "menu", call_id)
            hops = round(self._effects.level("menu_hops", len(_WAYS[goal]) - 1, at, tier=tier))
            gives_up = self._effects.fixed("menu_hangup", at, tier=tier, hops=hops)
            path.hangs_up_by_chance = gives_up is None
            if gives_up is not None and own.random() < gives_up:
                return _give_up(path, _lengthened(_choices(_WAYS[goal]), goal, hops), hops)
            way = _lengthened(way, goal, hops)
        return self._go(path, way, own, r)

    def _go(self, path: _Path, way: list[_Choice], own: Random | None, r: Random) -> Walk:
        for node_id, key, leads_to in way:
            keys = _KEYS[node_id]
            to_agent = self._effects.fixed("menu_to_agent", path.at, node_id=node_id)
            if to_agent is not None and own is not None:
                if own.random() < to_agent:
                    return _end_in_queue(path, node_id, "0", keys.get("0", OPERATOR), r)
                key, leads_to = ("#", keys["#"]) if "#" in keys else (key, leads_to)
            how = path.stays(node_id)
            if how == "hangup":
                return Walk(path.steps, "hangup", None)
            if how == "operator":
                return _end_in_queue(path, node_id, None, OPERATOR, r)
            if leads_to == "done":
                path.leave(node_id, "self_service_done", key)
                return Walk(path.steps, "done", None)
            if leads_to not in _KEYS:
                return _end_in_queue(path, node_id, key, leads_to, r)
            path.leave(node_id, "next_node", key, leads_to)
        raise AssertionError("a way through the menu has an end")


def _give_up(path: _Path, way: list[_Choice], hops: int) -> Walk:
    """Go to the node before the goal and hang up there, in a short menu after failing."""
    for node_id, key, leads_to in way[:-1]:
        path.leave(node_id, "next_node", key, leads_to)
    for _ in range(FAILURES_BEFORE_GIVING_UP if hops < HOPS_OF_A_LONG_MENU else 0):
        path.press_wrong_key(way[-1].node_id)
    path.leave(way[-1].node_id, "hangup")
    return Walk(path.steps, "hangup", None)


def _end_in_queue(path: _Path, node_id: str, key: str | None, leads_to: str, r: Random) -> Walk:
    """The last key; a closed queue says its hours, or the call goes to the one that never closes."""
    queue = BY_ID[leads_to.removeprefix("queue:")]
    if not queue.opens <= local_hour(path.at) < queue.closes:
        if r.random() >= REROUTED_WHEN_CLOSED:
            path.leave(node_id, "hangup", key, leads_to)
            path.steps[-1].left_at += CLOSED_NOTICE_S
            return Walk(path.steps, "closed", None)
        queue = BY_ID["support"]
    if path.failures < MOST_FAILURES:
        path.leave(node_id, "agent", key, f"queue:{queue.queue_id}")
    return Walk(path.steps, "queue", queue.queue_id)
