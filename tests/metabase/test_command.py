"""`callmart metabase`: what it prints, and how it ends."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from metabase.client import Client
from metabase.marts import read_marts
from metabase.registry import Measure
from orchestration import cli, metabase_command
from orchestration.config import parse_config
from orchestration.scopes.limits import marts_of
from tests.metabase.conftest import EVENTS
from tests.metabase.fake import KEY, FakeMetabase
from tests.orchestration.test_scopes import EXAMPLE

# groups that alerts write to
ROLES = (
    "callmart IT 经理 / IT manager", "callmart 市场经理 / marketing manager", "callmart 班组长 / team leader",
    "callmart 质检经理 / quality manager", "callmart 运营经理 / operations manager",
)  # fmt: skip


@pytest.fixture
def server(measures: list[Measure], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeMetabase:
    """A Metabase that the command finds, and a release with the project's measures."""
    made = FakeMetabase(read_marts())
    monkeypatch.setattr(
        metabase_command, "Client", partial(Client, transport=made.transport, sleep=lambda seconds: None)
    )
    monkeypatch.setattr(metabase_command, "read_measures", lambda catalogue: measures)
    monkeypatch.setattr(metabase_command, "read_official", lambda catalogue: {})
    monkeypatch.setattr(metabase_command, "read_last_date", lambda catalogue: date(2026, 3, 31))
    monkeypatch.setattr(metabase_command, "read_events", lambda catalogue, names: EVENTS)
    monkeypatch.setenv("CALLMART_DATA", str(tmp_path))
    monkeypatch.setenv("CALLMART_METABASE_URL", "http://metabase")
    monkeypatch.setenv("CALLMART_METABASE_KEY", KEY)
    monkeypatch.setenv("CALLMART_METABASE_EMAIL", "admin@example.com")
    monkeypatch.setenv("CALLMART_METABASE_PASSWORD", "secret")
    return made


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["callmart", "metabase", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_all_content_is_planned_applied_and_then_the_same(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan") == 0
    assert "would create dashboard four_dimensions: 四维看板（R13）" in capsys.readouterr().out
    assert server.writes() == []
    assert run(monkeypatch, "apply", "--lang", "en", "--site-language") == 0
    assert "create dashboard four_dimensions: Four-dimension board (R13)" in capsys.readouterr().out
    assert server.settings == {"site-locale": "en"}
    (database,) = server.databases
    assert Path(database["details"]["database_file"]).parts[-3:] == ("published", "default", "callmart.duckdb")
    assert database["details"]["read_only"] is True
    assert run(monkeypatch, "apply", "--lang", "en") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.split()[2] == "same" for line in lines)


def test_what_callmart_no_longer_has_is_told_and_counted(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "apply", "--lang", "en") == 0
    monkeypatch.setattr(metabase_command, "read_events", lambda catalogue, names: EVENTS[:1])
    for command in ("plan", "apply"):
        capsys.readouterr()
        assert run(monkeypatch, command, "--lang", "en") == 0
        lines = capsys.readouterr().out.splitlines()
        assert "timeline_event 2 kept, 2 same" in lines
        assert (
            '  kept timeline_event actions.metrics.a1: callmart no longer has "Done: agents" of 2026-03-09: '
            "put it into the trash yourself if nobody uses it"
        ) in lines


def test_what_metabase_refuses_is_told_and_ends_with_1(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail = lambda number, method, path: 400 if (method, path) == ("POST", "/api/dashboard") else None
    assert run(monkeypatch, "apply") == 1
    said = capsys.readouterr().err
    assert "failed dashboard floor: " in said and "apply again" in said and "Traceback" not in said


@pytest.mark.parametrize("name", ["CALLMART_METABASE_URL", "CALLMART_METABASE_KEY"])
def test_a_missing_setting_is_told_and_ends_with_2(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.delenv(name)
    assert run(monkeypatch, "plan") == 2
    assert f"{name} is not set" in capsys.readouterr().err


def test_a_metabase_that_does_not_answer_ends_with_2(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail = lambda number, method, path: "before"
    assert run(monkeypatch, "apply") == 2
    assert "Metabase does not answer" in capsys.readouterr().err


def test_without_a_release_there_is_nothing_to_plan(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    for name, value in {"URL": "http://metabase", "KEY": KEY}.items():
        monkeypatch.setenv(f"CALLMART_METABASE_{name}", value)
    monkeypatch.setenv("CALLMART_DATA", "/nowhere")
    assert run(monkeypatch, "plan") == 2
    assert "there is no release yet" in capsys.readouterr().err


def test_setup_prints_a_key_that_works(
    server: FakeMetabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.keys.clear()
    assert run(monkeypatch, "setup", "--lang", "zh") == 0
    key = capsys.readouterr().out.strip()
    assert server.keys == {key}
    (body,) = [body for method, path, body in server.writes() if path == "/api/setup"]
    assert body["prefs"]["site_locale"] == "zh_CN"


# --- scopes --------------------------------------------------------------------------------------------------------

SCOPES = """
scopes:
  team_a: {name: {zh: 甲组, en: Team A}, rows: {team: [red]}}
  sales: {name: {zh: 销售, en: Sales}, rows: {queue: [sales]}, native_sql: true}
"""


@pytest.fixture
def scoped(server: FakeMetabase, tmp_path: Path) -> str:
    """A configuration with two scopes that have releases."""
    for scope in ("team_a", "sales"):
        folder = tmp_path / "published" / scope
        (folder / "releases").mkdir(parents=True)
        (folder / "callmart.duckdb").touch()
        declared = parse_config(EXAMPLE + SCOPES, Path("callmart.yaml")).scopes[scope]
        marts = read_marts()
        server.parts[str(folder / "callmart.duckdb")] = {name: marts[name] for name in marts_of(declared)}
    file = tmp_path / "callmart.yaml"
    file.write_text(EXAMPLE + SCOPES, "utf-8")
    return str(file)


def queries(server: FakeMetabase) -> dict[tuple[str, str], str]:
    """What each group may ask of each connection; what is not listed is nothing."""
    groups = {str(row["id"]): row["name"] for row in server.groups}
    databases = {str(row["id"]): row["name"] for row in server.databases}
    return {
        (groups[group], databases[database]): right["create-queries"]
        for group, given in server.data_graph["groups"].items()
        for database, right in given.items()
        if "create-queries" in right
    }


def test_the_people_of_a_scope_may_ask_its_connection_and_no_other(
    server: FakeMetabase, scoped: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "--config", scoped) == 0
    assert "would create database callmart team_a" in capsys.readouterr().out
    assert server.writes() == []
    assert run(monkeypatch, "apply", "--config", scoped) == 0
    files = {row["name"]: Path(row["details"]["database_file"]).parts[-2] for row in server.databases}
    assert files == {"callmart": "default", "callmart team_a": "team_a", "callmart sales": "sales"}
    assert queries(server) == {
        ("callmart 查看者 / callmart readers", "callmart"): "query-builder",
        ("callmart 分析者 / callmart analysts", "callmart"): "query-builder",
        **{(name, "callmart"): "query-builder" for name in ROLES},
        ("callmart team_a", "callmart team_a"): "query-builder",
        ("callmart sales", "callmart sales"): "query-builder-and-native",
    }
    everybody = server.collection_graph["groups"]["1"]
    assert {right for key, right in everybody.items() if key != "root"} == {"none"}
    capsys.readouterr()
    assert run(monkeypatch, "apply", "--config", scoped) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.split()[2] == "same" for line in lines), "a second run changes nothing"

    # a right that opens the whole centre to everybody is taken back, and said
    whole = next(str(row["id"]) for row in server.databases if row["name"] == "callmart")
    server.data_graph["groups"]["1"][whole] = {"view-data": "unrestricted", "create-queries": "query-builder"}
    assert run(monkeypatch, "plan", "--config", scoped) == 0
    assert "would update group All Users: no questions on callmart" in capsys.readouterr().out
    assert run(monkeypatch, "apply", "--config", scoped) == 0
    assert ("All Users", "callmart") not in queries(server)


def test_fields_of_a_scope_are_described_in_its_own_connection(
    server: FakeMetabase, scoped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "apply", "--config", scoped, "--lang", "en") == 0
    (number,) = [row["id"] for row in server.databases if row["name"] == "callmart sales"]
    tables = {row["name"]: row for row in server.tables.values() if row["db_id"] == number}
    assert "rpt_core_targets" not in tables and "fct_agent_day" not in tables
    assert tables["fct_queue_interval"]["description"] == read_marts()["fct_queue_interval"].about.en


def test_scopes_on_the_disk_need_their_declaration(
    server: FakeMetabase, scoped: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "apply") == 2
    assert "this data root has scopes: sales, team_a" in capsys.readouterr().err
    assert server.writes() == []


def test_a_scope_without_a_release_is_told(
    server: FakeMetabase, scoped: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "published" / "sales" / "callmart.duckdb").unlink()
    assert run(monkeypatch, "plan", "--config", scoped) == 2


def test_a_connection_of_a_scope_that_is_gone_is_told(
    server: FakeMetabase, scoped: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "apply", "--config", scoped) == 0
    Path(scoped).write_text((EXAMPLE + SCOPES).replace("  sales: {name", "  sold: {name"), "utf-8")
    (tmp := Path(scoped).parent / "published" / "sold").mkdir()
    (tmp / "callmart.duckdb").touch()
    capsys.readouterr()
    assert run(monkeypatch, "plan", "--config", scoped) == 0
    assert "kept database callmart sales: no scope of that name is declared" in capsys.readouterr().out
