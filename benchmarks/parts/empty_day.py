"""A day without a call: what a build costs before it does anything."""

from __future__ import annotations

import gzip
import statistics
from datetime import UTC, datetime, timedelta

from benchmarks import tasks
from benchmarks.stage import Centre, History, Stage
from benchmarks.table import Aim, Sample, Section, Table, seconds
from benchmarks.timeline import PARTS, dbt_run, imports, parts
from orchestration.warehouse import run_target

MOST_S = 20.0
SHOWN = 12


def measure(stage: Stage) -> Section:
    """`callmart build` after a log came that holds one line and no call; then once more with nothing new."""
    history = stage.history(stage.settings.histories[0])
    section = Section(
        "empty_day",
        "An empty day",
        f"The centre of {stage.settings.histories[0]} dates gets a log whose only line says that Asterisk started; "
        "`callmart build` from Python's start to its end. The models still rebuild the window of dates "
        "that a new date can change.",
    )
    builds, idle = [], []
    for turn in range(stage.settings.repeats):
        centre = history.copy(stage.scratch("history"))
        _add_empty_day(history, centre)
        builds.append(tasks.build(centre))
        idle.append(tasks.build(centre))
        print(f"empty_day {turn + 1}: {builds[-1].wall:.1f} s, nothing new {idle[-1].wall:.1f} s", flush=True)
    centre = history.copy(stage.scratch("history"))
    _add_empty_day(history, centre)
    traced = tasks.build(centre, import_times=True)
    record = dbt_run(run_target(centre.root) / "run_results.json")

    middle = section.add("an empty day", [Sample(m.wall, m.cpu, m.peak) for m in builds])
    section.add("nothing new at all", [Sample(m.wall, m.cpu, m.peak) for m in idle])
    section.aims.append(Aim("an empty day", seconds(middle), f"under {MOST_S:g} s", middle < MOST_S))
    found = [parts(build) for build in builds]
    medians = {part: statistics.median(item[part] for item in found) for part in PARTS}
    by_package = imports(traced)
    kinds = {"models and seeds": ("model", "seed"), "tests": ("test",)}
    section.tables += [
        Table(
            "Where the time goes",
            ["part", "median", "share"],
            [[part, seconds(value), f"{value / middle:.0%}"] for part, value in medians.items()],
        ),
        Table(
            "Imports of the build's own process (a run of its own, a little slower for it)",
            ["package", "seconds"],
            [["all", seconds(sum(by_package.values()))]]
            + [[name, seconds(value)] for name, value in list(by_package.items())[:SHOWN]],
        ),
        Table(
            "dbt",
            ["what", "nodes", "seconds"],
            [["from the first node's start to the last one's end", f"{len(record.nodes)}", seconds(record.span)]]
            + [
                [
                    f"{what} (seconds of dbt's threads)",
                    f"{sum(1 for node in record.nodes if node.kind in of)}",
                    seconds(record.of(*of)),
                ]
                for what, of in kinds.items()
            ]
            + [
                [node.name, "1", seconds(node.seconds)]
                for node in sorted(record.nodes, key=lambda node: -node.seconds)[:SHOWN]
            ],
        ),
    ]
    return section


def _add_empty_day(history: History, centre: Centre) -> None:
    moment = datetime(history.day.year, history.day.month, history.day.day, tzinfo=UTC) + timedelta(hours=4)
    file = centre.source / "asterisk" / f"queue_log.{history.day:%Y%m%d}.gz"
    file.write_bytes(gzip.compress(f"{moment.timestamp():.0f}|NONE|NONE|NONE|QUEUESTART|\n".encode(), mtime=0))
