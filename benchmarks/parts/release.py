"""The release of the large centre's marts, against a plain COPY of the same tables."""

from __future__ import annotations

import statistics

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Sample, Section, Table, gibibytes, seconds


def measure(stage: Stage) -> Section:
    """Publish the built marts again and again."""
    centre = stage.warehouse()
    section = Section(
        "release",
        "Release",
        "Each mart of the large centre copied to one Parquet file, its content hashed, the release put in place "
        "durably, and the board written. The plain COPY writes the same tables and nothing else.",
    )
    ours, plain = [], []
    by_step: dict[str, list[float]] = {}
    for turn in range(stage.settings.heavy_repeats):
        done = tasks.run("release", config=centre.config, root=centre.root)
        ours.append(Sample(sum(done.answer["seconds"].values()), done.measured.cpu, done.measured.peak))
        for step, value in done.answer["seconds"].items():
            by_step.setdefault(step, []).append(value)
        copied = tasks.run("plain_release", root=centre.root, out=stage.scratch("copy"))
        plain.append(Sample(copied.answer["seconds"]["copy"], copied.measured.cpu, copied.measured.peak))
        print(f"release {turn + 1}: {ours[-1].wall:.1f} s, plain COPY {plain[-1].wall:.1f} s", flush=True)
    rows = done.answer["rows"]
    first = section.add(f"release, {done.answer['marts']} marts, {gibibytes(done.answer['bytes'])}", ours, rows)
    other = section.add("plain COPY of the same tables", plain, copied.answer["rows"])
    section.note(f"release, {rows:,} rows", seconds(first))
    section.note("release / plain COPY of the same tables", f"{first / other:.2f}×")
    section.tables.append(
        Table(
            "Where the release's time goes",
            ["step", "median"],
            [[step, seconds(statistics.median(values))] for step, values in by_step.items()],
        )
    )
    return section
