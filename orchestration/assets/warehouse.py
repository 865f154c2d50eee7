"""The dbt models as assets, with their tests as checks, and the audit of the marts before a release.

Here belongs: how dbt's project appears in the graph and how a run calls it. Not here: what to build (warehouse.py).
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from expectations.catalogue import checks_of_mart
from expectations.validate import validate_marts
from orchestration import warehouse
from orchestration.assets.context import POOL, Site, check_result, check_spec, range_of
from orchestration.assets.feeds import REFERENCE, feed_key
from orchestration.errors import BlockedError, InputError
from orchestration.paths import docs_dir, warehouse_path
from orchestration.progress import step


class Translator(DagsterDbtTranslator):
    """Adds to each model that reads the lake the feed it reads as its upstream asset."""

    def __init__(self, feeds: Mapping[str, Any]) -> None:
        super().__init__()
        self._feeds = feeds

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        read = warehouse.feeds_read(manifest["nodes"][unique_id].get("raw_code", ""))
        upstream = [feed_key(feed) for feed in read if feed in self._feeds]
        if any(feed.startswith("centre.") for feed in read):
            upstream.append(REFERENCE)
        return spec.replace_attributes(deps=[*spec.deps, *upstream]) if upstream else spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        layer = dbt_resource_props["fqn"][1:-1]
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else "_".join(layer[:2]) or None


def warehouse_assets(site: Site, manifest: Path) -> dg.AssetsDefinition:
    """All models and seeds as one step: dbt decides their order, one process writes the warehouse."""
    dbt = DbtCliResource(
        project_dir=str(warehouse.DBT_PROJECT),
        profiles_dir=str(warehouse.DBT_PROJECT),
        dbt_executable=str(warehouse.dbt_executable()),
    )

    @dbt_assets(
        manifest=manifest,
        name="dbt",
        partitions_def=site.partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        dagster_dbt_translator=Translator(site.config.feeds),
        required_resource_keys={"build_lock"},
        pool=POOL,
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        plan = warehouse.plan_warehouse(site.root, warehouse.Window(*range_of(context)))
        if plan is None:
            raise InputError(
                "no feed has brought a single row into the lake.",
                rule="empty_lake",
                todo="look at the feeds' files and at the quarantine.",
            )
        warehouse_path(site.root).parent.mkdir(parents=True, exist_ok=True)
        warehouse.begin(site.root, plan)
        with _environment(warehouse.environment(site.root)):
            for window in plan.windows:
                with step(
                    f"dbt {plan.held_by_the_lake(window)}{' (everything)' if plan.full_refresh else ''}"
                ) as progress:
                    invocation = dbt.cli(warehouse.build_arguments(plan, window), context=context, raise_on_error=False)
                    yield from invocation.stream()
                    progress.note = _summary(invocation.target_path)
                if not invocation.is_successful():
                    raise BlockedError(
                        f"dbt stopped: {_failures(invocation.target_path) or invocation.get_error()}",
                        rule="dbt_build",
                        todo="run `make ui` and open the failed run; the last good release goes on serving.",
                    )

    return build


def mart_checks(site: Site, manifest: Path) -> dg.AssetChecksDefinition:
    """Great Expectations on the marts that a release would publish. A blocking check stops the release."""
    marts = {mart.name: dg.AssetKey([mart.schema, mart.name]) for mart in _marts(manifest)}
    names = {mart: [check.name for check in checks_of_mart(mart)] for mart in marts}

    @dg.multi_asset_check(
        name="audit_marts",
        specs=[
            check_spec(check, marts[mart], blocking=check.blocking) for mart in names for check in checks_of_mart(mart)
        ],
        required_resource_keys={"build_lock"},
        pool=POOL,
    )
    def audit(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        plan = warehouse.plan_warehouse(site.root)
        since = min((window.first for window in plan.windows), default=None) if plan else None
        with step("audit marts") as progress:
            verdicts = validate_marts(
                warehouse_path(site.root),
                "marts",
                docs_dir(site.root),
                since=since,
                marts=tuple(marts),
                own_numbers=site.config.own_numbers,
            )
            progress.note = f"{sum(len(verdict.checks) for verdict in verdicts.values())} checks"
        for mart, verdict in sorted(verdicts.items()):
            for result in verdict.checks:
                if result.name in names[mart]:
                    yield check_result(result, marts[mart])

    return audit


def _marts(manifest: Path) -> list[Any]:
    return warehouse.published_marts(json.loads(manifest.read_text("utf-8")))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """dbt reads its profile from the environment of the process that it is started from."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _results(target: Path) -> list[dict[str, Any]]:
    file = target / "run_results.json"
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["results"] if file.exists() else []
    return found


def _summary(target: Path) -> str:
    results = _results(target)
    models = sum(1 for result in results if not result["unique_id"].startswith("test."))
    return f"{models} models and seeds, {len(results) - models} tests"


def _failures(target: Path) -> str:
    return "; ".join(
        f"{result['unique_id'].split('.')[2]}: {(result['message'] or '').strip().splitlines()[0]}"
        for result in _results(target)
        if result["status"] in ("error", "fail")
    )
