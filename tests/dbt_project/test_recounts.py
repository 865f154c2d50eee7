"""Facts of tickets, customers, capture checks, logs of queries and rosters against a recount in plain Python, over the
lake.

Here belongs: families of which the simulated centre has no feed, or none with such faults. Nothing here shares a line
with the SQL.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.business import queries
from simulator.business_hours import BusinessHours
from simulator.local_time import day_of, number_of
from simulator.records import Record
from simulator.truth.daycells import DayCells
from simulator.truth.paid_time import FEED as ROSTER
from simulator.truth.paid_time import PaidTime
from simulator.truth.queries import recount_queries
from tests.dbt_project.warehouse import Warehouse

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = BusinessHours()
AS_OF = datetime(2026, 3, 12)
Row = dict[str, Any]
MODELS = (
    "int_calendar__date int_calendar__open_interval int_calendar__open_date "
    "stg_centre__setting stg_canonical__ticket int_ticket__worked int_ticket__ticket fct_ticket fct_ticket_day "
    "stg_canonical__ticket_event int_ticket__event int_ticket__stage int_ticket__stage_worked "
    "fct_ticket_event fct_ticket_stage fct_ticket_return "
    "stg_canonical__feed_heartbeat int_capture__check fct_capture_check "
    "stg_canonical__customer int_customer__version dim_customer "
    "stg_canonical__query_log int_audit__query fct_query "
    "+fct_agent_paid_day"
)


def local(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZONE).replace(tzinfo=None)


def seconds(moment: datetime) -> int:
    """A UTC instant as epoch seconds."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def shanghai(text: str) -> datetime:
    """A local time of 2026 as UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M:%S") - timedelta(hours=8)


def tickets() -> list[Row]:
    """The worked table of DECISIONS.md, section 18, and hundreds of made-up ones around midnights and due times."""
    told: list[Row] = [
        {"ticket_id": "T1", "created_at": shanghai("01-20 10:00:00"), "assigned_at": shanghai("01-20 10:00:00"),
         "due_at": shanghai("03-01 18:00:00"), "solved_at": shanghai("02-27 10:00:00"),
         "archived_at": shanghai("03-01 18:00:00")},
        {"ticket_id": "T2", "created_at": shanghai("03-01 10:00:00"), "assigned_at": shanghai("03-01 10:00:00"),
         "due_at": shanghai("03-01 18:00:00"), "solved_at": shanghai("03-01 17:00:00"),
         "archived_at": shanghai("03-02 09:00:00")},
        {"ticket_id": "T3", "created_at": shanghai("03-01 10:00:00"), "due_at": shanghai("03-01 18:00:00")},
        {"ticket_id": "T4", "created_at": shanghai("03-02 10:00:00"), "due_at": shanghai("03-12 09:00:00")},
        {"ticket_id": "T5", "created_at": shanghai("03-02 10:00:00")},
        {"ticket_id": "T6", "created_at": shanghai("03-01 23:00:00"), "assigned_at": shanghai("03-02 08:00:00"),
         "due_at": shanghai("03-02 00:00:00"), "solved_at": shanghai("03-01 23:30:00"),
         "archived_at": shanghai("03-01 23:50:00")},
    ]  # fmt: skip
    chance = random.Random(18)
    for number in range(300):
        created = datetime(2026, 3, 3) + timedelta(minutes=chance.randrange(9 * 1440) // 10 * 10)
        row: Row = {"ticket_id": f"r{number}", "created_at": created, "issue_id": chance.choice(["a", "b", None])}
        for name, likely in (("assigned_at", 0.9), ("due_at", 0.8), ("solved_at", 0.7), ("archived_at", 0.6)):
            if chance.random() < likely:
                row[name] = created + timedelta(minutes=chance.choice([-10, 0, 10, 480, 960, 970, 1440, 2880]))
        told.append(row)
    return [row | {"status": "open", "dt": local(row["created_at"]).date()} for row in told]


def events() -> list[Row]:
    """Ways of the tickets, many at one instant, some to several departments at once, and some of no known ticket."""
    chance = random.Random(40)
    told: list[Row] = []
    for ticket in [*tickets(), {"ticket_id": "lost", "created_at": datetime(2026, 3, 3)}]:
        at = ticket["created_at"]
        for number in range(chance.randrange(16)):
            at += timedelta(minutes=chance.choice([0, 0, 10, 30, 480, 1440]))
            kind = chance.choice(
                ["sent_to_department", "accepted"] * 4 + ["returned", "solved", "reopened", "commented", "archived"]
            )
            row: Row = {"ticket_id": ticket["ticket_id"], "event_id": str(number), "happened_at": at, "kind": kind}
            if kind in ("sent_to_department", "accepted", "returned"):
                row["from_department_id"] = chance.choice(["service", "quality", "finance", None])
                row["to_department_id"] = chance.choice(["service", "quality", "finance"])
            if kind == "returned":
                row["missing_field"] = chance.choice(["address", "telephone", None])
            told.append(row | {"dt": local(at).date()})
    return told


def checks() -> list[Row]:
    chance = random.Random(49)
    return [
        {
            "device_id": f"d{number % 3}",
            "checked_at": (at := datetime(2026, 3, 2) + timedelta(minutes=20 * number)),
            "status": chance.choice(["up", "up", "degraded", "down", "other"]),
            "dt": local(at).date(),
        }
        for number in range(200)
    ]


def customers() -> list[Row]:
    chance = random.Random(7)
    rows = []
    for number in range(40):
        for step in range(chance.randrange(1, 7)):
            at = datetime(2026, 3, 1) + timedelta(hours=30 * step, minutes=number)
            tier = chance.choice(["new", "regular", "vip", None])
            rows.append({"customer_key": f"k{number}", "tier": tier, "record_updated_at": at, "dt": local(at).date()})
    return rows


def log() -> list[Record]:
    """Nine days of two tools in the order of time, of which some are gone, name nobody or fork."""
    chance = random.Random(39)
    found: list[Record] = []
    for day in range(number_of(date(2026, 3, 2)), number_of(date(2026, 3, 11))):
        told = sorted(queries.of_day(3, day, ["1001", "1002"]), key=lambda record: record.at)
        for number, record in enumerate(told):
            row = dict(record.row)
            if chance.random() < 0.1:
                row |= {"user_id": None, "query_hash": None}
            if chance.random() < 0.1 and row["chain_hash"] and number > 20:
                row["previous_chain_hash"] = chance.choice(told[: number - 5]).row["chain_hash"]
            if chance.random() > 0.1:
                found.append(Record(record.feed, record.at, row))
    return found


def logged() -> list[Row]:
    rows = []
    for record in log():
        at = datetime.fromtimestamp(record.at, UTC).replace(tzinfo=None)
        rows.append(record.row | {"executed_at": at, "dt": local(at).date()})
    return rows


def shifts() -> list[Row]:
    """Two weeks of thirty agents, with most faults that a roster can have; the last date but one lies ahead in part."""
    chance = random.Random(41)
    told: list[Row] = []
    for agent in range(30):
        for day in range(15):
            for number in range(chance.choice([0, 1, 1, 1, 2])):
                begins = datetime(2026, 2, 27) + timedelta(days=day, minutes=30 * chance.randrange(48))
                hours: float = chance.choice([4, 8, 8, 8, 10, 24])
                paid: float | None = chance.choice([14_400, 26_400, 10_000.5])
                if chance.random() < 0.08:
                    hours = chance.choice([24.5, 0, -3])
                elif chance.random() < 0.12:
                    paid = chance.choice([0, None, -1, 86_401])
                published = begins - timedelta(days=7)
                told.append({
                    "agent_id": f"a{agent}", "shift_id": f"{day}.{number}", "shift_date": begins.date(), "paid_s": paid,
                    "published_at": published, "planned_start_at": begins,
                    "planned_end_at": begins + timedelta(hours=hours), "dt": local(published).date(),
                })  # fmt: skip
    return told


def states() -> list[Row]:
    """What the agents do on some of these dates between 09:00 and 17:00; of some only chats are known, and one is away
    for a week."""
    chance = random.Random(4)
    told: list[Row] = []
    for agent in range(31):
        for day in range(12):
            if chance.random() < 0.3 or (agent == 4 and 2 <= day < 9):
                continue
            at, ends = (datetime(2026, 2, 28) + timedelta(days=day, hours=hour) for hour in (1, 9))
            while at < ends:
                until = at + timedelta(seconds=chance.randrange(600, 7200))
                state = chance.choice(["ready", "talk", "acw", "ringing", "break", "meeting"])
                channel = "im_web" if agent % 7 == 1 else None
                told.append({
                    "agent_id": f"a{agent}", "state": state, "channel_id": channel, "started_at": at, "ended_at": until,
                    "dt": local(at).date(),
                })  # fmt: skip
                at = until
    return told


def paid_recount() -> dict[tuple[str, date, str | None], tuple[Any, ...]]:
    """KPI, date and agent -> numerator and denominator."""
    worked: DayCells[str] = DayCells()
    for row in states():
        if row["channel_id"] is None:
            cell = worked.of(day_of(seconds(row["started_at"])))[row["agent_id"]]
            lasts = seconds(row["ended_at"]) - seconds(row["started_at"])
            cell[f"state_{row['state']}"] += lasts
            cell["logged_in_s"] += lasts
    paid = PaidTime(seconds(AS_OF - timedelta(hours=8)))
    for row in shifts():
        instants = {name: seconds(row[name]) for name in ("published_at", "planned_start_at", "planned_end_at")}
        paid.add(Record(ROSTER, instants["published_at"], row | instants))
    paid.settle(seconds(AS_OF) * 2)
    return {
        (value.kpi_id, date.fromisoformat(value.period_start), value.agent): value.figures[:2]
        for value in paid.values(worked, {})
        if value.grain == "day"
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("recount"))
    told = {
        "ticket": tickets(),
        "ticket_event": events(),
        "feed_heartbeat": checks(),
        "customer": customers(),
        "query_log": logged(),
        "shift": shifts(),
        "agent_state": states(),
    }
    for feed, rows in told.items():
        warehouse.write_days(f"canonical.{feed}", rows)
    warehouse.dbt("seed", "--select", "business_hours business_day_exception +fct_agent_paid_day")
    warehouse.dbt("run", "--select", MODELS, "--vars", json.dumps({"as_of": f"{AS_OF:%Y-%m-%d %X}"}))
    return warehouse


def ticket_days() -> dict[tuple[date, Any], Counter[str]]:
    """Counts by local date and issue, ticket by ticket."""
    found: dict[tuple[date, Any], Counter[str]] = defaultdict(Counter)
    for row in tickets():
        solved, archived, due = row.get("solved_at"), row.get("archived_at"), row.get("due_at")
        if solved is not None and solved < row["created_at"]:
            solved = None
        for name, at in (("created", row["created_at"]), ("assigned", row.get("assigned_at")), ("due", due),
                         ("solved", solved), ("archived", archived)):  # fmt: skip
            if at is None or (name == "due" and local(at) > AS_OF):
                continue
            day = found[local(at).date(), row.get("issue_id")]
            day[name] += 1
            if name == "assigned" and solved is not None:
                day["assigned_solved"] += 1
            if name == "due" and solved is not None and archived is not None and max(solved, archived) <= at:
                day["closed_in_time"] += 1
            if name == "solved" and solved is not None:
                day["solving_s"] += int((solved - row["created_at"]).total_seconds())
                day["solving_business_s"] += OFFICE.between(seconds(row["created_at"]), seconds(solved))
    return found


def test_tickets_by_date_are_those_of_the_recount(built: Warehouse) -> None:
    names = ("created", "assigned", "assigned_solved", "due", "closed_in_time", "solved", "archived")
    sums = ", ".join(f"{name}_count" for name in names)
    rows = built.rows(f"select local_date, issue_id, {sums}, solving_s, solving_business_s from marts.fct_ticket_day")
    assert {(day, issue): tuple(counts) for day, issue, *counts in rows} == {
        key: (*(day[name] for name in names), day["solving_s"], day["solving_business_s"])
        for key, day in ticket_days().items()
    }


def ways() -> dict[str, list[Row]]:
    """The events of each known ticket in their order."""
    known = {row["ticket_id"] for row in tickets()}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(events(), key=lambda row: (row["happened_at"], int(row["event_id"]))):
        if row["ticket_id"] in known:
            found[row["ticket_id"]].append(row)
    return found


def stages() -> dict[tuple[str, int], tuple[Any, ...]]:
    """Of each sending: department, instants, and seconds by both clocks, event by event."""
    found = {}
    for ticket_id, told in ways().items():
        open_stages: list[Row] = []
        for event in told:
            department, at = event.get("to_department_id"), event["happened_at"]
            giver = event.get("from_department_id")
            if event["kind"] in ("sent_to_department", "returned") and giver == department:
                continue
            for stage in open_stages:
                taken = event["kind"] in ("solved", "archived") or (
                    event["kind"] in ("returned", "sent_to_department") and giver in (None, stage["department"])
                )
                if taken and stage["accepted"] is not None and stage["left"] is None:
                    stage["left"] = at
            waiting = [stage for stage in open_stages if stage["department"] == department and stage["is_waiting"]]
            if event["kind"] == "sent_to_department":
                for stage in waiting:
                    stage["is_waiting"] = False
                open_stages.append(
                    {"department": department, "sent": at, "accepted": None, "left": None, "is_waiting": True}
                )
            elif event["kind"] == "accepted" and waiting:
                waiting[0] |= {"accepted": at, "is_waiting": False}
        for number, stage in enumerate(open_stages, 1):
            sent, accepted, left = stage["sent"], stage["accepted"], stage["left"]
            found[ticket_id, number] = (
                stage["department"], sent, accepted, left, *both_clocks(sent, accepted), *both_clocks(accepted, left)
            )  # fmt: skip
    return found


def both_clocks(earlier: datetime | None, later: datetime | None) -> tuple[int | None, int | None]:
    """Calendar seconds and seconds of office hours; None where an end is unknown."""
    if earlier is None or later is None:
        return None, None
    return seconds(later) - seconds(earlier), OFFICE.between(seconds(earlier), seconds(later))


def test_stages_of_tickets_are_those_of_the_recount(built: Warehouse) -> None:
    rows = built.rows(
        "select ticket_id, stage_no, to_department_id, sent_at, accepted_at, left_at, waiting_s, waiting_business_s, "
        "handling_s, handling_business_s from marts.fct_ticket_stage"
    )
    assert {(ticket, number): tuple(said) for ticket, number, *said in rows} == stages()
    assert sum(said[3] is not None for said in stages().values()) > 50


def test_a_ticket_counts_all_its_accepted_stages_on_the_date_of_the_last(built: Warehouse) -> None:
    recount: dict[str, list[Any]] = {}
    for (ticket_id, _), (_, _, accepted, _, calendar_s, business_s, *_) in stages().items():
        if accepted is not None:
            sums = recount.setdefault(ticket_id, [local(accepted).date(), 0, 0])
            recount[ticket_id] = [max(sums[0], local(accepted).date()), sums[1] + calendar_s, sums[2] + business_s]
    rows = built.rows(
        "select ticket_id, local_accepted_date, ticket_waiting_s, ticket_waiting_business_s "
        "from marts.fct_ticket_stage where is_last_accepted"
    )
    assert sorted(rows) == sorted((ticket_id, *sums) for ticket_id, sums in recount.items())


def test_tickets_sent_back_by_field_are_those_of_the_recount(built: Warehouse) -> None:
    recount = Counter(
        (ticket_id, event["missing_field"])
        for ticket_id, told in ways().items()
        for event in told
        if event["kind"] == "returned" and event["missing_field"] is not None
    )
    rows = built.rows("select ticket_id, missing_field, returned_count from marts.fct_ticket_return")
    assert {(ticket_id, name): count for ticket_id, name, count in rows} == recount


def test_the_worked_table_of_tickets_is_what_the_recount_gives() -> None:
    worked = {(key[0].isoformat(), name): count for key, day in ticket_days().items() for name, count in day.items()
              if key[0] <= date(2026, 3, 2)}  # fmt: skip
    assert worked["2026-03-01", "due"] == 3 and worked["2026-03-01", "closed_in_time"] == 1
    assert worked["2026-03-01", "solving_s"] == 27_000 and worked["2026-02-27", "solving_s"] == 3_283_200
    assert worked["2026-03-02", "due"] == worked["2026-03-02", "closed_in_time"] == 1


def test_capture_checks_are_those_of_the_recount(built: Warehouse) -> None:
    rows = built.rows(
        "select local_date, count(*), count(*) filter (status = 'up') from marts.fct_capture_check group by all"
    )
    recount: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for row in checks():
        day = recount[local(row["checked_at"]).date()]
        day[0] += 1
        day[1] += row["status"] == "up"
    assert {day: [total, up] for day, total, up in rows} == dict(recount)


def test_the_tier_at_an_instant_is_that_of_the_last_record_before_it(built: Warehouse) -> None:
    history: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(customers(), key=lambda row: row["record_updated_at"]):
        history[row["customer_key"]].append(row)
    for hours in range(0, 240, 7):
        at = datetime(2026, 2, 28) + timedelta(hours=hours)
        found = dict(
            built.rows(
                "select customer_key, tier from marts.dim_customer where valid_from <= ? "
                "and (valid_to is null or ? < valid_to)",
                at,
                at,
            )
        )
        # before the first record of a customer the first one is used
        recount = {
            key: ([row for row in rows if row["record_updated_at"] <= at] or rows[:1])[-1]["tier"]
            for key, rows in history.items()
        }
        assert found == recount


def test_traces_and_chains_of_a_log_are_those_of_the_recount(built: Warehouse) -> None:
    rows = built.rows(
        "select local_date, count(*), count(*) filter (is_traceable), count(*) filter (is_vouched), "
        "count(*) filter (is_exported), count(*) filter (is_exported and is_traceable) "
        "from marts.fct_query where is_counted group by all"
    )
    states = dict(built.rows("select chain_state, count(*) from marts.fct_query group by all"))
    recount = {
        (value.variant, date.fromisoformat(value.period_start)): value.figures[:2]
        for value in recount_queries(log(), seconds(AS_OF))
        if value.grain == "day" and value.dim_set == "all"
    }
    found = {}
    for day, counted, traceable, vouched, exported, exported_traceable in rows:
        found["operations", day] = traceable, counted
        found["chained", day] = vouched, counted
        found["exports", day] = exported_traceable, exported
    assert found == recount
    assert states.keys() == {"none", "begins", "follows", "cut", "forked"} and states["begins"] == 1


def test_paid_time_of_agents_and_dates_is_that_of_the_recount(built: Warehouse) -> None:
    rows = built.rows(
        "select local_date, agent_id, paid_s, talk_state_s, handle_or_ready_s from marts.fct_agent_paid_day "
        "where is_counted"
    )
    centre: dict[date, list[float]] = defaultdict(lambda: [0, 0, 0])
    found = {}
    for day, agent, *sums in rows:
        centre[day] = [total + part for total, part in zip(centre[day], sums, strict=True)]
        for kpi_id, done in (("M065", sums[1]), ("M066", sums[2])):
            found[kpi_id, day, agent] = done, sums[0]
    for day, sums in centre.items():
        found |= {("M065", day, None): (sums[1], sums[0]), ("M066", day, None): (sums[2], sums[0])}
    recount = paid_recount()
    assert len(found) > 300
    assert found.keys() == recount.keys()
    for key, figures in recount.items():
        assert found[key] == pytest.approx(figures, rel=1e-9), key
    left_out = built.rows("select is_of_telephone, paid_s is null, count(*) from marts.fct_agent_paid_day group by all")
    assert {row[:2] for row in left_out} == {(True, False), (True, True), (False, False), (False, True)}
    assert max(done / paid for (kpi_id, *_), (done, paid) in found.items() if kpi_id == "M066") > 1
