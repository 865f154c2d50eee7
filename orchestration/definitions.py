"""The Dagster code location: assets, checks, the one job, its schedule and sensors.

Command, UI and schedule all run the job made here. Tests call `build_definitions` with a configuration and data root of
their own; `defs` reads them from the environment (`CALLMART_CONFIG`, `CALLMART_DATA`) when Dagster loads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from expectations.validate import load_early
from orchestration import warehouse
from orchestration.assets.context import JOB, Site, now
from orchestration.assets.feeds import feed_asset, reference_asset
from orchestration.assets.release import release_asset
from orchestration.assets.warehouse import mart_checks, warehouse_assets
from orchestration.automation.alerts import failed_check_sensor, failed_run_sensor
from orchestration.automation.freshness import freshness_checks, freshness_sensor
from orchestration.automation.runs import alive, forget_killed_runs, retire_runs
from orchestration.automation.triggers import new_files_sensor, schedules
from orchestration.config import load_config
from orchestration.dbt_process import DbtProcess
from orchestration.lock import build_lock_in_turn
from orchestration.paths import data_root


def build_definitions(site: Site) -> dg.Definitions:
    """All definitions of one centre. Parses the dbt project on first use."""
    manifest = warehouse.manifest_path(site.root)

    @dg.resource(description="The lock of the data root, waited for and then held as long as the run.")
    def lock(context: dg.InitResourceContext) -> Iterator[None]:
        instance, run_id = context.instance, context.run_id
        assert instance is not None and run_id is not None  # only runs need the lock
        with (
            alive(site.root, run_id),
            build_lock_in_turn(site.root, lambda who: _say(context, f"This run waits for its turn: {who}")),
        ):
            forget_killed_runs(instance, site.root, now())
            retire_runs(instance, site.config.retention.runs_days, now())
            load_early()
            yield

    @dg.resource(
        description="dbt, which gets ready while the run lands its feeds.", required_resource_keys={"build_lock"}
    )
    def dbt(context: dg.InitResourceContext) -> Iterator[DbtProcess]:
        with closing(warehouse.dbt_process(site.root)) as process:
            yield process

    checks_by_the_clock = freshness_checks(site)
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.checks(*checks_by_the_clock),
        description="从话单到看板 / From call records to the released KPIs.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(
        assets=[
            *(feed_asset(site, name) for name in site.config.feeds),
            reference_asset(site),
            warehouse_assets(site, manifest),
            release_asset(site, manifest),
        ],
        asset_checks=[mart_checks(site, manifest), *checks_by_the_clock],
        jobs=[job],
        schedules=schedules(site),
        sensors=[new_files_sensor(site), freshness_sensor(site), failed_run_sensor(), failed_check_sensor()],
        resources={"build_lock": lock, "dbt": dbt},
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger},
    )


def _say(context: dg.InitResourceContext, text: str) -> None:
    if context.log is not None:
        context.log.info(text)


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the centre that the environment names."""
    config = load_config(Path(os.environ.get("CALLMART_CONFIG", "callmart.yaml")))
    return build_definitions(Site(config, data_root()))
