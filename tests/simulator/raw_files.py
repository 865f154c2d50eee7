"""Small raw files by hand, as the systems of a company would have written them, for measurements to read.

Belongs here: the least that each file needs. Does not belong here: what is counted in them (`test_evidence`).
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from simulator.asterisk_files import CDR_COLUMNS
from simulator.forms.crm import crm_tables
from simulator.local_time import UTC_OFFSET_S

TRUNK_NUMBER = "4008001001"


def epoch(text: str) -> int:
    """Epoch seconds of a local time such as `2026-03-02 10:00:05`."""
    return int((datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds()) - UTC_OFFSET_S


class Telephone:
    """Asterisk's logs: calls and pauses are told one by one, and written by `write`."""

    def __init__(self, *agents: str) -> None:
        self._agents = agents
        self._lines: list[tuple[int, str]] = []
        self._cdr: list[str] = []
        self._calls = 0

    def logged_in(self, agent: str, begins: str, ends: str) -> None:
        """One stay in the queue `support`."""
        self._line(epoch(begins), "NONE", "support", f"PJSIP/{agent}", "ADDMEMBER")
        self._line(epoch(ends), "NONE", "support", f"PJSIP/{agent}", "REMOVEMEMBER")

    def paused(self, agent: str, reason: str, begins: str, ends: str) -> None:
        """One pause."""
        self._line(epoch(begins), "NONE", "support", f"PJSIP/{agent}", "PAUSE", reason)
        self._line(epoch(ends), "NONE", "support", f"PJSIP/{agent}", "UNPAUSE", reason)

    def queued(self, begins: str, wait_s: int, agent: str | None, talk_s: int = 0, caller: str = "13800000000") -> str:
        """An inbound call that enters a queue at once and is answered, or given up without an agent; its id."""
        at, call_id = epoch(begins), self._next_id(begins)
        answer, end = at + wait_s, at + wait_s + talk_s
        self._line(at, call_id, "support", "NONE", "DID", TRUNK_NUMBER)
        self._line(at, call_id, "support", "NONE", "ENTERQUEUE", f"|{caller}|1")
        if agent is None:
            self._line(answer, call_id, "support", "NONE", "ABANDON", f"1|1|{wait_s}")
        else:
            self._line(answer, call_id, "support", f"PJSIP/{agent}", "CONNECT", f"{wait_s}|{call_id}|{wait_s}")
            self._line(end, call_id, "support", f"PJSIP/{agent}", "COMPLETECALLER", f"{wait_s}|{talk_s}|1")
        self._record(call_id, caller, at, at, end, "ANSWERED")
        return call_id

    def lost(self, begins: str, disposition: str = "CONGESTION") -> None:
        """An inbound call that never reaches the centre."""
        at = epoch(begins)
        self._record(self._next_id(begins), "13800000000", at, None, at, disposition)

    def write(self, out: Path) -> None:
        """The logs, and the configuration that names agents, numbers and columns."""
        folder = out / "asterisk" / "cdr-csv"
        folder.mkdir(parents=True)
        lines = [text for _, text in sorted(self._lines, key=lambda line: line[0])]
        (out / "asterisk" / "queue_log").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        (folder / "Master.csv").write_text("".join(f"{row}\n" for row in self._cdr), "utf-8")
        settings = {
            "agents": [{"agent_id": agent, "names": [f"PJSIP/{agent}"]} for agent in self._agents],
            "numbers": [{"number": TRUNK_NUMBER, "channel": "voice_400"}],
            "sources": {"asterisk": {"feeds": {"cdr": {"options": {"columns": list(CDR_COLUMNS)}}}}},
        }
        (out / "callmart.yaml").write_text(yaml.safe_dump(settings), "utf-8")

    def _next_id(self, begins: str) -> str:
        self._calls += 1
        return f"{epoch(begins)}.{self._calls}"

    def _line(self, at: int, call_id: str, queue: str, agent: str, event: str, data: str = "") -> None:
        self._lines.append((at, f"{at}|{call_id}|{queue}|{agent}|{event}|{data}"))

    def _record(self, call_id: str, caller: str, start: int, answer: int | None, end: int, disposition: str) -> None:
        def text(at: int | None) -> str:
            return "" if at is None else f"{datetime.fromtimestamp(at + UTC_OFFSET_S, UTC):%Y-%m-%d %H:%M:%S}"

        row = dict.fromkeys(CDR_COLUMNS, "") | {
            "src": caller,
            "dst": TRUNK_NUMBER,
            "dcontext": "from-trunk",
            "start": text(start),
            "answer": text(answer),
            "end": text(end),
            "disposition": disposition,
            "uniqueid": call_id,
            "linkedid": call_id,
        }
        self._cdr.append(",".join(f'"{value}"' for value in row.values()))


def write_crm(out: Path, table: str, rows: Iterable[dict[str, object]]) -> None:
    """Rows of a table of the CRM, by its own column names; the file gets all its tables at the first call."""
    with closing(sqlite3.connect(out / "crm.sqlite")) as db:
        for name, shape in crm_tables().items():
            columns = (f"{cell.name} {'DATETIME' if cell.type == 'TIMESTAMP' else 'TEXT'}" for cell in shape.cells)
            db.execute(f"create table if not exists {name} ({', '.join(columns)})")
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            db.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))
        db.commit()


def write_pages(out: Path, resource: str, records: Sequence[dict[str, Any]]) -> None:
    """Changes of a resource of the helpdesk, as its API would tell them."""
    folder = out / "api" / resource
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    (folder / "changes-2026-03-02.jsonl.gz").write_bytes(gzip.compress(text.encode()))


def write_menu(out: Path, ways: Mapping[str, Sequence[tuple[str, str]]], at: str) -> None:
    """Ways through the menu: call -> its stays, each a node and how it ended."""
    folder = out / "telephony"
    folder.mkdir()
    lines = ["contact_id,step_no,node_id,exit_kind,entered_at,left_at"]
    for call_id, steps in ways.items():
        lines += [f"{call_id},{number},{node},{ended},{at},{at}" for number, (node, ended) in enumerate(steps, 1)]
    (folder / "ivr_steps-2026-03-02.csv.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))


def write_uses(out: Path, rows: Sequence[Sequence[object]]) -> None:
    """Uses of knowledge: agent, contact, kind, time, seconds, whether it was by hand."""
    folder = out / "desktop"
    folder.mkdir()
    lines = ["agent_id,contact_id,kind,used_at,duration_s,is_manual", *(",".join(map(str, row)) for row in rows)]
    (folder / "uses-2026-03-02.csv.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))


def write_complaints(out: Path, records: Sequence[dict[str, Any]]) -> None:
    """States of complaints."""
    folder = out / "quality"
    folder.mkdir(exist_ok=True)
    text = "".join(f"{json.dumps(record)}\n" for record in records)
    (folder / "complaints-2026-03-02.jsonl").write_text(text, "utf-8")


def write_answers(out: Path, rows: Sequence[Sequence[object]]) -> None:
    """Answers of surveys: contact, kind of question, time, score from 1 to 5."""
    folder = out / "surveys"
    folder.mkdir(exist_ok=True)
    lines = ["服务记录号,题目类型,发送时间,得分,最低分,最高分"]
    lines += [",".join(str(value) for value in (*row, 1.0, 5.0)) for row in rows]
    (folder / "answers-2026-03-02.csv").write_text("\n".join(lines) + "\n", "gb18030")
