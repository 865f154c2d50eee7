"""Tables of real PostgreSQL and MariaDB servers: typed values arrive as they are, increments lose and double nothing.

`make test-servers` runs this; it fails, and does not skip, where a server is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import paths
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.errors import InputError
from orchestration.extract.landing import read_manifests
from tests.orchestration.extract_kit import CENTRE, Kit, read
from tests.servers.servers import PASSWORD, Server, mariadb, postgresql

FEED = """\
sources:
  canonical:
    feeds:
      order:
        database: {url: "${CRM_URL}", table: orders, cursor: updated, at_most_every_s: 0}
        mapping:
          order_id: cast(id as varchar)
          customer_id: customer
          status: state
          amount: amount
          currency: "'CNY'"
          created_at: created
          record_updated_at: updated
"""
TABLES = {
    "postgresql": "create table orders (id bigint primary key, customer text, state text, amount numeric(12, 2), "
    "created timestamptz, updated timestamp(6))",
    "mysql": "create table orders (id bigint primary key, customer varchar(40), state varchar(20), "
    "amount decimal(12, 2), created datetime(6), updated datetime(6))",
}


@pytest.fixture(scope="module", params=[postgresql, mariadb], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as found:
        yield found


@pytest.fixture
def kit(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    monkeypatch.setenv("CRM_URL", server.url)
    server.ask("drop table if exists orders")
    server.ask(TABLES[server.kind])
    return Kit(tmp_path, "canonical.order").configure(CENTRE + FEED)


def put(server: Server, number: int, state: str, updated: str) -> None:
    created = "2026-03-05 02:00:00+00" if server.kind == "postgresql" else "2026-03-05 10:00:00"
    server.ask(f"delete from orders where id = {number}")
    server.ask(f"insert into orders values ({number}, '张三', '{state}', 1234.50, '{created}', '{updated}')")


def orders(kit: Kit) -> dict[str, str]:
    kit.refresh()
    files = sorted(paths.lake_dir(kit.root, kit.feed).glob("dt=2*/part-0.parquet"))
    return {row["order_id"]: row["status"] for file in files for row in read(file)}


def test_typed_values_arrive_as_they_are(server: Server, kit: Kit) -> None:
    put(server, 1, "paid", "2026-03-05 11:00:00.123456")
    (row,) = kit.typed()
    assert row["flags"] is None and str(row["amount"]) == "1234.5000"
    # an instant with a zone, or local time in the feed's zone where the column has none
    assert row["created_at"].isoformat() == "2026-03-05T02:00:00"
    assert row["record_updated_at"].isoformat() == "2026-03-05T03:00:00.123456"
    assert "张三" not in row.values() and len(row["customer_key"]) == 64


def test_increments_lose_and_double_nothing(server: Server, kit: Kit) -> None:
    for number in range(1, 30):
        put(server, number, "created", f"2026-03-05 10:{number:02}:00.5")
    assert len(orders(kit)) == 29
    put(server, 3, "paid", "2026-03-05 12:00:00.000001")
    put(server, 30, "created", "2026-03-05 12:00:00.000001")
    found = orders(kit)
    assert len(found) == 30 and found["3"] == "paid"
    put(server, 31, "created", "2026-03-05 12:00:00.000001")  # the very end of the cursor
    assert len(orders(kit)) == 31
    assert kit.touched() == []


def test_only_what_is_new_leaves_the_server(server: Server, kit: Kit) -> None:
    for number in range(1, 10):
        put(server, number, "created", f"2026-03-05 10:0{number}:00")
    orders(kit)
    put(server, 10, "created", "2026-03-05 10:10:00")
    orders(kit)
    first, second = read_manifests(kit.feed, kit.root)
    rows = [len(read(paths.object_dir(kit.root, kit.feed, m.object_id) / "original")) for m in (first, second)]
    assert rows == [9, 2]


def test_a_server_that_was_killed_is_told_and_read_on_when_it_is_back(server: Server, kit: Kit) -> None:
    put(server, 1, "created", "2026-03-05 10:00:00")
    orders(kit)
    put(server, 2, "created", "2026-03-05 11:00:00")
    server.kill()
    with pytest.raises(InputError, match="the table can't be read") as told:
        kit.land()
    assert PASSWORD not in str(told.value)
    server.start()
    assert set(orders(kit)) == {"1", "2"}


def test_a_wrong_password_is_told_without_it(server: Server, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_URL", server.url.replace(PASSWORD, "an-other-password"))
    with pytest.raises(InputError, match="the table can't be read") as told:
        kit.land()
    assert "an-other-password" not in str(told.value)
