"""From telephone logs to the lake, against one COPY of DuckDB a feed."""

from __future__ import annotations

import statistics

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Sample, Section, Table, seconds
from benchmarks.timeline import steps

WITHIN = 1.3


def measure(stage: Stage) -> Section:
    """Land, type, build and publish the logs of the base period; the audit apart, and masking apart."""
    logs = stage.logs()
    section = Section(
        "csv_to_lake",
        "CSV to lake",
        "The logs of the base period of the large centre, from compressed files to Parquet partitions by local date. "
        "callmart lands the bytes, numbers the lines, judges each row, flags bad values, hashes and masks numbers, "
        "drops repeated rows and sorts; the audit (Great Expectations) is apart. The plain COPY (`sql/plain_lake.sql`) "
        "makes the same columns with row hash, without masking, flags, refusals or order; its `source_line` counts "
        "over all files. Masking is what callmart takes less when its macros give numbers as they are. Times are those "
        "of the work, without Python's start.",
    )
    samples: dict[str, list[Sample]] = {"masked": [], "unmasked": [], "plain": []}
    by_step: dict[str, list[float]] = {}
    rows = {}
    for turn in range(stage.settings.repeats):
        for name in samples:
            out = stage.scratch("lake")
            if name == "plain":
                done = tasks.run("plain_lake", source=logs.source, root=out)
            else:
                done = tasks.run("extract", config=logs.config, root=out, masked=name == "masked")
            said = done.answer["seconds"]
            samples[name].append(Sample(sum(said.values()), done.measured.cpu, done.measured.peak))
            rows[name] = done.answer["rows"]
            if name == "masked":
                for step, value in said.items():
                    by_step.setdefault(step, []).append(value)
            print(f"csv_to_lake {turn + 1}: {name} {sum(said.values()):.1f} s", flush=True)
    audited = tasks.run("refresh", config=logs.config, root=stage.scratch("lake"))
    audit = sum(step.seconds for step in steps(audited.measured.lines) if step.name.startswith("audit "))

    ours = section.add("callmart", samples["masked"], rows["masked"])
    bare = section.add("callmart, numbers left as they are", samples["unmasked"], rows["unmasked"])
    other = section.add("plain COPY", samples["plain"], rows["plain"])
    section.add("the audit of the same rows, apart", [Sample(audit)], rows["masked"])
    section.aim_ratio("CSV to lake, callmart without masking / plain COPY", bare, other, WITHIN)
    masking = max(0.0, ours - bare)
    section.note("CSV to lake, masking", f"{seconds(masking)}, {masking / ours:.0%} of the whole")
    section.note("CSV to lake, callmart with masking / plain COPY", f"{ours / other:.2f}×")
    section.tables.append(
        Table(
            "Where callmart's time goes",
            ["step", "median"],
            [[step, seconds(statistics.median(values))] for step, values in by_step.items()],
        )
    )
    return section
