"""From the lake to the marts for a centre with the feeds of all its systems: time and memory of each layer."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks import tasks
from benchmarks.stage import Centre, Stage
from benchmarks.table import Aim, Sample, Section, Table, gibibytes, seconds
from benchmarks.tasks import LAYERS
from benchmarks.timeline import Node, dbt_run
from orchestration.paths import warehouse_path

MOST_MEMORY = 4 * 2**30
SHOWN_MODELS = 10


def measure(stage: Stage) -> Section:
    """Build the layers one after the other, then run all data tests, then look at the plans of the slowest models."""
    centre = stage.whole()
    section = Section(
        "all_feeds",
        "All feeds to marts",
        "A full build of a centre as large as the one above, with the feeds of all its systems: chats, mails, tickets, "
        "surveys, evaluations, recordings, orders, leads, costs, interfaces. Each layer by dbt in a process of its own "
        "with callmart's usual memory and threads, so that each has its own peak; a build runs them in one process. "
        "Seeds and the views of staging are part of the first.",
    )
    slowest: list[Node] = []
    peak, models = 0, 0
    contacts = None
    for kind in (*LAYERS, "tests"):
        done = tasks.run("marts", config=centre.config, root=centre.root, kind=kind)
        nodes = dbt_run(Path(done.answer["results"])).nodes
        sample = Sample(sum(done.answer["seconds"].values()), done.measured.cpu, done.measured.peak)
        if kind == "tests":
            section.add(f"{len(nodes)} data tests", [sample], contacts)
        else:
            contacts = contacts or centre.contacts()
            section.add(f"{kind}: {len(nodes)} models and seeds", [sample], contacts)
            slowest = sorted([*slowest, *nodes], key=lambda node: -node.seconds)[:SHOWN_MODELS]
            models += len(nodes)
        peak = max(peak, done.measured.peak or 0)
        print(f"all_feeds: {kind} {sample.wall:.0f} s", flush=True)
    section.note("all feeds to marts, contacts of all media", f"{contacts or 0:,}")
    section.aims.append(Aim("all feeds to marts, peak memory", gibibytes(peak), "under 4 GiB", peak < MOST_MEMORY))
    plans = tasks.run("plans", root=centre.root, models=[node.name for node in slowest]).answer
    section.tables += [
        Table(
            f"The {len(slowest)} slowest of {models} models and seeds (seconds of one of dbt's threads), and what "
            "their queries spend most time on, of all threads",
            ["model", "built in", "operator", "works on", "its time", "of the query", "rows out"],
            [
                [
                    node.name if place == 0 else "",
                    seconds(node.seconds) if place == 0 else "",
                    operator["name"],
                    operator["about"][:80],
                    seconds(operator["seconds"]),
                    f"{operator['seconds'] / (plans[node.name]['seconds'] or 1):.0%}",
                    f"{operator['rows']:,}",
                ]
                for node in slowest
                for place, operator in enumerate(plans[node.name]["operators"])
            ],
        ),
        Table("Rows of the marts", ["mart", "rows"], _rows(centre)),
    ]
    return section


def _rows(centre: Centre) -> list[list[str]]:
    with duckdb.connect(str(warehouse_path(centre.root)), read_only=True) as db:
        found = db.execute(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
    return [[name, f"{rows:,}"] for name, rows in found]
