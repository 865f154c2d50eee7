"""The dbt models as assets, with their tests as checks, and the audit of the marts before a release.

Here belongs: how dbt's project appears in the graph and how a run calls it. Not here: what to build (warehouse.py).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtProject, dbt_assets
from packaging.version import Version

from expectations.catalogue import checks_of_mart
from expectations.validate import validate_marts
from orchestration import paths, spark, warehouse
from orchestration.assets.context import POOL, Site, asked_for, check_result, check_spec, explained
from orchestration.assets.feeds import REFERENCE, feed_key
from orchestration.errors import BlockedError, CallmartError, InputError
from orchestration.paths import docs_dir, warehouse_path
from orchestration.progress import step

UNIQUE_ID = "dagster_dbt/unique_id"


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

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        has_sql = bool(dbt_resource_props.get("raw_code"))  # a seed would show an empty block of it
        return super().get_description(dbt_resource_props) if has_sql else str(dbt_resource_props["description"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=_told(manifest["nodes"][unique_id]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        layer = dbt_resource_props["fqn"][1:-1]
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else "_".join(layer[:2]) or None


def warehouse_assets(site: Site, manifest: Path) -> dg.AssetsDefinition:
    """All models and seeds as one step: dbt decides their order, one process writes the warehouse."""
    said: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    translator = Translator(site.config.feeds)

    @dbt_assets(
        manifest=said,
        name="dbt",
        partitions_def=site.partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        dagster_dbt_translator=translator,
        required_resource_keys={"build_lock", "dbt"},
        pool=POOL,
    )
    @explained
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        dates = asked_for(context)
        forced = warehouse.Window(*dates) if dates else None
        plan = warehouse.plan_warehouse(site.root, site.config.centre.timezone, forced)
        if plan is None:
            raise InputError(
                "no feed has brought a single row into the lake.",
                rule="empty_lake",
                todo="look at the feeds' files and at the quarantine.",
            )
        selected = _selected_nodes(context)
        # Without a window nothing is built, and what only depends on the models goes on: the release of a new scope.
        nodes = [] if plan.is_empty else warehouse.nodes_to_build(said, plan, selected)
        records = _Records(context, said, selected, selected - set(nodes), plan.transform_fingerprint)
        warehouse_path(site.root).parent.mkdir(parents=True, exist_ok=True)
        warehouse.begin(site.root, plan)
        for window in plan.windows:
            with step(f"dbt {plan.held_by_the_lake(window)}{' (everything)' if plan.full_refresh else ''}") as progress:
                invocation = DbtCliInvocation(
                    process=context.resources.dbt.invoke(warehouse.build_arguments(plan, window, nodes)),
                    manifest=said,
                    dagster_dbt_translator=translator,
                    project_dir=paths.DBT_PROJECT,
                    target_path=warehouse.run_target(site.root),
                    raise_on_error=False,
                    context=context,
                    cli_version=Version(version("dbt-core")),
                )
                yield from records.of(invocation.stream(), is_last=window == plan.windows[-1])
                progress.note = _summary(invocation.target_path)
            if not invocation.is_successful():
                yield from records.failed()
                raise BlockedError(
                    f"dbt stopped: {_failures(invocation.target_path) or invocation.get_error()}",
                    rule="dbt_build",
                    todo="in the UI, the check of that name says what must hold; its SQL, which lists the rows, is in "
                    "docs/dbt/last_run/compiled of the data root. The last good release goes on serving.",
                )
        if nodes and spark.engine(site.root) == spark.SPARK:
            with step("hand over Spark's tables"):
                spark.hand_over(site.root, said, context.resources.dbt.invoke)
        yield from records.of_the_unchanged()
        if unheard := records.unheard():
            raise CallmartError(
                f"dbt ended well but told nothing of {', '.join(unheard)}.",
                rule="dbt_events",
                todo="build again; docs/build.log of the data root holds what dbt said. Nothing was released.",
            )

    return build


def _told(test: Mapping[str, Any]) -> str:
    """What a dbt test asks for: the comment that opens its SQL, or its kind with its arguments, as names of tests are
    cut short on the page."""
    if test["description"]:
        return str(test["description"])
    if kind := test.get("test_metadata"):
        arguments = {name: value for name, value in kind["kwargs"].items() if name != "model"}
        told = (f"{name} {', '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in arguments.items())
        return f"dbt test {kind['name']}: {'; '.join(told) or 'the whole table'}"
    comment = re.search(r"^(-- .*\n)+", test["raw_code"], re.MULTILINE)
    return comment[0].replace("\n-- ", " ")[3:].strip() if comment else test["name"]


def _selected_nodes(context: dg.AssetExecutionContext) -> set[str]:
    """dbt's unique ids of the models, seeds and tests that a run asks for."""
    assets = context.assets_def
    specs = [
        *(assets.specs_by_key[key] for key in context.selected_asset_keys),
        *(assets.get_spec_for_check_key(key) for key in context.selected_asset_check_keys),
    ]
    return {str((spec.metadata or {})[UNIQUE_ID]) for spec in specs}


class _Records:
    """What a run tells Dagster: one record per asset and check, however many windows were built, and an asset's record
    after those of the assets that it reads."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        manifest: Mapping[str, Any],
        selected: set[str],
        unchanged: set[str],
        fingerprint: str,
    ) -> None:
        assets = context.assets_def
        self._parents: Mapping[str, list[str]] = manifest["parent_map"]
        self._node_of = {
            name: str((assets.specs_by_key[key].metadata or {})[UNIQUE_ID])
            for name, key in assets.keys_by_output_name.items()
            if key in assets.specs_by_key
        }
        self._unchanged = {node: name for name, node in self._node_of.items() if node in unchanged}
        self._node_of_check = {
            (check.asset_key, check.name): str((assets.get_spec_for_check_key(check).metadata or {})[UNIQUE_ID])
            for check in sorted(context.selected_asset_check_keys)
        }
        self._unchanged_checks = [check for check, node in self._node_of_check.items() if node in unchanged]
        self._metadata = {"unchanged": f"nothing that it is made of changed; the models are those of {fingerprint}"}
        self._unheard = selected - unchanged
        self._failed: dict[tuple[dg.AssetKey, str], dg.AssetCheckResult] = {}
        self._walked: set[str] = set()

    def of(self, events: Iterable[Any], is_last: bool) -> Iterator[Any]:
        """The records of one window's build. A check that failed in any window has failed."""
        for event in events:
            if isinstance(event, dg.AssetCheckResult):
                assert event.asset_key is not None and event.check_name is not None
                key = (event.asset_key, event.check_name)
                self._unheard.discard(self._node_of_check[key])
                if not event.passed:
                    self._failed[key] = event
                if is_last:
                    yield self._failed.pop(key, event)
            elif isinstance(event, dg.Output):
                self._unheard.discard(self._node_of[event.output_name])
                if is_last:
                    for parent in self._parents[self._node_of[event.output_name]]:
                        yield from self._told(parent)
                    yield event
            else:
                yield event

    def unheard(self) -> list[str]:
        """Names of models, seeds and tests that a run built and that no record was made of."""
        return sorted(node.split(".")[2] for node in self._unheard)

    def failed(self) -> Iterator[dg.AssetCheckResult]:
        """Failed checks of windows before the last one."""
        yield from self._failed.values()

    def of_the_unchanged(self) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
        """What the last full refresh made and this run left as it is, with its checks: their verdict is the same."""
        for node in list(self._unchanged):
            yield from self._told(node)
        for asset_key, name in self._unchanged_checks:
            yield dg.AssetCheckResult(passed=True, asset_key=asset_key, check_name=name, metadata=self._metadata)

    def _told(self, node: str) -> Iterator[dg.Output[None]]:
        if node in self._walked:  # what lies before it has been told; a node is reached by thousands of ways
            return
        self._walked.add(node)
        for parent in self._parents.get(node, []):
            yield from self._told(parent)
        if node in self._unchanged:
            yield dg.Output(None, self._unchanged.pop(node), metadata=self._metadata)


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
        plan = warehouse.plan_warehouse(site.root, site.config.centre.timezone)
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
