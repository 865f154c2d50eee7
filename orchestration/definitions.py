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
from orchestration import automation, warehouse
from orchestration.assets.context import JOB, Site
from orchestration.assets.feeds import feed_asset, reference_asset
from orchestration.assets.release import release_asset
from orchestration.assets.warehouse import mart_checks, warehouse_assets
from orchestration.config import load_config
from orchestration.dbt_process import DbtProcess
from orchestration.lock import build_lock
from orchestration.paths import data_root


def build_definitions(site: Site) -> dg.Definitions:
    """All definitions of one centre. Parses the dbt project on first use."""
    manifest = warehouse.manifest_path(site.root)

    @dg.resource(description="The lock of the data root, held as long as the run.")
    def lock(context: dg.InitResourceContext) -> Iterator[None]:
        with build_lock(site.root):
            if context.instance is not None:
                forget_killed_runs(context.instance, context.run_id)
            load_early()
            yield

    @dg.resource(
        description="dbt, which gets ready while the run lands its feeds.", required_resource_keys={"build_lock"}
    )
    def dbt(context: dg.InitResourceContext) -> Iterator[DbtProcess]:
        with closing(warehouse.dbt_process(site.root)) as process:
            yield process

    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
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
        asset_checks=[mart_checks(site, manifest)],
        jobs=[job],
        schedules=[automation.daily_schedule(site, JOB)],
        sensors=[automation.failed_run_sensor(JOB), automation.failed_check_sensor()],
        resources={"build_lock": lock, "dbt": dbt},
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger},
    )


def forget_killed_runs(instance: dg.DagsterInstance, current: str | None) -> None:
    """End runs that a killed process left open, and give back their places in pools.

    Call it under the data root's lock: whoever holds it is the only live run. Without this a run would wait for ever
    for the place that a killed one still holds.
    """
    open_states = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    for run in instance.get_runs(dg.RunsFilter(statuses=open_states)):
        if run.run_id != current:
            instance.report_run_failed(run, "The process of this run ended without a word; the next build took over.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the centre that the environment names."""
    config = load_config(Path(os.environ.get("CALLMART_CONFIG", "callmart.yaml")))
    return build_definitions(Site(config, data_root()))
