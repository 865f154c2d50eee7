"""The release: the last asset of the graph.

Here belongs: gathering what a release is made from. Not here: how files are put in place (release.py).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import dagster as dg

from orchestration import warehouse
from orchestration.assets.context import Site, explained, now
from orchestration.board.html import write_board
from orchestration.errors import InputError
from orchestration.feeds import repaired_rows, stale_feeds
from orchestration.paths import warehouse_path
from orchestration.progress import step
from orchestration.release import Release, publish_release
from orchestration.retention import apply_retention
from orchestration.scopes.published import keep_serving, publish_scopes

RELEASE = dg.AssetKey(["published", "release"])


def release_asset(site: Site, manifest: Path) -> dg.AssetsDefinition:
    """Immutable copy of the marts, swapped in at once, and the KPI board beside it."""
    marts = warehouse.published_marts(json.loads(manifest.read_text("utf-8")))

    @dg.asset(
        key=RELEASE,
        group_name="published",
        deps=[dg.AssetKey([mart.schema, mart.name]) for mart in marts],
        partitions_def=site.partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"build_lock"},
        pool="warehouse",
        kinds={"parquet", "duckdb"},
        description="发布 / What readers see: one file per mart behind `current`, the catalogue and the KPI board.",
    )
    @explained
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        plan = warehouse.plan_warehouse(site.root, site.config.centre.timezone)
        if plan is None:
            raise InputError("there is nothing to release: the lake is empty.", rule="empty_lake")
        keep_serving(site.config.scopes, site.root)
        created = now()
        stale = stale_feeds(site.config, site.root)
        with step("release") as progress:
            made = publish_release(
                warehouse_path(site.root),
                marts,
                site.root,
                release_id=_release_id(created, plan),
                created_at=created,
                as_of=plan.as_of,
                window=_window(plan),
                inputs=plan.inputs,
                transform_fingerprint=plan.transform_fingerprint,
                stale=stale,
                keep=site.config.retention.releases,
                repaired=repaired_rows(site.config, site.root),
            )
            scoped = publish_scopes(site.config, site.root, marts, made.manifest)
            name = site.config.centre.name
            write_board(site.root, name={"zh": name.zh, "en": name.en})
            warehouse.finish(site.root)  # last: what is killed before is made once more
            retired = apply_retention(site.config, site.root, created)
            progress.rows = sum(facts.rows for facts in made.manifest.marts.values())
            progress.note = f"{len(made.manifest.marts)} marts, {made.release_id}"
            if scoped:
                progress.note += f"; {_scopes_told(scoped)}"
        return dg.MaterializeResult(
            metadata={
                "release": made.release_id,
                "catalogue": dg.MetadataValue.path(str(made.catalogue)),
                "board": dg.MetadataValue.path(str(made.catalogue.with_name("board.html"))),
                "scopes": _scopes_told(scoped) or "none declared",
                "stale feeds": ", ".join(stale) or "none",
                "landed files retired": retired.superseded + retired.landed,
                "rows": sum(facts.rows for facts in made.manifest.marts.values()),
            }
        )

    return release


def _scopes_told(scoped: Mapping[str, Release]) -> str:
    facts = {name: made.manifest.marts for name, made in scoped.items()}
    return ", ".join(
        f"scope {name}: {len(marts)} marts, {sum(mart.rows for mart in marts.values()):,} rows"
        for name, marts in facts.items()
    )


def _window(plan: warehouse.WarehousePlan) -> tuple[date, date] | None:
    if plan.is_empty:
        return None
    whole = plan.held_by_the_lake(warehouse.Window(plan.windows[0].first, plan.windows[-1].last))
    return whole.first, whole.last


def _release_id(created: datetime, plan: warehouse.WarehousePlan) -> str:
    said = json.dumps([sorted(plan.inputs.items()), plan.transform_fingerprint])
    return f"{created:%Y%m%dT%H%M%S%f}"[:-3] + "-" + hashlib.sha256(said.encode()).hexdigest()[:8]
