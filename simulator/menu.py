"""The way of a caller through the telephone menu.

Belongs here: keys, wrong keys, silence, hanging up, doing it oneself. Does not belong here: the menu itself
(`catalogue.MENU`), what comes after it.
"""

from __future__ import annotations

from random import Random
from typing import Literal, NamedTuple

from simulator.catalogue import MENU, Issue
from simulator.events import Step, StepEnd
from simulator.exchange import local_hour
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


class _Path:
    """The steps so far; time runs with them."""

    def __init__(self, at: int, r: Random) -> None:
        self.steps: list[Step] = []
        self.at = at
        self.failures = 0
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
            chance = r.random()
            if chance < hangs_up:
                self.leave(node_id, "hangup")
                return "hangup"
            if chance < hangs_up + SILENT:
                self.leave(node_id, "timeout")
            elif chance < hangs_up + SILENT + WRONG_KEY:
                wrong = [key for key in "456780*" if key not in MENU[node_id].keys]
                self.leave(node_id, "invalid_key", r.choice(wrong))
            else:
                return "on"
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                self.leave(node_id, "agent", None, OPERATOR)
                return "operator"


def walk(at: int, issue: Issue, r: Random) -> Walk:
    """The way of a caller whom the system answered at `at`.

    Who can do it alone is led to the place for that, and asks for an agent there if it does not work. Some ask for the
    operator at once, some lose their way and come back to the beginning.
    """
    path = _Path(at, r)
    tries_alone = r.random() < issue.self_service / SELF_SERVICE_WORKS
    target = _SELF_SERVICE_NODE[issue.parent_id] if tries_alone else f"queue:{issue.queue_id}"
    keys = list(_WAYS[target])
    if not tries_alone and r.random() < ASKS_OPERATOR:
        keys = ["0"]
    elif r.random() < LOST_WAY:
        wrong = r.choice(_WANDERS_TO)
        keys = [next(key for key, leads_to in MENU[ROOT].keys.items() if leads_to == wrong), "9", *keys]
    if tries_alone:
        works = r.random() < SELF_SERVICE_WORKS
        keys.append("#" if works else "0")

    node_id = ROOT
    for key in keys:
        how = path.stays(node_id)
        if how == "hangup":
            return Walk(path.steps, "hangup", None)
        leads_to = OPERATOR if how == "operator" else MENU[node_id].keys[key]
        if how == "on" and leads_to in MENU:
            path.leave(node_id, "next_node", key, leads_to)
            node_id = leads_to
        elif leads_to == "done":
            path.leave(node_id, "self_service_done", key)
            return Walk(path.steps, "done", None)
        else:
            return _end_in_queue(path, node_id, key if how == "on" else None, leads_to, r)
    raise AssertionError("a way through the menu has an end")


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
