"""Records that live on: a change moves the dates that the record touches, however old, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from expectations.contracts import all_contracts
from orchestration import paths
from orchestration.entities import Changes, changes, earliest_date, entity_feeds, served_as
from orchestration.paths import DBT_PROJECT
from tests.dbt_project.warehouse import Warehouse

FEED, ZONE = "canonical.ticket", "Asia/Shanghai"
SELECT = (
    "--select",
    "stg_canonical__ticket",
    "stg_centre__setting",
    "int_calendar__date",
    "int_calendar__open_interval",
    "int_calendar__open_date",
    "int_ticket__worked",
    "int_ticket__ticket",
    "fct_ticket",
    "fct_ticket_day",
)
OPENED = date(2026, 1, 20)
AS_OF = "2026-03-02 00:00:00"


def at(day: date, hour: int = 10) -> datetime:
    """An hour of a local date, as UTC."""
    return datetime(day.year, day.month, day.day, hour) - timedelta(hours=8)


def ticket(name: str, opened: date, **said: Any) -> dict[str, Any]:
    row = {"ticket_id": name, "created_at": at(opened), "status": "open", "dt": opened} | said
    return row | {"row_hash": json.dumps(row, default=str, sort_keys=True)}


def tickets(**changed: Any) -> list[dict[str, Any]]:
    """Three tickets of one date, the first as `changed`, and one of a later date."""
    return [
        ticket("old", OPENED, **{"due_at": at(date(2026, 2, 10), 18), **changed}),
        ticket("solved", OPENED, due_at=at(date(2026, 2, 11)), solved_at=at(date(2026, 2, 3)), status="solved"),
        ticket("other", OPENED, due_at=at(date(2026, 2, 12))),
        ticket("later", date(2026, 2, 20), due_at=at(date(2026, 2, 25))),
    ]


def released(warehouse: Warehouse) -> None:
    """Make the facts of the warehouse the current release."""
    current = paths.published_dir(warehouse.root) / "current"
    current.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse.file), read_only=True) as db:
        db.execute(f"copy marts.fct_ticket to '{current / 'fct_ticket.parquet'}' (format parquet)")


def by_day(warehouse: Warehouse) -> dict[date, list[tuple[Any, ...]]]:
    rows: dict[date, list[tuple[Any, ...]]] = {}
    for row in warehouse.rows("select * from marts.fct_ticket_day order by all"):
        rows.setdefault(row[0], []).append(row)
    return rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Warehouse]:
    """A warehouse of the tickets as they were, and their release; each call copies it."""
    first = Warehouse(tmp_path_factory.mktemp("tickets"))
    first.write_days(FEED, tickets())
    first.dbt("seed", "--select", "business_hours", "business_day_exception")
    first.dbt("run", *SELECT, "--vars", json.dumps({"as_of": AS_OF}))
    released(first)

    def another() -> Warehouse:
        copied = first.copy(tmp_path_factory.mktemp("copy") / "root")
        released(copied)
        return copied

    return another


def test_a_ticket_opened_40_days_ago_and_archived_today_changes_its_own_dates_and_no_other(
    built: Callable[[], Warehouse],
) -> None:
    warehouse = built()
    before = by_day(warehouse)
    today = OPENED + timedelta(days=40)
    now = {"solved_at": at(date(2026, 2, 10), 9), "archived_at": at(date(2026, 2, 10), 17), "status": "archived"}
    warehouse.write_days(FEED, tickets(assigned_at=at(today), **now))
    change = changes(warehouse.root, ZONE, {FEED: [OPENED]})
    assert change.dates == {OPENED, date(2026, 2, 10), today}
    said = {
        "as_of": AS_OF,
        "window_from": AS_OF[:10],
        "window_to": AS_OF[:10],
        "changed_partitions": {FEED: [OPENED.isoformat()]},
        "touched_dates": [day.isoformat() for day in sorted(change.dates)],
    }
    warehouse.dbt("run", *SELECT, "--vars", json.dumps(said))
    after = by_day(warehouse)
    assert {day for day in {*before, *after} if before.get(day) != after.get(day)} == {date(2026, 2, 10), today}
    ((due, closed),) = warehouse.rows(
        "select sum(due_count), sum(closed_in_time_count) from marts.fct_ticket_day where local_date = '2026-02-10'"
    )
    assert (due, closed) == (1, 1)
    incremental = warehouse.rows("select * from marts.fct_ticket order by ticket_id")
    warehouse.dbt("run", "--full-refresh", *SELECT, "--vars", json.dumps({"as_of": AS_OF}))
    assert (by_day(warehouse), warehouse.rows("select * from marts.fct_ticket order by ticket_id")) == (
        after,
        incremental,
    )


def test_dates_of_the_old_version_are_touched_too(built: Callable[[], Warehouse]) -> None:
    warehouse = built()
    warehouse.write_days(FEED, tickets(due_at=at(date(2026, 2, 14))))
    assert changes(warehouse.root, ZONE, {FEED: [OPENED]}).dates == {OPENED, date(2026, 2, 10), date(2026, 2, 14)}


def test_a_deleted_ticket_touches_the_dates_that_it_had(built: Callable[[], Warehouse]) -> None:
    warehouse = built()
    warehouse.write(FEED, OPENED, [{k: v for k, v in row.items() if k != "dt"} for row in tickets()[:2]])
    assert changes(warehouse.root, ZONE, {FEED: [OPENED]}).dates == {OPENED, date(2026, 2, 12)}


def test_a_partition_whose_rows_are_the_same_touches_nothing(built: Callable[[], Warehouse]) -> None:
    assert changes(built().root, ZONE, {FEED: [OPENED]}) == Changes({FEED: frozenset({OPENED})})


def test_the_first_date_is_the_earliest_instant_of_any_record_as_far_back_as_it_reaches(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    assert earliest_date(tmp_path, ZONE) is None
    long_ago, known_since = date(2024, 2, 10), date(2019, 5, 1)
    kept = {"row_hash": "x"}
    warehouse.write_days(FEED, [ticket("old", OPENED, created_at=at(long_ago, 1))])
    # nothing is counted by the dates of a customer: no fact is made of the feed
    warehouse.write("canonical.customer", OPENED, [{"customer_key": "c", "joined_at": at(known_since)} | kept])
    assert earliest_date(tmp_path, ZONE) == long_ago
    # its day decides what a contact of the week before was worth
    event = {"event_id": "e", "ticket_id": "old", "happened_at": at(long_ago), "kind": "reopened"}
    warehouse.write("canonical.ticket_event", OPENED, [event | kept])
    assert earliest_date(tmp_path, ZONE) == long_ago - timedelta(days=7)
    warehouse.write("canonical.cost", OPENED, [{"cost_id": "k", "month": date(2024, 1, 1)} | kept])
    assert earliest_date(tmp_path, ZONE) == date(2024, 1, 1)


def test_a_feed_without_a_fact_touches_nothing(tmp_path: Path) -> None:
    assert changes(tmp_path, ZONE, {"canonical.order": [OPENED]}).dates == frozenset()


def test_a_version_of_a_customer_moves_the_contacts_from_its_date_on_and_a_first_one_all(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    current = paths.published_dir(tmp_path) / "current"
    assert served_as(tmp_path, ZONE, "canonical.customer", [date(2026, 3, 5)]) == set()
    current.mkdir(parents=True)
    # the first of a date begins at 16:00 UTC
    facts = {
        "dim_customer": """values ('old', timestamp '2026-01-01 00:00:00'), ('gone', timestamp '2026-03-04 16:00:00'),
            ('gone', timestamp '2026-01-01 00:00:00')""",
        "fct_contact": """select customer_key, local_date, local_date + night::int as local_ended_date
            from (values ('old', date '2026-03-04', 0), ('old', date '2026-03-05', 0), ('gone', date '2026-03-06', 1),
                ('new', date '2026-02-01', 0), ('other', date '2026-03-05', 9)) t(customer_key, local_date, night)""",
    }
    with duckdb.connect() as db:
        for name, rows in facts.items():
            columns = "(customer_key, known_from)" if name == "dim_customer" else ""
            query = f"select * from ({rows}) t{columns}"
            db.execute(f"copy ({query}) to '{current / f'{name}.parquet'}' (format parquet)")
    changed = date(2026, 3, 5)
    versions = [{"customer_key": key, "record_updated_at": at(changed), "row_hash": key} for key in ("old", "new")]
    warehouse.write("canonical.customer", changed, versions)
    moved = served_as(tmp_path, ZONE, "canonical.customer", [changed])
    assert moved == {changed, date(2026, 3, 6), date(2026, 3, 7), date(2026, 2, 1)}


def test_an_order_touches_its_lead_and_its_contact_and_a_lead_its_orders(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    current = paths.published_dir(tmp_path) / "current"
    current.mkdir(parents=True)
    ordered, came_up, paid = date(2026, 3, 2), date(2026, 2, 20), date(2026, 3, 5)
    order = {"order_id": "o", "contact_id": "17.5", "lead_id": "l", "created_at": at(ordered), "status": "created"}
    lead = {"lead_id": "l", "created_at": at(came_up)}
    warehouse.write("canonical.order", ordered, [order | {"row_hash": "now", "paid_at": at(paid), "status": "paid"}])
    warehouse.write("canonical.lead", came_up, [lead | {"row_hash": "now"}])
    facts = {
        "fct_order": f"""'o' as order_id, '17.5' as contact_id, 'l' as lead_id, timestamp '{at(ordered)}' as created_at,
            cast(null as timestamp) as paid_at, cast(null as timestamp) as refunded_at, 'before' as record_hash,
            date '{ordered}' as partition_date""",
        "fct_lead": f"""'l' as lead_id, timestamp '{at(came_up)}' as created_at, null::timestamp as qualified_at,
            null::timestamp as converted_at, 'before' as record_hash, date '{came_up}' as partition_date""",
        # the call began before midnight, and the export lists it too
        "fct_contact": """'asterisk:17.4' as contact_id, 'asterisk' as source_system, date '2026-02-28' as local_date,
            date '2026-03-01' as local_ended_date, 'canonical:17.5' as matched_contact_id""",
    }
    with duckdb.connect() as db:
        for name, columns in facts.items():
            db.execute(f"copy (select {columns}) to '{current / f'{name}.parquet'}' (format parquet)")
    of_order = {ordered, paid, came_up, date(2026, 2, 28), date(2026, 3, 1)}
    assert changes(tmp_path, ZONE, {"canonical.order": [ordered]}).dates == of_order
    assert changes(tmp_path, ZONE, {"canonical.lead": [came_up]}).dates == {came_up, ordered}


def test_what_is_done_to_a_ticket_touches_the_ticket_and_all_that_was_done_to_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    current = paths.published_dir(tmp_path) / "current"
    current.mkdir(parents=True)
    created, sent, accepted = date(2026, 1, 5), date(2026, 1, 10), date(2026, 3, 5)
    event = {"ticket_id": "t", "event_id": "2", "happened_at": at(accepted), "kind": "accepted", "row_hash": "now"}
    warehouse.write("canonical.ticket_event", accepted, [event])
    warehouse.write(FEED, created, [{"ticket_id": "t", "created_at": at(created), "row_hash": "now"}])
    instants = "assigned_at, due_at, first_solved_at, solved_at, archived_at, creation_started_at"
    nothing = ", ".join(f"null::timestamp as {name}" for name in instants.split(", "))
    facts = {
        "fct_ticket": f"""'t' as ticket_id, timestamp '{at(created)}' as created_at, {nothing}, 'before' as record_hash,
            date '{created}' as partition_date""",
        "fct_ticket_event": f"""unnest(['t', 'other']) as ticket_id, '1' as event_id,
            unnest([timestamp '{at(sent)}', timestamp '2026-01-20 02:00:00']) as happened_at, 'h' as record_hash,
            unnest([date '{sent}', date '2026-01-20']) as partition_date""",
    }
    with duckdb.connect() as db:
        for name, columns in facts.items():
            db.execute(f"copy (select {columns}) to '{current / f'{name}.parquet'}' (format parquet)")
    week_before = {accepted - timedelta(days=back) for back in range(8)}
    assert changes(tmp_path, ZONE, {"canonical.ticket_event": [accepted]}).dates == {created, sent, *week_before}
    assert changes(tmp_path, ZONE, {FEED: [created]}).dates == {created, sent}


def test_a_booking_touches_the_month_that_it_belongs_to(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    current = paths.published_dir(tmp_path) / "current"
    current.mkdir(parents=True)
    booked = date(2026, 4, 7)
    row = {"cost_id": "c", "month": date(2026, 3, 1), "booked_at": at(booked), "cost_type": "labour", "amount": 1}
    warehouse.write("canonical.cost", booked, [row | {"row_hash": "now"}])
    with duckdb.connect() as db:
        db.execute(
            f"""copy (select 'x' as cost_id, date '2026-03-01' as month, timestamp '{at(booked)}' as booked_at,
            'before' as record_hash, date '2026-01-01' as partition_date)
            to '{current / "fct_cost.parquet"}' (format parquet)"""
        )
    assert changes(tmp_path, ZONE, {"canonical.cost": [booked]}).dates == {booked, date(2026, 3, 1)}


def test_a_shift_that_is_corrected_touches_every_date_on_which_it_lay_or_lies(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    current = paths.published_dir(tmp_path) / "current"
    current.mkdir(parents=True)
    published, night = date(2026, 2, 23), date(2026, 3, 2)
    row = {"agent_id": "a1", "shift_id": "s", "shift_date": night, "published_at": at(published), "row_hash": "now"}
    by_day = row | {"planned_start_at": at(date(2026, 3, 5), 9), "planned_end_at": at(date(2026, 3, 5), 17)}
    warehouse.write("canonical.shift", published, [by_day])
    with duckdb.connect() as db:
        db.execute(
            f"""copy (select 'a1' as agent_id, 's' as shift_id, date '{night}' as shift_date,
            timestamp '{at(published)}' as published_at, timestamp '{at(night, 22)}' as planned_start_at,
            timestamp '{at(night + timedelta(days=1), 6)}' as planned_end_at, 'before' as record_hash,
            date '{published}' as partition_date) to '{current / "fct_shift.parquet"}' (format parquet)"""
        )
    lies_on = {night, date(2026, 3, 3), date(2026, 3, 5)}
    assert changes(tmp_path, ZONE, {"canonical.shift": [published]}).dates == lies_on | {published}


def test_changes_of_an_unfinished_build_are_added_to_the_new_ones() -> None:
    first = Changes({"a": frozenset({OPENED})}, frozenset({OPENED}))
    second = Changes({"a": frozenset({date(2026, 3, 1)}), "b": frozenset({OPENED})}, frozenset({date(2026, 3, 2)}))
    both = first | second
    assert both.partitions == {"a": {OPENED, date(2026, 3, 1)}, "b": {OPENED}}
    assert both.dates == {OPENED, date(2026, 3, 2)}
    assert not Changes()


def test_a_fact_of_records_is_named_after_its_feed_and_has_the_instants_that_touch_dates() -> None:
    for file in DBT_PROJECT.glob("models/**/*.sql"):
        feed = next((name for name in all_contracts() if f"window_by='{name}'" in file.read_text("utf-8")), None)
        if feed is None:
            continue
        said = all_contracts()[feed]
        assert said.entity and file.stem == f"fct_{said.name}"
        (model,) = yaml.safe_load(file.with_suffix(".yml").read_text("utf-8"))["models"]
        columns = {column["name"] for column in model["columns"]}
        told = {c.name for c in said.columns if c.type in ("TIMESTAMP", "DATE") and c.name != said.version_column}
        assert {*told, *said.touches, *said.natural_key, "record_hash", "partition_date"} <= columns


def test_calls_are_events() -> None:
    assert not {"asterisk.cdr", "asterisk.queue_log", "canonical.contact"} & set(entity_feeds())
    assert FEED in entity_feeds()
