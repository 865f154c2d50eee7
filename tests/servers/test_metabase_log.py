"""The view of `examples/metabase` over Metabase's own tables in a real PostgreSQL: its reader sees the log and no more.

Belongs here: what needs the server: the view, its rights, the ids that may still come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.errors import InputError
from orchestration.extract.typing import type_feed, typed_path
from tests.orchestration.extract_kit import Kit, read
from tests.servers.servers import PASSWORD, Server, postgresql

EXAMPLE = paths.PROJECT / "examples" / "metabase"
# the columns of Metabase's tables that are read, and those that never may be
TABLES = """
create table public.query_execution (
    id integer primary key, hash bytea not null, started_at timestamptz not null, running_time integer not null,
    result_rows integer not null, native boolean not null, context varchar(32), error text, executor_id integer,
    card_id integer, dashboard_id integer, pulse_id integer, database_id integer, cache_hit boolean
);
create table public.report_card (id integer primary key, name varchar(254), dataset_query text, table_id integer);
create table public.metabase_table (id integer primary key, name varchar(254), schema varchar(254));
insert into public.metabase_table values (3, 'fct_contact', 'marts');
insert into public.report_card values (12, 'Calls of 13812341234', '13812341234', 3);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as found:
        found.ask(TABLES)
        found.ask((EXAMPLE / "query_log.sql").read_text("utf-8").replace("choose-one", PASSWORD))
        yield found


@pytest.fixture
def kit(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    server.ask("delete from public.query_execution")
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    monkeypatch.setenv("METABASE_DB_URL", server.url.replace("//crm:", "//callmart_reader:"))
    text = (EXAMPLE / "callmart.yaml").read_text("utf-8")
    return Kit(tmp_path, "canonical.query_log").configure(text)


def run(server: Server, number: int, age: str, card: str = "null") -> None:
    server.ask(
        f"insert into public.query_execution values ({number}, '\\x9f86d081', now() - interval '{age}', 5, 3, true, "
        f"'question', 'no such number: 13812341234', 7, {card}, null, null, 1, false)"
    )


def rows(kit: Kit) -> list[dict[str, Any]]:
    """What came, landed by the clock that the view goes by."""
    kit.land(datetime.now(UTC))
    typed = type_feed(kit.config.feed(kit.feed), kit.config, kit.root)
    return [row for item in typed for row in read(typed_path(kit.root, item))]


def test_a_run_comes_with_its_hash_and_table_and_no_text(server: Server, kit: Kit) -> None:
    run(server, 1, "2 hours", "12")
    (row,) = rows(kit)
    assert (row["query_hash"], row["table_names"], row["saved_query_id"]) == ("9f86d081", "marts.fct_contact", "12")
    assert (row["user_id"], row["run_by"], row["row_count"], row["flags"]) == ("7", "person", 3, None)
    assert not any("1381234" in str(value) for value in row.values())


def test_a_row_waits_for_all_that_may_still_get_a_lower_id(server: Server, kit: Kit) -> None:
    run(server, 1, "3 hours")
    run(server, 2, "10 minutes")
    run(server, 3, "2 hours")  # it ran long, and was written after a short one
    assert [row["query_id"] for row in rows(kit)] == ["1"]


def test_the_reader_of_the_view_reads_no_table_of_metabase(kit: Kit) -> None:
    text = (kit.base / "callmart.yaml").read_text("utf-8").replace("callmart.query_log", "public.report_card")
    with pytest.raises(InputError, match="the table can't be read"):
        kit.configure(text).land()
