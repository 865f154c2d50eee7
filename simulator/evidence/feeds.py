"""The raw files of a simulated company, as tables that a measurement can ask.

Belongs here: opening files in the form in which their systems write them (SQLite, JSON pages, GB18030, packed CSV,
Asterisk's logs), and nothing but the latest state of what changed. Does not belong here: what is measured (`metrics`).

Instants stay the local wall-clock times that the files tell; a date is a local date.
"""

from __future__ import annotations

import importlib.resources
import tempfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from simulator import local_time
from simulator.catalogue import ISSUES
from simulator.events import Contact, History
from simulator.evidence import asterisk_logs
from simulator.evidence.years import Year, found_years
from simulator.forms.crm import TIER

Row = tuple[Any, ...]
TIER_OF_WORD = {word: tier for tier, word in TIER.items()}
_MOMENT = "strptime(left({0}, 19), '%Y-%m-%dT%H:%M:%S')"
_TICKET_COLUMNS = {
    "id": "VARCHAR",
    "source": "STRUCT(record_no VARCHAR)",
    "category": "VARCHAR",
    "creator_no": "VARCHAR",
    "assignee": "STRUCT(staff_no VARCHAR, department VARCHAR)",
    "draft_at": "VARCHAR",
    "created_at": "VARCHAR",
    "assigned_at": "VARCHAR",
    "solved_at": "VARCHAR",
    "return_times": "INTEGER",
    "repeat_reason": "VARCHAR",
    "updated_at": "VARCHAR",
}
_EVENT_COLUMNS = {
    "ticket_id": "VARCHAR",
    "id": "VARCHAR",
    "happened_at": "VARCHAR",
    "action": "VARCHAR",
    "department": 'STRUCT("from" VARCHAR, "to" VARCHAR)',
}
_COMPLAINT_COLUMNS = {
    "complaint_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "complaint_type": "VARCHAR",
    "opened_at": "TIMESTAMP",
    "escalated_at": "TIMESTAMP",
    "closed_at": "TIMESTAMP",
    "record_updated_at": "TIMESTAMP",
}
_ALERT_COLUMNS = {
    "alert_id": "VARCHAR",
    "contact_id": "VARCHAR",
    "alert_level": "INTEGER",
    "record_updated_at": "TIMESTAMP",
}


class Note(NamedTuple):
    """The CRM's row of one inbound contact that was answered, or of a chat or mail; times are local. `tier` is in the
    words of scenarios, not in those of the CRM."""

    contact_id: str
    customer_id: str | None
    issue_id: str | None
    topic: str | None
    tier: str | None
    channel: str
    agent_id: str | None
    began_at: datetime
    ended_at: datetime

    @property
    def medium(self) -> str:
        """voice, im or email."""
        return self.channel.partition("_")[0]


class Feeds:
    """The files below the folder of one simulation, from `first_day` to `last_day`; used in a `with` block.

    Tables that SQL can name: the CRM's own below `crm`; `ticket` (latest state), `ticket_event`, `answer` (of surveys),
    `complaint` and `alert` (latest states), `menu_step`, `handover`, `knowledge_use`, `shift`, `cost`, `occasion`; and
    `issue_tree`, the company's list of issues with their topics. A file that a simulation had no record for is an empty
    table.
    """

    def __init__(self, out: Path, first_day: date, last_day: date) -> None:
        self._out, self.first_day, self.last_day = out, first_day, last_day
        self._db = duckdb.connect(":memory:", config={"threads": 1})
        package = importlib.resources.files("duckdb_extension_sqlite_scanner")
        extension = package / "extensions" / f"v{duckdb.__version__}" / "sqlite_scanner.duckdb_extension"
        self._db.execute(f"load '{extension}'")
        if (out / "crm.sqlite").is_file():
            self._db.execute(f"attach {_quoted(out / 'crm.sqlite')} as crm (type sqlite, read_only)")
        self._db.execute("create table issue_tree (issue_id varchar, topic varchar)")
        self._db.executemany("insert into issue_tree values (?, ?)", [(it.issue_id, it.parent_id) for it in ISSUES])
        self._open_helpdesk()
        self._open_quality()
        self._open_surveys()
        self._open_exports()

    def __enter__(self) -> Feeds:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def rows(self, query: str, of: Mapping[str, object] | None = None) -> list[Row]:
        """The rows of a query; `of`: its named parameters."""
        return self._db.execute(query, dict(of or {})).fetchall()

    @cached_property
    def years(self) -> tuple[Year, ...]:
        """The years before and after a measure that were written beside the centre's files, if any."""
        return found_years(self._out)

    @cached_property
    def telephone(self) -> History:
        """What Asterisk's logs show."""
        return asterisk_logs.read_history(self._out)

    @cached_property
    def notes(self) -> dict[str, Note]:
        """What the CRM notes of handled contacts, by their ids; the tier is that at the contact's begin."""
        rows = self.rows(
            """
            with version as (
                select member_no, member_level, valid_from,
                    lead(valid_from, 1, timestamp 'infinity') over (partition by member_no order by valid_from)
                        as until
                from crm.member_history
            )
            select record_no, service_record.member_no, issue_code, topic, member_level, channel_code, staff_no,
                begin_time, end_time
            from crm.service_record
            left join issue_tree on issue_id = issue_code
            left join version on version.member_no = service_record.member_no
                and begin_time >= valid_from and begin_time < until
            where direction = 'IN'
            order by end_time, record_no
            """
        )
        return {row[0]: Note(*row)._replace(tier=TIER_OF_WORD.get(row[4])) for row in rows}

    @cached_property
    def tiers_of_number(self) -> dict[str, list[tuple[datetime, str]]]:
        """Telephone number -> since when its customer is of which tier, oldest first; of numbers of one customer."""
        rows = self.rows(
            """
            with own as (
                select phone, min(member_no) as member_no from crm.member_identity where identity_kind = 'PHONE'
                group by phone having count(distinct member_no) = 1
            )
            select phone, valid_from, member_level from own join crm.member_history using (member_no)
            order by phone, valid_from
            """
        )
        tiers: dict[str, list[tuple[datetime, str]]] = {}
        for number, since, word in rows:
            tiers.setdefault(number, []).append((since, TIER_OF_WORD[word]))
        return tiers

    def tier_of_caller(self, call: Contact) -> str | None:
        """The tier that a call's number tells at its begin; None where the number is nobody's or several people's."""
        at = datetime(1970, 1, 1) + timedelta(seconds=call.started_at + local_time.UTC_OFFSET_S)
        return next((tier for since, tier in reversed(self.tiers_of_number.get(call.caller, [])) if since <= at), None)

    def known_for(self, days: int) -> date:
        """The first date of which not so many days have passed by the end of the files."""
        return self.last_day + timedelta(days=1 - days)

    def _open_helpdesk(self) -> None:
        moments = ("draft_at", "created_at", "assigned_at", "solved_at", "updated_at")
        instants = ", ".join(f"{_MOMENT.format(name)} as {name}" for name in moments)
        self._read_json("ticket_change", "api/tickets/changes-*.jsonl.gz", _TICKET_COLUMNS)
        self._db.execute(
            f"create view ticket as select * replace ({instants}) from ticket_change "
            "qualify row_number() over (partition by id order by updated_at desc) = 1"
        )
        self._read_json("ticket_step", "api/ticket_events/changes-*.jsonl.gz", _EVENT_COLUMNS)
        self._db.execute(
            'create view ticket_event as select ticket_id, cast(id as integer) as number, action, department."from" as '
            f'sent_from, department."to" as sent_to, {_MOMENT.format("happened_at")} as happened_at from ticket_step'
        )

    def _open_quality(self) -> None:
        for name, key, columns in (
            ("complaint", "complaint_id", _COMPLAINT_COLUMNS),
            ("alert", "alert_id", _ALERT_COLUMNS),
        ):
            beginning = {"complaint": "complaints", "alert": "sentiment_alerts"}[name]
            self._read_json(f"{name}_state", f"quality/{beginning}-*.jsonl", columns)
            self._db.execute(
                f"create view {name} as select * from {name}_state "
                f"qualify row_number() over (partition by {key} order by record_updated_at desc) = 1"
            )

    def _open_surveys(self) -> None:
        """The platform's files are in GB18030, which DuckDB alone does not read."""
        self._db.execute(
            "create table answer (contact_id varchar, kind varchar, sent_at timestamp, score double, lowest double, "
            "highest double)"
        )
        names = ("服务记录号", "题目类型", "发送时间", "得分", "最低分", "最高分")
        with tempfile.TemporaryDirectory() as folder:
            for path in sorted((self._out / "surveys").glob("answers-*.csv")):
                (Path(folder) / path.name).write_text(path.read_text("gb18030"), "utf-8")
            if any(Path(folder).iterdir()):
                read = {"发送时间": "replace(发送时间, '/', '-')"}
                chosen = ", ".join(read.get(name, name) for name in names)
                self._db.execute(
                    f"insert into answer select {chosen} from read_csv({_quoted(Path(folder) / '*.csv')}, "
                    "header = true, all_varchar = true)"
                )

    def _open_exports(self) -> None:
        for name, pattern, columns in (
            (
                "menu_step",
                "telephony/ivr_steps-*.csv.gz",
                "contact_id, step_no, node_id, exit_kind, entered_at, left_at",
            ),
            ("handover", "telephony/transfers-*.csv", "contact_id, from_agent_id, reason, transferred_at"),
            ("knowledge_use", "desktop/uses-*.csv.gz", "agent_id, contact_id, kind, used_at, duration_s, is_manual"),
            ("shift", "workforce/rosters-*.csv", "agent_id, shift_date"),
            ("cost", "management/costs-*.csv", "month, booked_at, cost_type, amount"),
            ("occasion", "management/calendar-*.csv", "event_id, kind, planned_start_at, planned_end_at"),
        ):
            if any(self._out.glob(pattern)):
                self._db.execute(
                    f"create table {name} as select {columns} from read_csv({_quoted(self._out / pattern)}, "
                    "header = true, all_varchar = true, union_by_name = true)"
                )
            else:
                nothing = ", ".join(f"cast(null as varchar) as {column.strip()}" for column in columns.split(","))
                self._db.execute(f"create table {name} as select {nothing} where false")

    def _read_json(self, table: str, pattern: str, columns: Mapping[str, str]) -> None:
        if any(self._out.glob(pattern)):
            typed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
            self._db.execute(
                f"create table {table} as select * from read_json({_quoted(self._out / pattern)}, "
                f"format = 'newline_delimited', columns = {{{typed}}})"
            )
        else:
            typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self._db.execute(f"create table {table} ({typed})")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def day_of(at: int) -> date:
    """The local date of epoch seconds."""
    return local_time.date_of(local_time.day_of(at))
