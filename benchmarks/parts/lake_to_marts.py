"""From the lake to the marts with dbt, against one plain script that makes the same tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Aim, Sample, Section, Table, gibibytes, seconds
from benchmarks.timeline import DbtRun, dbt_run
from orchestration.paths import warehouse_path

WITHIN = 2.0
MOST_MEMORY = 4 * 2**30
SHOWN_NODES = 15
# The KPIs that the plain script gives values of: those of calls, queues and agents' time.
OF_THE_TELEPHONE = tuple(
    f"M{number:03}"
    for number in (*range(1, 4), *range(6, 12), 14, 21, 22, *range(24, 27), *range(29, 37), *range(40, 43), 49,
                   *range(61, 73), 81, 82, 177)
)  # fmt: skip
# Tiers, issues and lines of business come from a CRM, which this centre has not; the script has no sums by the others.
LEFT_OUT = ("segment", "issue", "team", "line_of_business", "line", "campaign")
COMPARED = f"kpi_id in {OF_THE_TELEPHONE} and dim_set not in {LEFT_OUT}"


def measure(stage: Stage) -> Section:
    """Build all models of the large centre, then their tests; then the plain script on the same lake."""
    centre = stage.large()
    section = Section(
        "lake_to_marts",
        "Lake to marts",
        "A full build of the large centre: all seeds and models by dbt in one process with callmart's usual memory and "
        "threads, then all data tests in a second one. The plain script (`sql/plain_marts.sql`) reads the same Parquet "
        "files with the same threads and all the memory that it wants, as it may run out of dbt's. It makes every mart "
        "but `release`, callmart's words on measures and feeds, and facts of feeds that the centre has not; both "
        "must hold the same rows, or this part fails.",
    )
    samples: dict[str, list[Sample]] = {"plain": [], "models": [], "tests": []}
    nodes: dict[str, DbtRun] = {}
    for turn in range(stage.settings.heavy_repeats):
        plain = stage.scratch("marts") / "plain.duckdb"
        for kind, found in samples.items():
            if kind == "plain":
                done = tasks.run("plain_marts", lake=centre.root / "lake", warehouse=plain)
                other = _facts(plain)
                plain.unlink()  # two warehouses at once take much disk
            else:
                done = tasks.run("marts", config=centre.config, root=centre.root, kind=kind)
                nodes[kind] = dbt_run(Path(done.answer["results"]))
            found.append(Sample(sum(done.answer["seconds"].values()), done.measured.cpu, done.measured.peak))
            print(f"lake_to_marts {turn + 1}: {kind} {found[-1].wall:.0f} s", flush=True)
        _compare(_facts(warehouse_path(centre.root)), other)
    stage.keep_warehouse(centre)

    rows = {name: facts[0] for name, facts in other.items()}
    calls = rows["fct_contact"]
    ours = section.add(f"callmart: {len(nodes['models'].nodes)} models and seeds", samples["models"], calls)
    section.add(f"callmart: {len(nodes['tests'].nodes)} data tests", samples["tests"], calls)
    script = section.add("plain script", samples["plain"], calls)
    section.aim_ratio(f"lake to marts, {calls:,} calls, dbt's models / plain script", ours, script, WITHIN)
    peak = max(sample.peak or 0 for sample in [*samples["models"], *samples["tests"]])
    section.aims.append(Aim("lake to marts, peak memory", gibibytes(peak), "under 4 GiB", peak < MOST_MEMORY))
    section.tables += [
        Table(
            f"The {SHOWN_NODES} slowest models (seconds of one of dbt's threads)",
            ["model", "seconds"],
            _slowest(nodes["models"]),
        ),
        Table(
            f"The {SHOWN_NODES} slowest tests (seconds of one of dbt's threads)",
            ["test", "seconds"],
            _slowest(nodes["tests"]),
        ),
        Table("Rows of the marts, the same in both", ["mart", "rows"], [[n, f"{c:,}"] for n, c in rows.items()]),
    ]
    return section


def _slowest(run: DbtRun) -> list[list[str]]:
    return [
        [node.name, seconds(node.seconds)] for node in sorted(run.nodes, key=lambda node: -node.seconds)[:SHOWN_NODES]
    ]


def _facts(warehouse: Path) -> dict[str, tuple[Any, ...]]:
    """Of each mart its rows, a sum of hashes of all columns but doubles, and the sum of each double."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as db:
        names = db.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        for (name,) in names:
            columns = [(column, kind) for column, kind, *_ in db.execute(f"describe marts.{name}").fetchall()]
            exact = ", ".join(column for column, kind in columns if kind != "DOUBLE")
            sums = "".join(f", coalesce(sum({column}), 0)" for column, kind in columns if kind == "DOUBLE")
            found[name] = tuple(
                db.execute(
                    f"select count(*), sum(cast(hash({exact}) as hugeint)){sums} from marts.{name} "
                    f"where {COMPARED if name == 'kpi_value' else 'true'}"
                ).fetchone()
                or ()
            )
    return found


def _compare(ours: dict[str, tuple[Any, ...]], other: dict[str, tuple[Any, ...]]) -> None:
    """Raise ValueError when a table of the plain script does not hold what callmart's mart holds."""
    for name, theirs in other.items():
        mine = ours.get(name, ())
        if mine[:2] != theirs[:2] or not all(map(math.isclose, mine[2:], theirs[2:])):
            raise ValueError(f"callmart and the plain script differ in {name}: {mine} and {theirs}")
