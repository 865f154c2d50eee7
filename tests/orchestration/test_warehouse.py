"""What dbt is asked to build: pure functions over file names and hashes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import paths, warehouse
from orchestration.entities import Changes
from orchestration.errors import BlockedError
from orchestration.warehouse import WarehousePlan, Window


def day(text: str) -> date:
    return date.fromisoformat(text)


def file(feed: str, dt: str) -> str:
    return f"lake/{feed}/dt={dt}/part-0.parquet"


def test_a_date_changed_when_its_file_is_new_gone_or_other() -> None:
    before = {file("a/x", "2026-03-01"): "1", file("a/x", "2026-03-02"): "1", file("a/x", "2026-03-03"): "1"}
    now = {file("a/x", "2026-03-01"): "1", file("a/x", "2026-03-02"): "2", file("a/y", "2026-03-04"): "1"}
    assert warehouse.changed_dates(before, now) == {
        "a.x": {day("2026-03-02"), day("2026-03-03")},
        "a.y": {day("2026-03-04")},
    }


def test_the_zero_row_file_of_a_feed_has_no_date() -> None:
    assert warehouse.changed_dates({}, {file("a/x", "0001-01-01"): "1"}) == {}


def test_a_window_is_widened_on_both_sides_beyond_the_lake_too() -> None:
    found = warehouse.windows_of([day("2026-03-10")], 8)
    assert found == (Window(day("2026-03-02"), day("2026-03-18")),)


def test_windows_that_touch_become_one_and_distant_ones_stay_apart() -> None:
    dates = [day("2026-01-10"), day("2026-01-27"), day("2026-06-01")]
    found = warehouse.windows_of(dates, 8)
    assert found == (Window(day("2026-01-02"), day("2026-02-04")), Window(day("2026-05-24"), day("2026-06-09")))


@pytest.mark.parametrize(
    ("landed", "known"),
    [
        (None, "2026-03-06 00:00:00"),  # nobody knows when the files came
        ("2026-03-09T07:00:00", "2026-03-06 00:00:00"),  # long after
        ("2026-03-05T16:00:00", "2026-03-06 00:00:00"),  # at midnight in Shanghai
        ("2026-03-05T02:05:07.123", "2026-03-05 10:05:07"),  # while the date runs
    ],
)
def test_nothing_is_known_beyond_the_landing_of_the_files(landed: str | None, known: str) -> None:
    instant = datetime.fromisoformat(landed) if landed else None
    assert warehouse.known_until(day("2026-03-05"), instant, "Asia/Shanghai") == datetime.fromisoformat(known)


def test_the_fingerprint_ignores_the_state_of_feeds_but_no_other_reference_table() -> None:
    inputs = {file("centre/queue", "0001-01-01"): "1", file("centre/feed_capability", "0001-01-01"): "1"}
    base = warehouse.transform_fingerprint(inputs)
    assert warehouse.transform_fingerprint(inputs | {file("centre/feed_capability", "0001-01-01"): "2"}) == base
    assert warehouse.transform_fingerprint(inputs | {file("centre/queue", "0001-01-01"): "2"}) != base


def test_an_unfinished_build_is_remembered_until_a_release_was_made(tmp_path: Path) -> None:
    changes = Changes({"canonical.ticket": frozenset({day("2026-01-05")})}, frozenset({day("2026-02-01")}))
    windows = (Window(day("2026-03-01"), day("2026-03-02")),)
    (tmp_path / "warehouse").mkdir()
    warehouse.begin(tmp_path, WarehousePlan(windows, False, datetime(2026, 3, 3), {}, "f", changes))
    warehouse.begin(tmp_path, WarehousePlan(windows, False, datetime(2026, 3, 3), {}, "f"))
    assert warehouse._unfinished(tmp_path) == {
        "dates": ["2026-03-01", "2026-03-02"],
        "full_refresh": False,
        "changed_partitions": {"canonical.ticket": ["2026-01-05"]},
        "touched_dates": ["2026-02-01"],
    }
    warehouse.finish(tmp_path)
    assert warehouse._unfinished(tmp_path) is None


@dataclass
class Released:
    inputs: dict[str, str]
    as_of: datetime
    transform_fingerprint: str


def test_a_changed_record_that_lives_on_opens_no_window_of_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, ticket = file("asterisk/cdr", "2026-03-20"), file("canonical/ticket", "2026-01-05")
    before = {call: "1", ticket: "1"}
    paths.warehouse_path(tmp_path).parent.mkdir()
    paths.warehouse_path(tmp_path).touch()
    released = Released(before, datetime(2026, 3, 21), warehouse.transform_fingerprint(before))
    monkeypatch.setattr(warehouse, "last_release", lambda root: released)
    monkeypatch.setattr(warehouse, "last_landing", lambda root: None)

    def planned(inputs: dict[str, str], forced: Window | None = None) -> WarehousePlan:
        monkeypatch.setattr(warehouse, "lake_inventory", lambda root: inputs)
        found = warehouse.plan_warehouse(tmp_path, "Asia/Shanghai", forced)
        assert found is not None
        return found

    assert planned(before).is_empty
    assert planned(before | {ticket: "2"}).moved == frozenset({"canonical.ticket"})
    changed = planned(before | {ticket: "2"})
    assert changed.windows == (Window(day("2026-03-20"), day("2026-03-20")),)
    assert changed.changes.partitions == {"canonical.ticket": {day("2026-01-05")}}
    # nor does a feed that brought something, unless what it provides changed
    state, capability = file("centre/feed_state", "0001-01-01"), file("centre/feed_capability", "0001-01-01")
    assert planned(before | {state: "1"}).windows == (Window(day("2026-03-20"), day("2026-03-20")),)
    assert planned(before | {capability: "1"}).windows == (Window(day("2026-03-11"), day("2026-03-29")),)
    assert planned(before | {call: "2"}).windows == (Window(day("2026-03-11"), day("2026-03-29")),)
    asked = planned(before, Window(day("2026-01-01"), day("2026-01-31")))
    assert asked.changes.partitions["canonical.ticket"] == {day("2026-01-05")}
    # what fell due between two releases is decided now
    released.as_of = datetime(2026, 3, 18)
    passed = {day("2026-03-18"), day("2026-03-19"), day("2026-03-20"), day("2026-03-21")}
    assert planned(before).changes.dates == passed | warehouse.decided_by(passed)


def test_a_lead_is_decided_30_days_later_whether_or_not_the_clocks_were_changed() -> None:
    assert warehouse.decided_by([day("2026-03-31")]) == {day("2026-02-28"), day("2026-03-01"), day("2026-03-02")}


def test_a_month_touches_the_anchors_around_it_whose_year_is_over() -> None:
    as_of = datetime(2026, 4, 3)
    # April 2025 was decided at the end of March 2026; May 2025 is not
    assert warehouse.retention_anchors([day("2026-03-31")], as_of) == {day("2025-04-01")}
    assert warehouse.retention_anchors([day("2026-04-02")], as_of) == set()
    found = warehouse.retention_anchors([day("2024-06-15")], as_of)
    assert (min(found), max(found), len(found)) == (day("2023-07-01"), day("2025-04-01"), 22)


@pytest.mark.parametrize("full", [False, True])
def test_dbt_gets_the_window_as_variables_and_the_nodes_by_name(full: bool) -> None:
    window = Window(day("2026-03-01"), day("2026-03-02"))
    arguments = warehouse.build_arguments(plan(full), window, ["model.callmart.a", "test.callmart.b.123"])
    variables = json.loads(arguments[arguments.index("--vars") + 1])
    assert variables == {"window_from": "2026-03-01", "window_to": "2026-03-02", "as_of": "2026-03-03 00:00:00"} | (
        {} if full else {"changed_partitions": {}, "touched_dates": []}
    )
    assert arguments[arguments.index("--select") + 1] == "a b"
    assert ("--full-refresh" in arguments) is full


def node(kind: str, name: str, reads: str = "", code: str = "", macros: str = "", **config: str) -> dict[str, Any]:
    of_model = {"attached_node": reads.split()[0]} if kind == "test" and reads else {}
    return {
        "resource_type": kind,
        "name": name,
        "raw_code": code,
        "config": config,
        "depends_on": {"nodes": reads.split(), "macros": macros.split()},
    } | of_model


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Two seeds, a window and a table of configuration; what hangs on them says in its name what it is."""
    nodes = {
        "seed.p.decided": node("seed", "decided"),
        "model.p.of_seed": node("model", "of_seed", "seed.p.decided", materialized="table"),
        "model.p.of_setting": node("model", "of_setting", code="{{ lake('centre', 'queue') }}", materialized="table"),
        "model.p.of_feed_state": node("model", "s", code="{{ lake('centre', 'feed_day') }}", materialized="table"),
        "model.p.base": node("model", "base", code="{{ lake('a', 'b') }}", macros="macro.p.outer", materialized="view"),
        "model.p.view": node("model", "view", "model.p.base", materialized="view"),
        "model.p.judged_view": node("model", "judged_view", "model.p.base", materialized="view"),
        "model.p.table": node("model", "table", "model.p.view seed.p.decided", materialized="table"),
        "test.p.on_seed.1": node("test", "on_seed", "seed.p.decided", macros="macro.p.inner"),
        "test.p.on_view.2": node("test", "on_view", "model.p.judged_view"),
        "test.p.on_both.3": node("test", "on_both", "model.p.table seed.p.decided"),
        "test.p.singular.4": node("test", "singular", "", code="select 1"),
    }
    nodes["test.p.singular.4"]["depends_on"]["nodes"] = ["model.p.table", "model.p.base"]
    macros = {
        "macro.p.outer": {"macro_sql": "{{ inner() }}", "depends_on": {"macros": ["macro.p.inner"]}},
        "macro.p.inner": {"macro_sql": "{{ var('window_from') }}", "depends_on": {"macros": []}},
    }
    return {"nodes": nodes, "macros": macros}


def test_settled_is_what_seeds_and_configuration_give_and_a_view_without_a_window(manifest: dict[str, Any]) -> None:
    assert warehouse.settled_nodes(manifest) == {
        "seed.p.decided",
        "model.p.of_seed",
        "model.p.of_setting",
        "model.p.view",
        "test.p.on_seed.1",
    }


def test_what_is_made_of_feeds_that_did_not_move_stays_as_it_is(manifest: dict[str, Any]) -> None:
    nodes = manifest["nodes"]
    nodes["model.p.customers"] = node("model", "customers", code="{{ lake('canonical', 'customer') }}")
    nodes["model.p.tickets"] = node(
        "model", "t", code="{{ lake('canonical', 'ticket') }}", macros="macro.p.outer", window_by="canonical.ticket"
    )
    nodes["model.p.of_both"] = node("model", "b", "model.p.customers model.p.tickets")
    nodes["test.p.on_customers.5"] = node("test", "c", "model.p.customers")
    known = {"model.p.customers", "model.p.tickets", "model.p.of_both", "test.p.on_customers.5"}
    assert warehouse.settled_nodes(manifest) & known == set()
    assert warehouse.settled_nodes(manifest, {"a.b"}) & known == known
    assert warehouse.settled_nodes(manifest, {"canonical.ticket"}) & known == {
        "model.p.customers",
        "test.p.on_customers.5",
    }
    assert "model.p.table" not in warehouse.settled_nodes(manifest, {"a.b"})


def test_ephemeral_models_are_not_asked_for(manifest: dict[str, Any]) -> None:
    asked = {name for name in manifest["nodes"] if not name.startswith("test.")}
    manifest["nodes"]["model.p.unread"] = node("model", "unread", materialized="ephemeral")
    assert "model.p.unread" not in warehouse.nodes_to_build(manifest, plan(True), asked)


def plan(full: bool) -> WarehousePlan:
    window = Window(day("2026-03-01"), day("2026-03-02"))
    return WarehousePlan((window,), full, datetime(2026, 3, 3), {}, "f")


def test_a_full_refresh_builds_all_and_an_incremental_run_all_but_the_settled(manifest: dict[str, Any]) -> None:
    everything = set(manifest["nodes"])
    asked = everything - {"test.p.singular.4"}  # Dagster knows no check for a test of several models
    assert set(warehouse.nodes_to_build(manifest, plan(True), asked)) == everything
    left = everything - warehouse.settled_nodes(manifest)
    assert set(warehouse.nodes_to_build(manifest, plan(False), asked)) == left


def test_a_part_runs_only_the_tests_whose_every_model_is_up_to_date(manifest: dict[str, Any]) -> None:
    asked = {"model.p.table", "test.p.on_both.3", "test.p.on_view.2"}
    assert warehouse.nodes_to_build(manifest, plan(False), asked) == ["model.p.table", "test.p.on_both.3"]


def test_a_check_can_be_run_by_itself(manifest: dict[str, Any]) -> None:
    assert warehouse.nodes_to_build(manifest, plan(False), {"test.p.on_view.2"}) == ["test.p.on_view.2"]


def test_a_part_of_a_full_refresh_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(BlockedError, match="full_refresh"):
        warehouse.nodes_to_build(manifest, plan(True), {"model.p.table"})


def test_in_the_real_project_every_seed_is_settled_and_no_fact_is(tmp_path: Path) -> None:
    manifest = json.loads(warehouse.manifest_path(tmp_path).read_text("utf-8"))
    settled = warehouse.settled_nodes(manifest)
    seeds = {name for name in manifest["nodes"] if name.startswith("seed.")}
    assert seeds <= settled
    assert not [name for name in settled if ".fct_" in name or ".kpi_value" in name or ".kpi_measure_queue" in name]


def test_no_config_of_the_project_was_written_with_a_window(tmp_path: Path) -> None:
    # A config is written when dbt parses, with the default window; runs take it as it is (dbt_process.py).
    manifest = json.loads(warehouse.manifest_path(tmp_path).read_text("utf-8"))
    default = ("1900-01-01", "2999-12-3")
    configs = {name: json.dumps(node["config"]) for name, node in manifest["nodes"].items()}
    assert not [name for name, config in configs.items() if any(day in config for day in default)]


def test_feeds_that_a_model_reads_are_found_in_its_code() -> None:
    assert warehouse.feeds_read("select * from {{ lake('asterisk', 'queue_log') }}") == ["asterisk.queue_log"]
    assert warehouse.feeds_read("select 1") == []
