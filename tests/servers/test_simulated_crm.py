"""The CRM of a simulated centre in PostgreSQL says what its SQLite file says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from expectations.contracts import all_contracts
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE, load_config
from orchestration.extract import lake
from orchestration.feeds import land_all
from simulator import SettingError, simulate
from simulator.forms.crm import crm_tables
from simulator.forms.writer import CRM_URL_VARIABLE, Crm
from tests.orchestration.extract_kit import read
from tests.servers.servers import PASSWORD, Server, postgresql
from tests.simulator.record_drawer import draw
from tests.simulator.test_forms import company_of

FEEDS = tuple(shape.feed for shape in crm_tables().values())
START = date(2026, 3, 2)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as running:
        yield running


def lake_rows(folder: Path, crm: Crm) -> dict[str, list[str]]:
    """What callmart makes of the CRM's tables, without where it comes from."""
    records = draw(5, FEEDS, (START - date(1970, 1, 1)).days, 2, 12)
    simulate(folder, 2, 8, 3, START, calls_per_day=20, crm=crm, company=company_of(records))
    config, root = load_config(folder / "callmart.yaml"), folder / "data"
    found: dict[str, list[str]] = {}
    for name, days in land_all(config, root, NOW).items():
        if name not in FEEDS:
            continue
        columns = all_contracts()[name].column_names
        rows = []
        for candidate in lake.build_candidates(config.feed(name), config, root, days):
            rows += [json.dumps([str(row[column]) for column in columns]) for row in read(candidate.path)]
        found[name] = sorted(rows)
    return found


def test_both_databases_give_the_same_lake(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CRM_URL_VARIABLE, server.url)
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    from_file = lake_rows(tmp_path / "file", "sqlite")
    assert set(from_file) == set(FEEDS) and all(len(rows) == 24 for rows in from_file.values())
    assert lake_rows(tmp_path / "server", "postgresql") == from_file
    assert PASSWORD not in (tmp_path / "server" / "callmart.yaml").read_text("utf-8")
    # a second simulation puts its tables in place of the first one's
    assert lake_rows(tmp_path / "again", "postgresql") == from_file


def test_without_a_url_the_simulation_says_which_variable_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CRM_URL_VARIABLE, raising=False)
    with pytest.raises(SettingError, match=CRM_URL_VARIABLE):
        simulate(tmp_path, 1, 8, 1, START, crm="postgresql")
