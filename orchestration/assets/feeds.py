"""Assets that bring records into the lake: one per configured feed, and the centre's reference tables.

Here belongs: how a feed looks in the graph and what its run records. Not here: the steps themselves (feeds.py).
"""

from collections.abc import Iterator

import dagster as dg

from expectations.catalogue import checks_of
from orchestration import paths
from orchestration.assets.context import (
    Site,
    check_result,
    check_spec,
    explained,
    now,
    range_of,
    sample_rows,
    what_breaks,
)
from orchestration.extract.reference import ensure_zero_partitions, write_reference
from orchestration.feeds import FeedOutcome, refresh, settings_of, stale_feeds
from orchestration.paths import split_feed

REFERENCE = dg.AssetKey(["centre", "reference"])


def feed_key(name: str) -> dg.AssetKey:
    """`asterisk.queue_log` is the asset `asterisk/queue_log`."""
    return dg.AssetKey(list(split_feed(name)))


def feed_asset(site: Site, name: str) -> dg.AssetsDefinition:
    """The lake's partitions of one feed. A failed blocking check of a critical feed stops the run; any other feed's
    dates are held and the run goes on."""
    feed = site.config.feed(name)
    key = feed_key(name)
    title, grain = feed.contract.title, feed.contract.grain
    checks = checks_of(name, settings_of(feed, site.config))

    @dg.asset(
        key=key,
        group_name=feed.contract.source,
        partitions_def=site.partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[check_spec(check, key, blocking=check.blocking and feed.critical) for check in checks],
        required_resource_keys={"build_lock"},
        kinds={"parquet", "greatexpectations"},
        description=f"{title.zh} / {title.en}. {grain.zh} {grain.en}",
        metadata={"critical": feed.critical, "time zone": feed.zone, "files": ", ".join(feed.paths)},
    )
    @explained
    def extract(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        outcome = refresh(feed, site.config, site.root, *range_of(context), now())
        results = [check_result(result, key) for result in outcome.verdict.checks]
        if feed.critical and outcome.verdict.blocked_dates:
            yield from results
            raise _blocked(outcome, site)
        yield dg.MaterializeResult(metadata=_metadata(outcome), check_results=results)

    return extract


def reference_asset(site: Site) -> dg.AssetsDefinition:
    """The configuration as tables of the lake, written after the feeds because it says which of them is stale."""

    @dg.asset(
        key=REFERENCE,
        group_name="centre",
        deps=[feed_key(name) for name in site.config.feeds],
        partitions_def=site.partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"build_lock"},
        kinds={"parquet"},
        description="中心配置 / The centre's queues, agents, numbers, official variants and the state of its feeds.",
    )
    @explained
    def reference(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        ensure_zero_partitions(site.root)
        changed = write_reference(site.config, site.root, stale_feeds(site.config, site.root))
        return dg.MaterializeResult(metadata={"changed": ", ".join(changed) or "nothing"})

    return reference


def _blocked(outcome: FeedOutcome, site: Site) -> dg.Failure:
    """What stops the run, in words: the checks that failed, what each asks for, and where the rows are. All that a
    reader needs is in the description, as the page of a run, the list of runs and the alert show that first."""
    verdict = outcome.verdict
    failed = [result for result in verdict.checks if result.blocking and not result.passed]
    dates = ", ".join(map(str, verdict.blocked_dates))
    held = paths.held_dir(site.root, outcome.feed).relative_to(site.root)
    quarantine = paths.quarantine_dir(site.root, outcome.feed).relative_to(site.root)
    said = [
        f"{outcome.feed}: blocking checks hold back the rows of {dates}. The lake keeps its former rows, nothing is "
        "released, and the last release goes on serving.",
        *(f"- {result.name}: {what_breaks(result)} → {result.check.action}" for result in failed),
        "Then put a corrected file in its place (deleting it takes nothing back); the next look at the files or the "
        "next schedule builds it.",
    ]
    return dg.Failure(
        "\n".join(said),
        metadata={
            **{f"sample rows: {result.name}": sample_rows(result) for result in failed if result.sample},
            "rows held back": f"{held}/dt=…/ of the data root (report.json says which and why)",
            "lines refused": f"{quarantine}/ of the data root (file, line, rule, reason)",
            **_metadata(outcome),
        },
    )


def _metadata(outcome: FeedOutcome) -> dict[str, dg.MetadataValue]:
    rows = outcome.accounting
    text = {
        "dates published": ", ".join(map(str, outcome.published)) or "none",
        "dates held": ", ".join(map(str, outcome.held)) or "none",
        "dates outside this run's range": ", ".join(map(str, outcome.unbuilt)) or "none",
        "quarantined by rule": ", ".join(f"{rule} {count}" for rule, count in rows.by_rule.items()) or "none",
    }
    counts = {
        "rows in": rows.rows_in,
        "rows loaded": rows.loaded,
        "rows held": rows.held,
        "rows refused": rows.refused,
        "rows duplicated": rows.duplicates,
    }
    return {name: dg.MetadataValue.text(value) for name, value in text.items()} | {
        name: dg.MetadataValue.int(value) for name, value in counts.items()
    }
