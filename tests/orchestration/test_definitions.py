"""The graph that everyone sees: asset keys, checks, jobs, schedule, sensors. A change of it is a change of the product.

Run `python -m tests.orchestration.test_definitions` to write the snapshot anew after a change that was meant.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.context import JOB, Site
from orchestration.automation.freshness import FRESH
from orchestration.config import parse_config
from orchestration.definitions import build_definitions
from tests.parsed import give_parsed_project

SNAPSHOT = Path(__file__).with_name("graph.txt")
CONFIG = """\
centre:
  site_id: test
  name: {zh: 测试, en: Test}
  timezone: Asia/Shanghai
  first_date: 2026-03-02
sources:
  asterisk:
    feeds:
      queue_log: {paths: ["queue_log*"]}
      cdr: {paths: ["Master.csv*"], critical: false}
  canonical:
    feeds:
      contact: {paths: ["*.csv"], mapping: {contact_id: id, started_at: "cast(s as timestamp)", outcome: "'answered'"}}
"""


def definitions(root: Path) -> dg.Definitions:
    give_parsed_project(root)
    return build_definitions(Site(parse_config(CONFIG, root / "callmart.yaml"), root))


def graph(found: dg.Definitions) -> str:
    """One line per asset with what it is made from and its checks; then jobs, schedules, sensors."""
    assets = found.resolve_asset_graph()
    lines = []
    for key in sorted(assets.get_all_asset_keys(), key=str):
        node = assets.get(key)
        parents = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        lines.append(f"{key.to_user_string()} <- {parents}" if parents else key.to_user_string())
    for check in sorted(assets.asset_check_keys, key=lambda key: (key.asset_key.to_user_string(), key.name)):
        blocking = " (blocking)" if assets.get(check).blocking else ""
        lines.append(f"check {check.asset_key.to_user_string()}: {check.name}{blocking}")
    lines += [f"job {job.name}" for job in found.jobs or []]
    lines += [f"schedule {schedule.name}" for schedule in found.schedules or []]
    lines += [f"sensor {sensor.name}" for sensor in found.sensors or []]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return definitions(tmp_path_factory.mktemp("data"))


def test_the_graph_is_the_one_of_the_snapshot(loaded: dg.Definitions) -> None:
    assert graph(loaded) == SNAPSHOT.read_text("utf-8")


def test_one_job_holds_every_asset_and_every_check_but_those_of_the_clock(loaded: dg.Definitions) -> None:
    job = loaded.resolve_job_def(JOB)
    assets = loaded.resolve_asset_graph()
    assert set(job.asset_layer.selected_asset_keys) == set(assets.materializable_asset_keys)
    by_the_clock = {key for key in assets.asset_check_keys if key.name == FRESH}
    assert len(by_the_clock) == 4
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(assets.asset_check_keys) - by_the_clock


def test_the_release_waits_for_every_published_mart_and_the_feeds_come_first(loaded: dg.Definitions) -> None:
    assets = loaded.resolve_asset_graph()
    release = assets.get(dg.AssetKey(["published", "release"]))
    assert dg.AssetKey(["marts", "kpi_value"]) in release.parent_keys
    assert dg.AssetKey(["marts", "fct_contact"]) in release.parent_keys
    log = assets.get(dg.AssetKey(["staging", "base_asterisk__queue_log"]))
    assert dg.AssetKey(["asterisk", "queue_log"]) in log.parent_keys


def test_only_a_critical_feed_stops_the_run(loaded: dg.Definitions) -> None:
    assets = loaded.resolve_asset_graph()
    blocking = {check.asset_key.to_user_string() for check in assets.asset_check_keys if assets.get(check).blocking}
    assert "asterisk/queue_log" in blocking and "canonical/contact" in blocking
    assert "asterisk/cdr" not in blocking


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        SNAPSHOT.write_text(graph(definitions(Path(folder))), "utf-8")
