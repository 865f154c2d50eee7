"""The build window: dates built one by one, changed or emptied later, give what one full build gives.

Here belongs: what an incremental build may and may not change. Not here: values (worked examples, unit tests). The
orchestrator widens a window by the late window on both sides; the tests pass it so.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.paths import DBT_PROJECT
from orchestration.warehouse import late_window_days
from tests.dbt_project import examples
from tests.dbt_project.warehouse import ZERO, Warehouse, capabilities

FACTS = (
    "fct_contact",
    "fct_queue_visit",
    "fct_queue_offer",
    "fct_queue_interval",
    "fct_agent_leg",
    "fct_agent_state",
    "fct_agent_interval",
    "fct_agent_day",
)
LATE_WINDOW = timedelta(days=late_window_days())
# Far enough apart that most builds leave the others alone; the second night is also the end of a month.
EARLY, MONTH_END, MONTH_START, LATER = date(2026, 2, 19), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 12)
DATES = (EARLY, MONTH_END, MONTH_START, LATER)
EXPORTED = tuple(
    f"canonical.{feed}" for feed in ("contact", "queue_visit", "queue_offer", "leg", "agent_state", "shift")
)
# Hold the periods of the last window only: nothing reads them after the build.
TRANSIENT = {"kpi_period", "kpi_measure_period", "kpi_ranked_hour", "kpi_result"}


def logged(
    at: datetime, call: str | None, queue: str | None, agent: str | None, event: str, *data: Any
) -> dict[str, Any]:
    """One row of asterisk.queue_log; `at` is Shanghai time."""
    row = examples.line("00:00:00", call, queue, agent, event, *data)
    return row | {"dt": at.date(), "event_at": at - timedelta(hours=8)}


def calls(day: date) -> list[dict[str, Any]]:
    """Calls of one date: answered, transferred, abandoned, short, timed out, still waiting; and their agents."""
    nine = datetime(day.year, day.month, day.day, 9)
    at = [nine + timedelta(minutes=7 * number) for number in range(12)]
    after = timedelta(seconds=1)
    name = f"{day:%m%d}"
    return [
        logged(nine - timedelta(hours=1), None, "sales", "A1", "ADDMEMBER"),
        logged(nine - timedelta(hours=1), None, "support", "A2", "ADDMEMBER"),
        logged(at[0], f"{name}a", "sales", None, "ENTERQUEUE", None, None, 1),
        logged(at[0] + 8 * after, f"{name}a", "sales", "A1", "CONNECT", 8, "x", 3),
        logged(at[0] + 108 * after, f"{name}a", "sales", "A1", "COMPLETECALLER", 8, 100, 1),
        logged(at[0] + 109 * after, None, None, "A1", "PAUSE", "ACW"),
        logged(at[0] + 129 * after, None, None, "A1", "UNPAUSE", "ACW"),
        logged(at[1], f"{name}b", "sales", None, "ENTERQUEUE", None, None, 1),
        logged(at[1] + 15 * after, f"{name}b", "sales", "A1", "RINGNOANSWER", 14000),
        logged(at[1] + 41 * after, f"{name}b", "sales", "A2", "CONNECT", 41, "x", 6),
        logged(at[1] + 71 * after, f"{name}b", "sales", "A2", "BLINDTRANSFER", "600", "ctx", 41, 30, 1),
        logged(at[1] + 71 * after, f"{name}b", "support", None, "ENTERQUEUE", None, None, 1),
        logged(at[1] + 90 * after, f"{name}b", "support", "A1", "CONNECT", 19, "x", 4),
        logged(at[1] + 190 * after, f"{name}b", "support", "A1", "COMPLETEAGENT", 19, 100, 1),
        logged(at[2], f"{name}c", "support", None, "ENTERQUEUE", None, None, 1),
        logged(at[2] + 33 * after, f"{name}c", "support", None, "ABANDON", 1, 1, 33),
        logged(at[3], f"{name}d", "support", None, "ENTERQUEUE", None, None, 1),
        logged(at[3] + 3 * after, f"{name}d", "support", None, "ABANDON", 1, 1, 3),
        logged(at[4], f"{name}e", "sales", None, "ENTERQUEUE", None, None, 1),
        logged(at[4] + 120 * after, f"{name}e", "sales", None, "EXITWITHTIMEOUT", 1, 1, 120),
        logged(at[5], f"{name}f", "sales", None, "ENTERQUEUE", None, None, 1),
        logged(at[6], None, None, "A2", "PAUSE", "lunch"),
        logged(at[8], None, None, "A2", "UNPAUSE"),
        logged(at[9], None, "sales", "A1", "REMOVEMEMBER"),
        logged(at[11], None, "support", "A2", "REMOVEMEMBER"),
        # whose log-out is lost: present for some hours of a date that has no rows of its own
        logged(nine + timedelta(hours=11), None, "support", "A4", "ADDMEMBER"),
    ]


def midnight_call() -> list[dict[str, Any]]:
    """A call that enters in February, is answered in March, with an agent who is there all night."""
    night = datetime(2026, 2, 28, 23, 59, 50)
    second = timedelta(seconds=1)
    return [
        logged(datetime(2026, 2, 28, 21), None, "sales", "A3", "ADDMEMBER"),
        logged(night, "night", "sales", None, "ENTERQUEUE", None, None, 1),
        logged(night + 15 * second, "night", "sales", "A3", "CONNECT", 15, "x", 5),
        logged(night + 215 * second, "night", "sales", "A3", "COMPLETECALLER", 15, 200, 1),
        logged(datetime(2026, 3, 1, 4), None, "sales", "A3", "REMOVEMEMBER"),
    ]


def records(day: date) -> list[dict[str, Any]]:
    """Call detail records of one date: a direct, an outbound and a congested call."""
    start = datetime(day.year, day.month, day.day, 14) - timedelta(hours=8)
    minute = timedelta(minutes=1)
    common = {"dt": day, "dialled_number": "4008001001", "disposition": "ANSWERED"}
    name = f"{day:%m%d}"
    return [
        common
        | {"call_id": f"{name}x", "linked_id": f"{name}x", "direction": "inbound", "destination_peer": "A1"}
        | {"started_at": start, "answered_at": start, "ended_at": start + minute, "billsec_s": 60},
        common
        | {"call_id": f"{name}y", "linked_id": f"{name}y", "direction": "outbound", "source_peer": "A2"}
        | {"started_at": start + minute, "answered_at": start + 2 * minute, "ended_at": start + 5 * minute}
        | {"billsec_s": 180, "destination_peer": "trunk"},
        common
        | {"call_id": f"{name}z", "linked_id": f"{name}z", "direction": "inbound", "disposition": "CONGESTION"}
        | {"started_at": start + 9 * minute, "ended_at": start + 9 * minute},
    ]


def exported(day: date) -> dict[str, list[dict[str, Any]]]:
    """A call of one date that an export tells by all its feeds, and the states of its first agent. The third
    conversation and the agent's last state, which has no end, go on after midnight."""
    begin = datetime(day.year, day.month, day.day, 23, 45) - timedelta(hours=8)
    at = [begin + timedelta(minutes=number) for number in range(21)]
    call = {"dt": day, "contact_id": f"{day:%m%d}e"}
    chain = (("E1", "queue", at[1], at[5]), ("E2", "transfer", at[5], at[9]), ("E3", "queue", at[11], at[20]))
    return {
        "canonical.contact": [
            call | {"direction": "inbound", "outcome": "answered", "started_at": at[0], "ended_at": at[20]}
        ],
        "canonical.queue_visit": [
            call | {"queue_id": queue, "entered_at": entered, "left_at": left, "exit_kind": "answered"}
            for queue, entered, left in (("sales", at[0], at[1]), ("support", at[9], at[11]))
        ],
        "canonical.queue_offer": [
            call | {"agent_id": "E2", "offered_at": at[10], "ended_at": at[11], "result": "no_answer"}
        ],
        "canonical.leg": [
            call
            | {"leg_id": agent, "leg_type": "agent", "agent_id": agent, "routed_by": routed_by}
            | {"started_at": answered, "answered_at": answered, "ended_at": ended}
            for agent, routed_by, answered, ended in chain
        ],
        "canonical.agent_state": [
            {"dt": day, "agent_id": "E1", "state": state, "started_at": moment}
            for state, moment in (("ready", at[0]), ("talk", at[1]), ("meeting", at[5]))
        ],
        "canonical.shift": list(shifts(day)),
    }


def shifts(day: date) -> Iterator[dict[str, Any]]:
    """The roster that is published on a date: eight dates of three agents, who log in on the first of them and work by
    day or by night. On its last dates the last login was long ago."""
    for agent, hour in (("A1", 9), ("A4", 22), ("E1", 20)):
        for ahead in range(8):
            begins = datetime(day.year, day.month, day.day, hour) + timedelta(days=ahead, hours=-8)
            yield {
                "dt": day, "agent_id": agent, "shift_id": f"{day:%m%d}.{ahead}", "shift_date": day, "paid_s": 26_400,
                "published_at": datetime(day.year, day.month, day.day), "planned_start_at": begins,
                "planned_end_at": begins + timedelta(hours=8),
            }  # fmt: skip


def window(first: date, last: date, built_until: date | None = None) -> tuple[str, str]:
    """The window that builds what changed from `first` to `last`.

    It begins no later than the late window before the end of the build before it, as the planner has it: what was not
    known then, such as when a silent agent left, that a month is over, or whether a caller comes again, is known now.
    """
    begin = first - LATE_WINDOW
    if built_until is not None:
        begin = min(begin, built_until + timedelta(days=1) - LATE_WINDOW)
    return begin.isoformat(), (last + LATE_WINDOW).isoformat()


def end_of(day: date) -> str:
    return f"{day + timedelta(days=1)} 00:00:00"


EVERYTHING = ("1900-01-01", "2999-12-30")


class Centre:
    """A small lake of four dates, before and after two of them change, and the warehouses built from it."""

    def __init__(self, root: Path) -> None:
        self.empty = Warehouse(root / "empty")
        self.empty.write("centre.queue", ZERO, examples.QUEUES)
        self.empty.write("centre.number", ZERO, examples.NUMBERS)
        self.empty.write("centre.feed_capability", ZERO, capabilities("asterisk.queue_log", "asterisk.cdr", *EXPORTED))
        self.empty.dbt("seed")
        log = [line for day in DATES for line in calls(day)] + midnight_call()
        cdr = [record for day in DATES for record in records(day)]
        late = datetime(2026, 3, 1, 16)
        call = [
            logged(late, "late", "sales", None, "ENTERQUEUE", None, None, 1),
            logged(late + timedelta(seconds=20), "late", "sales", None, "ABANDON", 1, 1, 20),
        ]
        told = {feed: [row for day in DATES for row in exported(day)[feed]] for feed in EXPORTED}
        self.before = {"asterisk.queue_log": log, "asterisk.cdr": cdr} | told
        # the first date lost its rows, the first of March got a call more
        self.after = {
            "asterisk.queue_log": [row for row in log if row["dt"] != EARLY] + call,
            "asterisk.cdr": [row for row in cdr if row["dt"] != EARLY],
        } | {feed: [row for row in rows if row["dt"] != EARLY] for feed, rows in told.items()}

    def full(self, root: Path, feeds: dict[str, list[dict[str, Any]]]) -> Warehouse:
        """All dates at once."""
        warehouse = self.empty.copy(root)
        write(warehouse, feeds, *DATES)
        warehouse.run(EVERYTHING, end_of(LATER))
        return warehouse


def write(warehouse: Warehouse, feeds: dict[str, list[dict[str, Any]]], *days: date) -> None:
    """The partitions of some dates."""
    for feed, rows in feeds.items():
        for day in days:
            some = [{key: value for key, value in row.items() if key != "dt"} for row in rows if row["dt"] == day]
            warehouse.write(feed, day, some)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("window")


@pytest.fixture(scope="module")
def centre(root: Path) -> Centre:
    return Centre(root)


@pytest.fixture(scope="module")
def full_builds(centre: Centre, root: Path) -> Iterator[dict[str, Future[Warehouse]]]:
    """Both full builds, made while the dates are built one by one: they take turns on the second core."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield {
            "before": pool.submit(centre.full, root / "full_before", centre.before),
            "after": pool.submit(centre.full, root / "full_after", centre.after),
        }


@pytest.fixture(scope="module")
def by_date(centre: Centre, root: Path, full_builds: dict[str, Future[Warehouse]]) -> Warehouse:
    """Each date built when its partition came, as of its end; the range in the middle in one go."""
    warehouse = centre.empty.copy(root / "by_date")
    built_until = None
    for days in ((EARLY,), (MONTH_END, MONTH_START), (LATER,)):
        write(warehouse, centre.before, *days)
        warehouse.run(window(days[0], days[-1], built_until), end_of(days[-1]))
        built_until = days[-1]
    return warehouse


@pytest.fixture(scope="module")
def changed(centre: Centre, by_date: Warehouse, root: Path) -> Warehouse:
    """Afterwards the range that holds both changes is built again."""
    warehouse = by_date.copy(root / "changed")
    write(warehouse, centre.after, EARLY, MONTH_START)
    warehouse.run(window(EARLY, MONTH_START), end_of(LATER))
    return warehouse


@contextmanager
def both(ours: Warehouse, theirs: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(f"attach '{ours.file}' as ours (read_only)")
        con.execute(f"attach '{theirs.file}' as theirs (read_only)")
        yield con


def differences(ours: Warehouse, theirs: Warehouse, where: dict[str, str] | None = None) -> dict[str, list[Any]]:
    """Rows of the marts' tables that one warehouse has and the other has not, by mart; `where` picks marts and rows."""
    found = {}
    with both(ours, theirs) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'ours' and schema_name = 'marts'"
        ).fetchall()
        assert len(tables) > 20
        for (name,) in tables:
            if name in TRANSIENT or (where is not None and name not in where):
                continue
            picked = (where or {}).get(name, "true")
            sides = [f"select * from {side}.marts.{name} where {picked}" for side in ("ours", "theirs")]
            rows = con.execute(
                f"select 'only ours', * from ({sides[0]} except all {sides[1]}) "
                f"union all select 'only theirs', * from ({sides[1]} except all {sides[0]})"
            ).fetchall()
            if rows:
                found[name] = [*rows[:3], len(rows)]
    return found


def volume(warehouse: Warehouse) -> dict[tuple[str, date], float]:
    """M001 of all contacts, by grain and start of the period."""
    return {
        (grain, start.date()): value
        for grain, start, value in warehouse.rows(
            "select grain, period_start, value from marts.kpi_value "
            "where kpi_id = 'M001' and variant = 'all' and dim_set = 'all' "
            "and grain in ('day', 'week', 'month', 'year')"
        )
    }


def test_dates_built_one_by_one_equal_a_full_build(
    by_date: Warehouse, full_builds: dict[str, Future[Warehouse]]
) -> None:
    assert differences(by_date, full_builds["before"].result()) == {}


def test_a_contact_over_midnight_counts_when_it_came_and_is_handled_when_it_ended(by_date: Warehouse) -> None:
    assert by_date.rows(
        "select local_date, local_ended_date, queue_wait_s from marts.fct_contact where contact_id = 'asterisk:night'"
    ) == [(MONTH_END, MONTH_START, 15.0)]
    assert by_date.rows("select local_date, talk_s from marts.fct_agent_leg where contact_id = 'asterisk:night'") == [
        (MONTH_START, 200.0)
    ]
    # six calls of the log, three of the records, one of the export, and the one at night
    assert volume(by_date)["month", date(2026, 2, 1)] == 10 + 11
    assert volume(by_date)["month", date(2026, 3, 1)] == 10 + 10
    talk = (
        "select value from marts.kpi_value where kpi_id = 'M063' and dim_set = 'agent' and agent = 'A3' and grain = ?"
    )
    assert by_date.rows(talk, "month") == by_date.rows(talk, "day") == [(200.0,)]


def test_an_agent_over_midnight_has_a_piece_on_each_date(by_date: Warehouse) -> None:
    assert by_date.rows(
        "select local_date, sum(duration_s) from marts.fct_agent_state where agent_id = 'A3' group by all order by all"
    ) == [(MONTH_END, 3 * 3600.0), (MONTH_START, 4 * 3600.0)]


def test_what_an_export_tells_over_midnight_lies_on_both_dates(by_date: Warehouse) -> None:
    chain = by_date.rows(
        "select agent_id, local_date, talk_s from marts.fct_agent_leg where contact_id = 'canonical:0228e' order by 1"
    )
    assert chain == [("E1", MONTH_END, 240.0), ("E2", MONTH_END, 240.0), ("E3", MONTH_START, 540.0)]
    # a meeting without an end lasts until the agent's next state
    assert by_date.rows(
        "select local_date, sum(duration_s) from marts.fct_agent_state where agent_id = 'E1' and state = 'busy' "
        "and local_date between ? and ? group by all order by all", MONTH_END, MONTH_START
    ) == [(MONTH_END, 600.0), (MONTH_START, 57600.0 - 600 + 600)]  # fmt: skip


def test_who_has_not_logged_in_for_five_dates_is_paid_for_but_does_not_count(by_date: Warehouse) -> None:
    rows = by_date.rows(
        "select local_date - ?, is_counted from marts.fct_agent_paid_day where agent_id = 'A1' and local_date < ? "
        "order by all", EARLY, MONTH_END
    )  # fmt: skip
    assert rows == [(ahead, ahead <= 5) for ahead in range(8)]


def test_what_a_late_log_line_says_of_logins_stays_within_the_late_window() -> None:
    said = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    believed_days = 3 + 1  # a queue membership, and an agent's silence after its last event
    assert said["telephone_agent_days"] + believed_days <= late_window_days()


def test_a_date_that_lost_its_rows_vanishes(changed: Warehouse) -> None:
    left = {
        name: changed.rows(f"select count(*) from marts.{name} where local_date = ?", EARLY)[0][0]
        for (name,) in changed.rows(
            "select distinct table_name from information_schema.columns where table_schema = 'marts' "
            "and column_name = 'local_date' and (table_name like 'fct_%' or table_name like 'kpi_measure%')"
        )
    }
    assert len(left) > 10
    assert set(left.values()) == {0}, left
    assert not [start for _, start in volume(changed) if start in (EARLY, date(2026, 2, 16))]


def test_week_month_and_year_follow_what_changed(by_date: Warehouse, changed: Warehouse) -> None:
    before, after = volume(by_date), volume(changed)
    moved = {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
    assert moved == {
        ("day", EARLY): (10, None),
        ("week", date(2026, 2, 16)): (10, None),
        ("month", date(2026, 2, 1)): (21, 11),
        ("day", MONTH_START): (10, 11),
        ("week", date(2026, 2, 23)): (21, 22),
        ("month", date(2026, 3, 1)): (20, 21),
        ("year", date(2026, 1, 1)): (41, 32),
    }


def test_a_late_row_changes_its_date_and_what_depends_on_it_alone(by_date: Warehouse, changed: Warehouse) -> None:
    others = {name: f"local_date in (date '{MONTH_END}', date '{LATER}')" for name in FACTS}
    others["kpi_judged"] = (
        f"(grain in ('day', 'hour') and cast(period_start as date) in (date '{MONTH_END}', date '{LATER}')) "
        "or (grain = 'week' and period_start = timestamp '2026-03-09')"
    )
    assert differences(by_date, changed, others) == {}
    # presence and conversations of the late row's own date are what they were, too
    agents = {
        name: f"local_date = date '{MONTH_START}'" for name in ("fct_agent_state", "fct_agent_day", "fct_agent_leg")
    }
    assert differences(by_date, changed, agents) == {}


def test_changed_dates_built_alone_equal_a_full_build(
    changed: Warehouse, full_builds: dict[str, Future[Warehouse]]
) -> None:
    assert differences(changed, full_builds["after"].result()) == {}
