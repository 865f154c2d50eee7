"""Calls that several systems saw, made up with a seed, and a recount of DECISIONS.md, section 15, in plain Python.

Here belongs: rows of the lake and what the rulings make of them, with nothing shared with the SQL. Not here: the worked
examples (examples.py), claims.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.dbt_project.examples import DAY, at

Row = dict[str, Any]
RANDOM_DAY = DAY + timedelta(days=21)
CONTACT_MATCH_S = 10
TRANSFER_MATCH_S = 5
LINES = ("4008001001", "4008001002", None)


@dataclass(frozen=True)
class Made:
    """Rows by feed."""

    cdr: list[Row]
    contacts: list[Row]
    queue_log: list[Row]
    cel: list[Row]
    transfers: list[Row]


def made_up(seed: int, calls: int = 150, day: date = RANDOM_DAY) -> Made:
    """Calls of few callers close together, of which a CRM lists most, some by their id and some by a wrong one."""
    chance = random.Random(seed)
    made = Made([], [], [], [], [])
    begin = at("09:00:00", day)
    for number in range(calls):
        start = begin + timedelta(seconds=chance.randrange(1200))
        caller, direction = f"caller {chance.randrange(8)}", chance.choice(("inbound", "inbound", "outbound"))
        linked = f"r{number}"
        own_id = chance.choice((linked, f"{linked}.leg"))
        dialled = chance.choice(LINES)
        base = {"dt": day, "direction": direction, "dialled_number": dialled}
        if chance.random() < 0.9:
            made.cdr.append(
                base
                | {"call_id": own_id, "linked_id": linked, "started_at": start, "ended_at": start + timedelta(hours=1),
                   "customer_hash": caller, "customer_number_type": "mobile", "disposition": "NO ANSWER"}
            )  # fmt: skip
            _transfers(made, chance, linked, start, day)
        if chance.random() < 0.8:
            shift = timedelta(seconds=chance.choice((0, 1, -2, 4, 9, 10, 11, 25)))
            said = chance.choice((None, None, None, own_id, linked, "r-unknown"))
            listed = base | {
                "contact_id": f"k{number}", "started_at": start + shift, "outcome": "no_answer", "caller_hash": caller,
                "caller_number_type": "mobile", "telephony_call_id": said,
                "dialled_number": chance.choice((dialled, dialled, None)),
            }  # fmt: skip
            made.contacts.append(listed)
            if said and chance.random() < 0.2:  # one row for each agent
                made.contacts.append(listed | {"contact_id": f"k{number}-2"})
    return made


def _transfers(made: Made, chance: random.Random, linked: str, start: datetime, day: date) -> None:
    """Up to four transfers of a call, each told by any of three logs, or by several."""
    moment = start
    for number in range(chance.randrange(5)):
        moment += timedelta(seconds=chance.choice((3, 6, 40, 200)))
        kind = chance.choice(("blind", "attended"))
        if chance.random() < 0.6:
            event = "BLINDTRANSFER" if kind == "blind" else "ATTENDEDTRANSFER"
            visit = {"dt": day, "call_id": linked, "queue_id": "sales", "agent_raw": "A1", "is_known_event": True}
            lines = [
                visit | {"event_at": moment - timedelta(seconds=2), "event": "ENTERQUEUE"},
                visit
                | {"event_at": moment - timedelta(seconds=1), "event": "CONNECT", "agent_raw": "A1", "data1": "1"},
                visit
                | {"event_at": moment, "event": event, "agent_raw": "A1", "data1": "9", "data3": "1", "data4": "1"},
            ]
            made.queue_log.extend(lines)
        if chance.random() < 0.7:
            event_at = moment + timedelta(seconds=chance.choice((0.2, 0.9, 4.5)))
            made.cel.append(
                {"dt": day, "event_at": event_at, "event": f"{kind.upper()}TRANSFER", "is_known_event": True,
                 "call_id": f"{linked}.a{number}", "linked_id": linked, "transferee_call_id": linked,
                 "row_hash": f"{linked}-{number}"}
            )  # fmt: skip
        if chance.random() < 0.4:
            shift = timedelta(seconds=chance.choice((-4, 0, 2, 5, 6)))
            made.transfers.append(
                {"dt": day, "transfer_id": f"{linked}-{number}", "contact_id": f"k{linked[1:]}",
                 "transferred_at": moment + shift, "kind": chance.choice((kind, "other", None))}
            )  # fmt: skip


# --- the recount -----------------------------------------------------------------------------------------


def pairs_of_nearest(candidates: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    """Pairs that are each other's nearest, ties by id; what remains is asked again, three times in all."""
    left = dict(candidates)
    found: dict[str, str] = {}
    for _ in range(3):
        nearest: dict[str, str] = {}
        for (one, other), _distance in sorted(left.items(), key=lambda item: (item[1], item[0][1])):
            nearest.setdefault(one, other)
        backwards: dict[str, str] = {}
        for (one, other), _distance in sorted(left.items(), key=lambda item: (item[1], item[0][0])):
            backwards.setdefault(other, one)
        new = {one: other for one, other in nearest.items() if backwards[other] == one}
        found |= new
        gone = {*new, *new.values()}
        left = {pair: distance for pair, distance in left.items() if gone.isdisjoint(pair)}
    return found


def contacts(made: Made) -> set[tuple[str, str | None, str | None, bool]]:
    """Contact, the second record of it, the rule and whether another one could have been meant."""
    telephone = {f"asterisk:{row['linked_id']}": row for row in made.cdr}
    queued = {row["call_id"] for row in made.queue_log}
    exported = {f"canonical:{row['contact_id']}": row for row in made.contacts}
    candidates: dict[tuple[str, str], tuple[str, float]] = {}
    for one, call in telephone.items():
        for other, row in exported.items():
            apart = abs((call["started_at"] - row["started_at"]).total_seconds())
            said = row["telephony_call_id"]
            lines = {call["dialled_number"] if call["direction"] == "inbound" else None, row["dialled_number"]} - {None}
            if said is not None:
                if said in (call["call_id"], call["linked_id"]):
                    candidates[one, other] = ("call_id", apart)
            elif (
                call["customer_hash"] == row["caller_hash"]
                # what a queue log knows without another word is inbound, the CDR says better
                and call["direction"] == row["direction"]
                and len(lines) < 2
                and apart <= CONTACT_MATCH_S
            ):
                candidates[one, other] = ("number_and_start", apart)
    assert all(call in {row["linked_id"] for row in made.cdr} for call in queued)
    pairs = pairs_of_nearest(candidates)
    choices = [side for pair in candidates for side in pair]
    found: set[tuple[str, str | None, str | None, bool]] = set()
    for one in telephone:
        second = pairs.get(one)
        rule = candidates[one, second][0] if second else None
        many = choices.count(one) > 1 or choices.count(second) > 1 if second else choices.count(one) > 0
        found.add((one, second, rule, many))
    return found | {(other, None, None, choices.count(other) > 0) for other in exported if other not in pairs.values()}


def transfers(
    made: Made, contact_of: Mapping[str, str]
) -> set[tuple[str | None, datetime, str | None, bool, bool, bool]]:
    """Contact, instant, kind, and whether the queue log, CEL and the export tell it. `contact_of`: record that was
    taken in -> contact."""
    logged = {
        f"q{index}": (f"asterisk:{row['call_id']}", row["event_at"], row["event"].removesuffix("TRANSFER").lower())
        for index, row in enumerate(made.queue_log)
        if row["event"].endswith("TRANSFER")
    }
    events = {
        f"cel:{row['row_hash']}": (
            f"asterisk:{row['linked_id']}", row["event_at"], row["event"].removesuffix("TRANSFER").lower()
        )
        for row in made.cel
    }  # fmt: skip
    exported = {
        f"canonical:{row['transfer_id']}": (f"canonical:{row['contact_id']}", row["transferred_at"], row["kind"])
        for row in made.transfers
    }
    known = {contact for contact, *_ in contacts(made)}

    def contact(of: str) -> str | None:
        return found if (found := contact_of.get(of, of)) in known else None

    def near(one: Iterable[Any], other: Iterable[Any]) -> float | None:
        (of, moment, kind), (other_of, other_moment, other_kind) = one, other
        apart = abs((moment - other_moment).total_seconds())
        kinds = kind == other_kind or None in (kind, other_kind) or other_kind not in ("blind", "attended")
        same = contact(of) is not None and contact(of) == contact(other_of)
        return apart if same and kinds and apart <= TRANSFER_MATCH_S else None

    def between(ones: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, str]:
        return pairs_of_nearest(
            {
                (name, other): apart
                for name, one in ones.items()
                for other, two in others.items()
                if (apart := near(one, two)) is not None
            }
        )

    twice = between(logged, events)
    of_pbx = logged | {name: event for name, event in events.items() if name not in twice.values()}
    too = between(of_pbx, exported)
    alone = {name: row for name, row in exported.items() if name not in too.values()}
    return {
        (contact(of), moment, kind if kind else None, name in logged, name in events or name in twice, name in too)
        for name, (of, moment, kind) in of_pbx.items()
    } | {(contact(of), moment, kind, False, False, True) for of, moment, kind in alone.values()}
