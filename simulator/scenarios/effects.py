"""What a planted scenario changes, and how the rest of the simulation asks for it.

Belongs here: the words for effects, one change, and the object that is asked. Does not belong here: the cases
(`s0` to `s4`), and what an effect means for a call or a ticket (the module that simulates it).

A module asks at the moment of chance, with what it knows of the thing::

    solved = effects.level("solved", issue.solved, at, issue_id=issue.issue_id, medium=contact.medium)

Without scenarios the answer is what was asked with, at the price of one look into an empty dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.catalogue import ISSUE_BY_ID
from simulator.errors import SettingError
from simulator.local_time import DAY_S, HOUR_S, UTC_OFFSET_S
from simulator.occasions import Calendar
from simulator.scenarios.measures import Measure

Phase = Literal["before", "after", "always"]
Switch = Literal["before", "after", "both"]


@dataclass(frozen=True, slots=True)
class Word:
    """An effect: what its level is, in which unit, and by what it may differ."""

    unit: str
    meaning: str
    by: tuple[str, ...] = ()


_ISSUE = ("issue_id", "topic")
WORDS = {
    # who comes
    "arrivals": Word("x", "contacts, as a multiple of an ordinary day's", ("medium",)),
    "arrival_share": Word(
        "share", "share of inbound contacts, or of those that are named before it", ("topic", "medium", "tier")
    ),
    "entry_share": Word("share", "share of calls that come to the number of an entry channel", ("channel",)),
    "returns": Word(
        "chance",
        "a customer whose issue was not solved, and no other one, comes back within 7 days",
        (*_ISSUE, "tier", "agent"),
    ),
    "return_reason": Word("share", "share of a reason among those who come back", (*_ISSUE, "reason", "tier")),
    # getting through
    "line_connected": Word("chance", "the lines connect an inbound call at all"),
    "staffing": Word("x", "telephone agents at work, as a multiple of the roster, 1 or more"),
    "queue_hangup": Word("chance", "a caller hangs up while queueing", ("queue_id", "waited")),
    "hangup_within_30_s": Word("chance", "one who hangs up in the queue does so within 30 s", ("queue_id",)),
    "wait_limit_s": Word("s", "mean wait until the answer that the agents on the telephone are made up for"),
    "ring_slow": Word("x", "how long agents let it ring, beyond the least, as a multiple of the usual"),
    "ring_missed": Word("chance", "a ring is not answered by the agent"),
    # menu
    "menu_hops": Word("nodes", "menu nodes between the welcome and the goal, 1 to 4", ("tier",)),
    "menu_hangup": Word("chance", "a caller hangs up inside the menu", ("tier", "hops")),
    "menu_to_agent": Word("chance", "a caller at a node leaves it for an agent", ("node_id",)),
    # the conversation
    "solved": Word(
        "chance",
        "a contact solves the issue; `attempt` is first, or again for one that repeats another",
        (*_ISSUE, "medium", "tier", "agent", "attempt"),
    ),
    "talk_s": Word("s", "mean talk", (*_ISSUE, "agent")),
    "reply_s": Word("s", "a chat agent's usual time to reply, with no other chat"),
    "outbound_reached": Word("chance", "somebody answers a call that an agent makes"),
    "very_short_talk": Word("chance", "a conversation ends within seconds"),
    "lookups": Word("count", "records of customers and orders looked up by hand in a contact", _ISSUE),
    "transferred": Word("chance", "a contact is handed over for lack of ability", (*_ISSUE, "agent")),
    "strong_emotion": Word("chance", "a contact has a strong negative emotion", (*_ISSUE, "medium")),
    # the agents' day
    "manual_share": Word("fraction", "part of working time for manual tickets and look-ups: logged in less breaks", ()),
    "contacts_per_agent_day": Word("count", "contacts that an agent can handle in a day", ("agent",)),
    "headcount": Word("x", "agents of the centre, as a multiple of the present", ()),
    "break_s": Word("s", "breaks in a day", ("agent",)),
    "busy_share": Word("fraction", "part of logged-in time not ready for work", ("agent",)),
    # tickets
    "ticket_route_s": Word("s", "time from sending to archiving across departments", (*_ISSUE, "department_id")),
    "ticket_stage_s": Word(
        "s",
        "time of a stage of the routing, the hand-over `from>to` between departments",
        (*_ISSUE, "department_id", "stage"),
    ),
    "ticket_rework": Word("chance", "a ticket comes back because information is missing", _ISSUE),
    "ticket_completed": Word("chance", "an assigned ticket is completed", ("agent",)),
    "missing_field": Word("chance", "a required field of a ticket is left empty by an agent of middling ability"),
    "wrong_category": Word("chance", "a ticket is filed wrongly by an agent of middling ability"),
    # what machines and evaluators find
    "bad_line": Word("chance", "a call is carried by a line on which everything is worse"),
    "recording_deleted_early": Word("chance", "a recording is deleted before its time"),
    "requirement_forgotten": Word("x", "requirements that agents forget, as a multiple of the usual"),
    "alert_handled": Word("chance", "somebody steps in after an alert of strong emotion"),
    "field_synced": Word("chance", "a field is known on the channel to which a customer changes"),
    "item_failed": Word("x", "items of an evaluation that are not met, as a multiple of the usual"),
    "capture_down": Word("chance", "a device that captures data is down at its hourly check"),
    # what customers say
    "survey_points": Word("points", "mean score of a survey, 0 to 100", (*_ISSUE, "survey")),
    "survey_answered": Word("x", "answers to surveys, as a multiple of the usual"),
    "complaint_share": Word("share", "share of a type among complaints", ("complaint_type", "age_band")),
    "complaint_again": Word("chance", "a closed complaint comes up again within 30 days", ("complaint_type",)),
    "complaint_escalated": Word("chance", "a complaint is escalated", ("complaint_type",)),
    # business
    "lead_converted": Word("chance", "a lead becomes a paid order", ("lead_source",)),
    "invite_accepted": Word("chance", "an offer is accepted", ("product_id", "lead_source")),
    "order_price": Word("x", "prices of orders, as a multiple of the usual"),
    "lead_closing": Word("x", "time from judging a lead to its order, as a multiple of the usual, at most 1"),
    "buys_again": Word("x", "purchases a year, as a multiple of the product's usual rhythm", ("tier",)),
    "labour_cost": Word("x", "pay and benefits, as a multiple of the present", ()),
    "query_anonymous": Word("chance", "a query of the reporting tool comes by a link that asks for no login"),
    "api_failed": Word("chance", "a call of an interface fails", ("tool",)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One effect of a scenario, in one of its phases.

    Either `level` replaces what the simulation would take, or `factor` multiplies it. `where`: the values of
    dimensions for which it holds. `hours`: local hours [from, until); `occasion`: a kind of day of the calendar.
    `after_days`: days from the switch until it holds, for a measure in two steps.
    """

    effect: str
    phase: Phase
    level: float | None = None
    factor: float = 1.0
    where: Mapping[str, str | int] = field(default_factory=dict)
    hours: tuple[int, int] | None = None
    occasion: str | None = None
    after_days: int = 0

    def __post_init__(self) -> None:
        if self.effect not in WORDS:
            raise ValueError(f"effect {self.effect}: no such word in effects.WORDS")
        unknown = set(self.where) - set(WORDS[self.effect].by)
        if unknown:
            raise ValueError(f"effect {self.effect} can't differ by {sorted(unknown)}")
        if WORDS[self.effect].unit == "share" and (self.level is None or not self.where):
            raise ValueError(f"effect {self.effect} is a share: it needs a level and whose share it is")


@dataclass(frozen=True, slots=True)
class Planting:
    """The changes of a scenario, switched: its state before the measure, after it, or both around an instant.

    `measures`: what the centre does at that instant, for its register of actions.
    """

    scenario_id: str
    changes: tuple[Change, ...]
    switch: Switch
    at: int | None = None
    measures: tuple[Measure, ...] = ()

    def __post_init__(self) -> None:
        if (self.switch == "both") != (self.at is not None):
            raise SettingError(f"{self.scenario_id}: a date belongs to `both` and to nothing else.")

    def holds(self, change: Change, at: int) -> bool:
        """Whether the change belongs to the phase of an instant; a measure works from its own instant on."""
        if change.phase == "always":
            return True
        if self.at is None:
            return change.phase == self.switch
        if change.phase == "before":
            return at < self.at
        return at >= self.at + change.after_days * DAY_S


class Effects:
    """What is asked: the changes that hold at an instant for a thing. Without plantings nothing changes."""

    def __init__(self, plantings: Iterable[Planting] = (), calendar: Calendar | None = None) -> None:
        self.plantings = tuple(plantings)
        self._calendar = calendar
        self._by_name: dict[str, list[tuple[Planting, Change]]] = {}
        for planting in self.plantings:
            for change in planting.changes:
                if change.occasion is not None and calendar is None:
                    raise SettingError(
                        f"{planting.scenario_id} asks for a calendar: it knows days of {change.occasion}"
                    )
                self._by_name.setdefault(change.effect, []).append((planting, change))

    def has(self, effect: str) -> bool:
        """Whether any scenario changes it, at whatever time."""
        return effect in self._by_name

    def factor(self, effect: str, at: int, **of: str | int | None) -> float:
        """The product of all factors that hold. Levels are left out: ask `level` where a scenario may set one."""
        if effect not in self._by_name:
            return 1.0
        product = 1.0
        for change in self._holding(effect, at, of):
            product *= change.factor
        return product

    def level(self, effect: str, base: float, at: int, **of: str | int | None) -> float:
        """`base` or the level that replaces it (of several the narrowest, then the last), times all factors.

        Raises LookupError if a change differs by something that was not told: it would be lost in silence. A thing
        that has no such property is told as None. The topic is known from `issue_id`. A share is asked by `shares`.
        """
        if effect not in self._by_name:
            return base
        level, product = self._found(effect, at, of)
        return (base if level is None else level) * product

    def fixed(self, effect: str, at: int, **of: str | int | None) -> float | None:
        """The level that a scenario sets, times all factors; None where none sets one. Raises as `level` does."""
        if effect not in self._by_name:
            return None
        level, product = self._found(effect, at, of)
        return None if level is None else level * product

    def names(self, effect: str, dimension: str) -> frozenset[str]:
        """The values of a dimension for which scenarios change something."""
        changes = (change for _, change in self._by_name.get(effect, ()))
        return frozenset(str(change.where[dimension]) for change in changes if dimension in change.where)

    def _found(self, effect: str, at: int, of: Mapping[str, str | int | None]) -> tuple[float | None, float]:
        """The level that holds, if any, and the product of the factors."""
        product, level, narrowness = 1.0, None, -1
        for change in self._holding(effect, at, of):
            product *= change.factor
            is_narrow = len(change.where) + (change.hours is not None) + (change.occasion is not None)
            if change.level is not None and is_narrow >= narrowness:
                level, narrowness = change.level, is_narrow
        return level, product

    def shares(
        self, effect: str, by: str, base: Mapping[str, float], at: int, **of: str | int | None
    ) -> dict[str, float]:
        """How a whole is shared out `by` a dimension among things like `of`: what scenarios fix, and the rest in the
        proportions of `base`. The last name in a change's `where` is the one that is shared out. Sums to 1."""
        total = sum(base.values())
        fixed = self.fixed_shares(effect, by, at, **of)
        if not fixed:
            return {value: share / total for value, share in base.items()}
        rest = sum(share for value, share in base.items() if value not in fixed)
        left = max(0.0, 1 - sum(fixed.values()))
        return {value: fixed[value] if value in fixed else left * share / rest for value, share in base.items()}

    def fixed_shares(self, effect: str, by: str, at: int, **of: str | int | None) -> dict[str, float]:
        """The shares that scenarios fix, as `shares` would; empty where they fix none."""
        fixed: dict[str, float] = {}
        for planting, change in self._by_name.get(effect, ()):
            *others, shared = change.where
            if shared != by:
                continue
            self._demand(planting, effect, others, of)
            if all(of[name] == change.where[name] for name in others) and self._is_now(planting, change, at):
                fixed[str(change.where[by])] = change.level or 0.0
        return fixed

    def _holding(self, effect: str, at: int, of: Mapping[str, str | int | None]) -> Iterable[Change]:
        issue = ISSUE_BY_ID.get(str(of.get("issue_id")))
        told = of if issue is None else {"topic": issue.parent_id, **of}
        for planting, change in self._by_name[effect]:
            self._demand(planting, effect, change.where, told)
            is_like = all(told[name] == wanted for name, wanted in change.where.items())
            if is_like and self._is_now(planting, change, at):
                yield change

    def _demand(self, planting: Planting, effect: str, names: Iterable[str], told: Mapping[str, object]) -> None:
        untold = [name for name in names if name not in told]
        if untold:
            raise LookupError(f"{planting.scenario_id}: {effect} differs by {untold}, which was not told")

    def _is_now(self, planting: Planting, change: Change, at: int) -> bool:
        if not planting.holds(change, at):
            return False
        day, second = divmod(at + UTC_OFFSET_S, DAY_S)
        if change.hours is not None and not change.hours[0] <= second // HOUR_S < change.hours[1]:
            return False
        return change.occasion is None or (self._calendar is not None and self._calendar.has(day, change.occasion))


NO_EFFECTS = Effects()
