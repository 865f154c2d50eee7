"""Calls of a telephone system that is not Asterisk, told by an export's contacts, queue visits, legs, ring attempts and
agents' states: the worked example of DECISIONS.md, section 36, made-up ones with a seed, and their recount in plain
Python.

Here belongs: rows of the lake and what the rulings make of them, with nothing shared with the SQL. Not here: claims.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.dbt_project.examples import DAY, at

Row = dict[str, Any]
MADE_DAY = DAY + timedelta(days=14)
AGENTS = ("A", "B", "C", "D")
SILENCE_S = 57600
SECOND = timedelta(seconds=1)


@dataclass
class Told:
    """Rows by feed of `canonical`, each with its partition under `dt`."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def put(self, feed: str, day: date, **row: Any) -> None:
        """One row of a feed."""
        self.rows[feed].append({"dt": day, **row})


def worked_example() -> Told:
    """The ten rows of the worked example."""
    told = Told()
    told.put("contact", DAY, contact_id="e1", direction="inbound", outcome="answered", started_at=at("10:00:00"),
             ended_at=at("10:10:00"), hangup_side="caller")  # fmt: skip
    told.put("queue_visit", DAY, contact_id="e1", queue_id="sales", entered_at=at("10:00:05"), left_at=at("10:00:20"),
             exit_kind="answered", agent_id="A")  # fmt: skip
    told.put("queue_offer", DAY, contact_id="e1", queue_id="sales", agent_id="D", offered_at=at("10:00:05"),
             ended_at=at("10:00:15"), result="no_answer")  # fmt: skip
    legs: list[tuple[str, str, str | None, str, str, str, Row]] = [
        ("1", "agent", "A", "queue", "10:00:20", "10:03:20", {"talk_s": 140, "hold_s": 10, "acw_s": 20}),
        ("2", "consult", None, "other", "10:01:00", "10:01:30", {}),
        ("3", "agent", "B", "transfer", "10:03:10", "10:06:10", {}),
        ("4", "agent", "C", "queue", "10:06:40", "10:10:00", {"talk_s": 200}),
    ]
    for leg_id, leg_type, agent, routed_by, answered, ended, more in legs:
        told.put("leg", DAY, contact_id="e1", leg_id=leg_id, leg_type=leg_type, agent_id=agent, routed_by=routed_by,
                 started_at=at(answered), answered_at=at(answered), ended_at=at(ended), **more)  # fmt: skip
    told.put("queue_visit", DAY, contact_id="e1", queue_id="support", entered_at=at("10:06:10"),
             left_at=at("10:06:40"), exit_kind="answered")  # fmt: skip
    told.put("agent_state", DAY, agent_id="A", state="training", started_at=at("10:12:00"))
    told.put("agent_state", DAY, agent_id="A", state="ready", started_at=at("10:20:00"))
    return told


def made_up(seed: int, calls: int = 120, day: date = MADE_DAY) -> Told:
    """Calls one after another: in no, one or several queues, answered or not, by nobody knows whom, handed on, some
    flat; and states of the agents, some without an end."""
    chance = random.Random(seed)
    told = Told()
    begin = at("09:00:00", day)
    for number in range(calls):
        _call(told, chance, f"m{number}", begin + timedelta(seconds=300 * number), day)
    for agent in AGENTS:
        moment = begin
        while moment < begin + timedelta(hours=9):
            state = chance.choice(("ready", "talk", "hold", "acw", "break", "meeting", "other", "offline", "ringing"))
            lasts = chance.choice((60, 600, 1800))
            end = chance.choice((moment + lasts * SECOND, moment + lasts * SECOND, None))
            channel = chance.choice((None, None, None, "voice_400", "im_web"))
            told.put("agent_state", day, agent_id=agent, state=state, started_at=moment, ended_at=end,
                     channel_id=channel)  # fmt: skip
            moment += chance.choice((lasts, lasts, lasts // 2)) * SECOND
    return told


def _call(told: Told, chance: random.Random, name: str, start: datetime, day: date) -> None:
    moment = start
    is_flat, tells_talk = chance.random() < 0.15, chance.random() < 0.4
    leg_no, talked_from, answered = 0, None, False
    exits: list[str] = []
    for queue in chance.choice(((), ("sales",), ("sales",), ("sales", "support"), ("sales", "support", "sales"))):
        entered = moment
        wait = chance.choice((3, 8, 20, 21))
        left = entered + wait * SECOND
        exit_kind = chance.choice(("answered", "answered", "answered", "abandoned", "overflow", "timeout", None))
        agent = chance.choice(AGENTS)
        exits.append(exit_kind or "unknown")
        if not is_flat:
            told.put("queue_visit", day, contact_id=name, queue_id=queue, entered_at=entered,
                     left_at=left if exit_kind else None, exit_kind=exit_kind,
                     wait_s=chance.choice((wait, None)) if exit_kind else None,
                     agent_id=agent if exit_kind == "answered" else None)  # fmt: skip
            if chance.random() < 0.5:
                result = "answered" if exit_kind == "answered" else chance.choice(("no_answer", "declined", "other"))
                told.put("queue_offer", day, contact_id=name, queue_id=queue, agent_id=agent,
                         offered_at=entered + SECOND, ended_at=left, result=result)  # fmt: skip
        moment = left
        if exit_kind == "answered":
            answered, talked_from = True, talked_from or left
            talk = chance.choice((30, 60))
            if not is_flat and chance.random() < 0.8:
                leg_no = _legs(told, chance, name, leg_no, agent, left, talk, day)
            moment = left + (talk + 40) * SECOND
        if exit_kind == "abandoned" or is_flat:
            break
        moment += 2 * SECOND
    outcome = "answered" if answered else "abandoned_queue" if exits[-1:] == ["abandoned"] else "flow_out"
    if not exits:
        outcome = chance.choice(("answered", "abandoned_ivr"))
        talked_from = moment if outcome == "answered" else None
        if outcome == "answered" and chance.random() < 0.5:
            _legs(told, chance, name, 0, "A", moment, 40, day)
        moment += 80 * SECOND
    row: Row = {"contact_id": name, "direction": "inbound", "outcome": outcome, "started_at": start, "ended_at": moment}
    if tells_talk and outcome == "answered":
        row |= {"talk_s": 77, "hold_s": chance.choice((None, 5))}
    if is_flat and exits:
        row |= {"queue_id": "sales", "queue_entered_at": start, "queue_left_at": talked_from or moment}
    if talked_from:
        row |= {"agent_answered_at": talked_from, "agent_id": chance.choice(("A", "A", "A", None))}
    told.put("contact", day, **row)


def _legs(
    told: Told, chance: random.Random, name: str, leg_no: int, agent: str, answered: datetime, talk: int, day: date
) -> int:
    """Legs of one conversation and perhaps of those it was handed on to; the last number used."""
    for place in range(chance.choice((1, 1, 2))):
        leg_no += 1
        begin = answered + place * (talk - 10) * SECOND
        told.put("leg", day, contact_id=name, leg_id=f"{leg_no:02}", leg_type="agent",
                 agent_id=agent if place == 0 else chance.choice(AGENTS),
                 routed_by=("queue" if place == 0 else "transfer"), started_at=begin, answered_at=begin,
                 ended_at=begin + talk * SECOND, talk_s=chance.choice((talk, None)),
                 hold_s=chance.choice((None, None, 0)), acw_s=chance.choice((None, 9)))  # fmt: skip
    return leg_no


# --- the recount ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conversation:
    """One agent's part in a contact; `ended_at` and `talk_s` are None where nobody knows them."""

    agent: str | None
    begins: datetime
    ends: datetime | None
    talk_s: float | None
    hold_s: float
    acw_s: float
    visit_no: int | None


@dataclass
class Contact:
    """What the rulings make of one contact. `visits`: queue, wait in seconds and exit of each."""

    outcome: str
    visits: list[tuple[str | None, float | None, str]]
    conversations: list[Conversation]
    talk_s: float | None
    handed_on: int


def contacts(told: Told) -> dict[str, Contact]:
    """Contacts by id."""
    return {row["contact_id"]: _contact(row, told) for row in told.rows["contact"]}


def _contact(row: Row, told: Told) -> Contact:
    own = sorted((v for v in told.rows["queue_visit"] if v["contact_id"] == row["contact_id"]),
                 key=lambda v: v["entered_at"])  # fmt: skip
    legs = sorted(
        (leg for leg in told.rows["leg"] if leg["contact_id"] == row["contact_id"] and leg["leg_type"] == "agent"),
        key=lambda leg: (leg["answered_at"], leg["leg_id"]),
    )
    exits = [_exit(visit, number == len(own)) for number, visit in enumerate(own, 1)]
    outcome = row["outcome"]
    if outcome != "answered" and own and exits[-1] is not None:
        outcome = "abandoned_queue" if exits[-1] == "abandoned" else "flow_out"
    if "answered" in exits:
        outcome = "answered"
    by_outcome = {"answered": "answered", "abandoned_queue": "abandoned", "flow_out": "timeout"}
    if exits and exits[-1] is None:
        exits[-1] = "other" if "answered" in exits else by_outcome.get(outcome, "other")
    spans = [(v["queue_id"], v["entered_at"], _left(v), v.get("wait_s"), v.get("agent_id")) for v in own]
    if not own and row.get("queue_entered_at"):
        exits = [by_outcome.get(outcome, "other")]
        spans = [(row["queue_id"], row["queue_entered_at"], row["queue_left_at"], None, row.get("agent_id"))]
    if outcome != "answered":
        legs = []
    conversations = list(_conversations(row, spans, exits, legs))
    visits = [
        (queue, wait if wait is not None else (left - entered).total_seconds() if left else None, exits[number] or "")
        for number, (queue, entered, left, wait, _) in enumerate(spans)
    ]
    if outcome == "answered" and not conversations:
        answered = row.get("agent_answered_at") or row["started_at"]
        conversations = [
            Conversation(
                row.get("agent_id"), answered, row["ended_at"], row.get("talk_s"), row.get("hold_s") or 0, 0, None
            )
        ]
    talk = row.get("talk_s") if conversations else None
    if talk is None and conversations and all(one.talk_s is not None for one in conversations):
        talks = [one.talk_s or 0.0 for one in conversations]
        talk = max(max(talks), sum(talks) - _parallel_s(conversations, bool(legs)))
    return Contact(outcome, visits, conversations, talk, sum(leg["routed_by"] == "transfer" for leg in legs))


def _exit(visit: Row, is_last: bool) -> str | None:
    if visit["exit_kind"] is None:
        return "answered" if visit.get("agent_id") else None if is_last else "other"
    return "other" if visit["exit_kind"] in ("overflow", "voicemail", "transfer") else str(visit["exit_kind"])


def _left(visit: Row) -> datetime | None:
    left: datetime | None = visit["left_at"]
    wait = visit.get("wait_s")
    return left if left is not None or wait is None else visit["entered_at"] + timedelta(seconds=wait)


def _conversations(
    row: Row, spans: list[tuple[Any, ...]], exits: list[str | None], legs: list[Row]
) -> Iterator[Conversation]:
    """The legs, and answered visits to which none belongs."""
    led: dict[int, int] = {}  # place of a leg: number of its visit
    bare = []
    for number, (_, entered, _, _, _) in enumerate(spans, 1):
        if exits[number - 1] != "answered":
            continue
        until = spans[number][1] if number < len(spans) else datetime.max
        found = [
            place
            for place, leg in enumerate(legs)
            if leg["routed_by"] == "queue" and entered - 2 * SECOND <= leg["answered_at"] < until - 2 * SECOND
        ]
        if found:
            led[found[0]] = number
        else:
            bare.append(number)
    for place, leg in enumerate(legs):
        alone = len(legs) == 1 and (exits.count("answered") == 1 if place in led else "answered" not in exits)
        hold = leg.get("hold_s") if leg.get("hold_s") is not None else row.get("hold_s") if alone else None
        talk = leg["talk_s"] if leg["talk_s"] is not None else row.get("talk_s") if alone else None
        if talk is None:
            talk = (leg["ended_at"] - leg["answered_at"]).total_seconds() - (hold or 0)
        yield Conversation(leg["agent_id"], leg["answered_at"], leg["ended_at"], talk, hold or 0, leg["acw_s"] or 0,
                           led.get(place))  # fmt: skip
    for number in bare:
        _, entered, left, _, agent = spans[number - 1]
        alone = exits.count("answered") == 1 and not legs
        ends = spans[number][1] if number < len(spans) else row["ended_at"]
        if agent is None and exits.count("answered") == 1:
            agent = row.get("agent_id")
        answered = left or (row.get("agent_answered_at") if exits.count("answered") == 1 else None) or entered
        yield Conversation(agent, answered, ends, row.get("talk_s") if alone else None,
                           (row.get("hold_s") or 0) if alone else 0, 0, number)  # fmt: skip


def _parallel_s(conversations: list[Conversation], are_legs: bool) -> float:
    """Seconds in which further conversations ran at once, counted second by second."""
    if not are_legs:
        return 0.0
    seconds: dict[datetime, int] = defaultdict(int)
    for one in conversations:
        moment = one.begins
        while one.ends is not None and moment < one.ends:
            seconds[moment] += 1
            moment += SECOND
    return float(sum(count - 1 for count in seconds.values()))


STATE = {"hold": "talk", "meeting": "busy", "training": "busy", "other": "busy"}
PRECEDENCE = ("talk", "acw", "ringing", "busy", "break", "ready")


def state_seconds(told: Told) -> dict[tuple[str, str], float]:
    """Seconds by agent and state, counted second by second."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for agent in {row["agent_id"] for row in told.rows["agent_state"]}:
        rows = sorted(
            (r for r in told.rows["agent_state"] if r["agent_id"] == agent and r.get("channel_id") != "im_web"),
            key=lambda r: r["started_at"],
        )
        at_second: dict[datetime, set[str]] = defaultdict(set)
        for number, row in enumerate(rows):
            latest = row["started_at"] + SILENCE_S * SECOND
            following = rows[number + 1]["started_at"] if number + 1 < len(rows) else latest
            end = row.get("ended_at") or min(following, latest)
            moment = row["started_at"]
            while row["state"] != "offline" and moment < end:
                at_second[moment].add(STATE.get(row["state"]) or str(row["state"]))
                moment += SECOND
        for states in at_second.values():
            found[agent, min(states, key=PRECEDENCE.index)] += 1
    return dict(found)
