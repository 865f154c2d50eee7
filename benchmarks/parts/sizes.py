"""How a full build grows with the number of contacts, by DuckDB and, where its environment is there, by Spark."""

from __future__ import annotations

import sys

from benchmarks import tasks
from benchmarks.stage import Centre, Stage
from benchmarks.table import Sample, Section
from orchestration.paths import PROJECT

SHARES = (100, 20, 5)  # the large centre has so many times the contacts
SPARK_SHARES = (100, 20)  # what a local Spark is asked to build, too
SPARK_PYTHON = PROJECT / ".venv-spark" / "bin" / "python"


def measure(stage: Stage) -> Section:
    """Build centres of several sizes, each into an empty warehouse."""
    section = Section(
        "sizes",
        "Full builds by number of contacts",
        "All models and seeds of centres with the feeds of all their systems, into an empty warehouse, by dbt in one "
        "process with callmart's usual memory and threads; by Spark, too, in one process on two cores (`local[2]`), "
        "where `make .venv-spark/.ready` was called. Extraction, data tests and release are apart. Contacts are those "
        "of all media.",
    )
    for share in SHARES:
        centre = stage.share(share).whole()
        seconds = _build(section, centre, "DuckDB")
        contacts = f"{centre.contacts():,} contacts"
        section.note(f"a full build of {contacts} by DuckDB", f"{seconds:.0f} s")
        if share in SPARK_SHARES and SPARK_PYTHON.exists():
            section.note(
                f"a full build of {contacts} by Spark / by DuckDB", f"{_build(section, centre, 'Spark') / seconds:.1f}×"
            )
    return section


def _build(section: Section, centre: Centre, engine: str) -> float:
    python = SPARK_PYTHON if engine == "Spark" else sys.executable
    contacts = centre.contacts() if engine == "Spark" else None  # counted in DuckDB's warehouse, which Spark's replaces
    done = tasks.run(
        "marts", python=python, config=centre.config, root=centre.root, kind="models", engine=engine.lower()
    )
    contacts = contacts or centre.contacts()
    sample = Sample(sum(done.answer["seconds"].values()), done.measured.cpu, done.measured.peak)
    print(f"sizes: {contacts:,} contacts by {engine} {sample.wall:.0f} s", flush=True)
    return section.add(f"{engine}: {contacts:,} contacts", [sample], contacts)
