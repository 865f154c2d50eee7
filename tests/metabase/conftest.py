"""What tests of Metabase's content share: measures as dbt compiles them, and a Metabase that knows the marts."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from metabase.alerts import read_rules
from metabase.client import Client
from metabase.content import read_content
from metabase.items import Item
from metabase.marts import PROJECT, Text, read_marts
from metabase.provision import Access, Provisioner
from metabase.registry import MEASURES, Measure, measure_of, read_kpis
from metabase.render import Sources, read_remedies
from metabase.timelines import Event
from orchestration.dbt_process import DbtProcess
from orchestration.freshness import WITHIN_H
from orchestration.metabase_command import all_items
from orchestration.warehouse import PARSED
from tests.metabase.fake import KEY, FakeMetabase
from tests.parsed import parsed_project

ZONE = "Asia/Shanghai"
FILE = "/published/default/callmart.duckdb"
EVENTS = [
    Event(
        "calendar", "sale", Text("促销：大促", "Promotion: sale"), Text("三天", "three days"), date(2026, 3, 3), ZONE
    ),
    Event(
        "actions", "a1", Text("措施完成：加人", "Done: agents"), Text("等待久", "long waits"), date(2026, 3, 9), ZONE
    ),
]


@pytest.fixture(scope="session")
def measures(tmp_path_factory: pytest.TempPathFactory) -> list[Measure]:
    """The measures as a release would publish them, without building one."""
    folder = tmp_path_factory.mktemp("compiled")
    env = os.environ | {
        "CALLMART_LAKE": str(folder),
        "CALLMART_WAREHOUSE": str(folder / "callmart.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONPATH": str(PROJECT),
    }
    dbt = DbtProcess(parsed_project() / PARSED, PROJECT / "dbt_project", env)
    try:
        process = dbt.invoke(
            ["compile", "--profiles-dir", ".", "--select", "kpi_measure_definition", "--no-introspect"]
        )
        assert isinstance(process, subprocess.Popen) and process.stdout is not None
        said = process.stdout.read().decode()
        assert process.wait() == 0, said
    finally:
        dbt.close()
    (compiled,) = Path(folder / "target" / "compiled").rglob("kpi_measure_definition.sql")
    with duckdb.connect() as con:
        rows = con.execute(f"{MEASURES} from ({compiled.read_text()}) where category is null").fetchall()
    return [measure_of(row) for row in rows]


@pytest.fixture(scope="session")
def sources(measures: list[Measure]) -> Sources:
    """What the project itself says, with two things that happened."""
    return Sources(read_content(), read_kpis(), measures, read_marts(), read_remedies(), read_rules(), EVENTS, WITHIN_H)


@pytest.fixture(scope="session")
def items(sources: Sources) -> dict[str, list[Item]]:
    """Everything that is put into a Metabase, by language."""
    return {language: all_items(sources, language) for language in ("zh", "en")}


@dataclass
class Place:
    """A Metabase and a provisioner for it."""

    server: FakeMetabase
    provisioner: Provisioner

    def saying(self, items: list[Item]) -> Place:
        """The same Metabase, with other content."""
        old = self.provisioner
        return replace(self, provisioner=Provisioner(old.client, items, old.groups, old.name, old.file))


@pytest.fixture
def place(sources: Sources, small: list[Item]) -> Place:
    """A Metabase with nothing in it, and little to put into it."""
    server = FakeMetabase({name: sources.marts[name] for name in tables_of(small)})
    return Place(server, provisioner(server, small))


@pytest.fixture(scope="session")
def small(items: dict[str, list[Item]]) -> list[Item]:
    """One dashboard with what it needs."""
    return only(items["en"], ("dashboard", "four_dimensions"))


def only(items: Sequence[Item], *first: tuple[str, str]) -> list[Item]:
    """Things, by kind and key, and all that they refer to, from one to the next; of a table all fields."""
    by_key: dict[tuple[str, str], Item] = {(item.kind, item.key): item for item in items}
    fields: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for item in items:
        if item.kind in ("table", "field"):
            fields[item.key.split(".")[0]].append((item.kind, item.key))
    wanted: set[tuple[str, str]] = set()
    todo = [*first]
    while todo:
        at = todo.pop()
        if at in by_key and at not in wanted:
            wanted.add(at)
            todo += [(ref.kind, ref.key) for ref in by_key[at].refs()]
            todo += fields[at[1].split(".")[0]]
    return [item for item in items if (item.kind, item.key) in wanted]


def tables_of(items: list[Item]) -> list[str]:
    """Names of the tables among items."""
    return [item.key for item in items if item.kind == "table"]


def provisioner(server: FakeMetabase, items: list[Item], sleep: Callable[[float], None] | None = None) -> Provisioner:
    """A provisioner that doesn't wait between tries."""
    client = Client("http://metabase", KEY, transport=server.transport, sleep=sleep or (lambda seconds: None))
    asked = {ref.key for item in items for ref in item.refs() if ref.kind == "group"}
    groups = [Access("callmart readers", ["boards"], []), *(Access(name, ["alerts"], []) for name in sorted(asked))]
    return Provisioner(client, items, groups, "callmart", FILE)
