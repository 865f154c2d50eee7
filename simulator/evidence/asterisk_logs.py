"""Reads simulated Asterisk logs back into records of `simulator.events`, in plain Python.

Belongs here: a second reading of the files, as strict as a careful person with an editor: repeats dropped, lines put in
the order of their seconds, unknown events ignored. Does not belong here: the project's own reading of logs, which is in
SQL, and what is measured (`metrics`).
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml

from simulator.events import Contact, Disposition, ExitKind, History, Leg, LegKind, Presence, Ring, Visit
from simulator.local_time import UTC_OFFSET_S

EXITS: dict[str, ExitKind] = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITWITHKEY": "exit_key",
    "EXITEMPTY": "empty",
}
ENDS = ("COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER")


class Line(NamedTuple):
    """One line of queue_log."""

    at: int
    call_id: str
    queue: str
    agent: str
    event: str
    data: list[str]


def raw_lines(folder: Path, pattern: str) -> Iterator[str]:
    """Lines of a log and its archives, the oldest file first."""
    for path in sorted(folder.glob(pattern), key=lambda path: (path.suffix != ".gz", path.name)):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from data.decode("utf-8").splitlines()


def parse_line(text: str) -> Line:
    """A line of queue_log; every line must have five fields and parameters."""
    at, call_id, queue, agent, event, *data = text.split("|")
    return Line(int(at), call_id, queue, agent, event, data)


def queue_log(out: Path) -> list[Line]:
    """The queue log without repeats, in the order of its seconds."""
    texts = dict.fromkeys(raw_lines(out / "asterisk", "queue_log*"))
    return sorted((parse_line(text) for text in texts), key=lambda line: line.at)


def config(out: Path) -> dict[str, Any]:
    """The configuration that the simulator wrote."""
    return cast(dict[str, Any], yaml.safe_load((out / "callmart.yaml").read_text(encoding="utf-8")))


def cdr(out: Path) -> list[dict[str, str]]:
    """Records of Master.csv by the column names of the configuration."""
    columns = config(out)["sources"]["asterisk"]["feeds"]["cdr"]["options"]["columns"]
    rows = list(csv.reader(raw_lines(out / "asterisk" / "cdr-csv", "Master.csv*")))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def epoch(text: str) -> int:
    """Epoch seconds of a local wall-clock time of the CDR."""
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) - UTC_OFFSET_S


def read_history(out: Path) -> History:
    """What the files show, as the simulator's own records."""
    settings = config(out)
    agents = {name: agent["agent_id"] for agent in settings["agents"] for name in agent["names"]}
    channels = {entry["number"]: entry["channel"] for entry in settings["numbers"]}
    lines = queue_log(out)
    history = History(presences=list(_presences(lines, agents)))
    visits, legs, dids = _queue_calls(lines, agents, history.rings)
    for row in cdr(out):
        if row["linkedid"] in visits and row["uniqueid"] != row["linkedid"]:
            continue  # another leg of a call that the queue log knows
        call_id = row["uniqueid"]
        if call_id in visits:
            number = dids[call_id]
        elif row["dcontext"] == "from-trunk":
            number = row["dst"]
        elif len(row["dst"]) > 6:
            number = "outbound"
        else:
            continue  # inside the house
        is_outbound = number == "outbound"
        contact = Contact(
            call_id,
            "outbound" if is_outbound else "inbound",
            "voice_outbound" if is_outbound else channels.get(number, "voice_unknown"),
            row["dst"] if is_outbound else row["src"],
            epoch(row["start"]),
            epoch(row["answer"]) if row["answer"] else None,
            epoch(row["end"]),
            cast(Disposition, row["disposition"]),
            visits.get(call_id, []),
            legs.get(call_id, []),
            line_id=row["dstchannel" if is_outbound else "channel"].rpartition("-")[0].partition("/")[2],
            campaign_id=row["accountcode"] or None,
        )
        peer = row["channel" if is_outbound else "dstchannel"].rpartition("-")[0]
        if call_id not in visits and contact.answered_at is not None and peer:
            kind: LegKind = "outbound" if is_outbound else "direct"
            contact.legs.append(Leg(agents[peer], kind, None, contact.answered_at, contact.ended_at))
        history.contacts.append(contact)
    return history


def _queue_calls(
    lines: list[Line], agents: dict[str, str], rings: list[Ring]
) -> tuple[dict[str, list[Visit]], dict[str, list[Leg]], dict[str, str]]:
    visits: dict[str, list[Visit]] = defaultdict(list)
    legs: dict[str, list[Leg]] = defaultdict(list)
    dids: dict[str, str] = {}
    entered: dict[str, int] = {}
    connected: dict[str, int] = {}
    for at, call_id, queue, name, event, data in lines:
        if event == "DID":
            dids[call_id] = data[0]
        elif event == "ENTERQUEUE":
            entered[call_id] = at
        elif event == "CONNECT":
            assert at - entered[call_id] == int(data[0])
            connected[call_id] = at
            visits[call_id].append(Visit(queue, entered.pop(call_id), at, "answered", agents[name]))
            rings.append(Ring(agents[name], queue, at - int(data[2]), at, True))
        elif event == "RINGNOANSWER":
            seconds, milliseconds = divmod(int(data[0]), 1000)
            assert milliseconds == 0
            rings.append(Ring(agents[name], queue, at - seconds, at, False))
        elif event in EXITS:
            assert at - entered[call_id] == int(data[-1])
            visits[call_id].append(Visit(queue, entered.pop(call_id), at, EXITS[event]))
        elif event in ENDS:
            assert at - connected[call_id] == int(data[-2])
            legs[call_id].append(Leg(agents[name], "queue", queue, connected.pop(call_id), at))
    assert not entered and not connected
    return visits, legs, dids


def _presences(lines: list[Line], agents: dict[str, str]) -> Iterator[Presence]:
    members: dict[str, set[str]] = defaultdict(set)
    since: dict[str, int] = {}
    paused: dict[str, tuple[str, int]] = {}
    for line in lines:
        if line.agent not in agents:
            continue
        agent_id = agents[line.agent]
        if line.event in ("ADDMEMBER", "AGENTLOGIN"):
            if not members[agent_id]:
                since[agent_id] = line.at
            members[agent_id].add(line.queue)
        elif line.event in ("REMOVEMEMBER", "AGENTLOGOFF"):
            members[agent_id].remove(line.queue)
            if not members[agent_id]:
                assert agent_id not in paused
                yield Presence(agent_id, None, since.pop(agent_id), line.at)
        elif line.event in ("PAUSE", "UNPAUSE"):
            reason, begun = paused.get(agent_id, (None, 0))
            if line.event == "UNPAUSE" and reason is None:
                continue  # said for another queue already
            if line.event == "PAUSE" and reason == line.data[0]:
                continue
            if reason is not None:
                yield Presence(agent_id, paused.pop(agent_id)[0], begun, line.at)
            if line.event == "PAUSE":
                assert agent_id in since
                paused[agent_id] = (line.data[0], line.at)
    assert not since and not paused
