"""From a mapped file and from a table of PostgreSQL to the lake, against one COPY of DuckDB each."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from benchmarks import tasks
from benchmarks.stage import Stage
from benchmarks.table import Sample, Section
from tests.servers.servers import postgresql

WITHIN = 1.3
URL = "CALLMART_BENCH_DATABASE"
DATES = 30
COLUMNS = ("contact_id", "queue_id", "entered_at", "left_at", "wait_s", "exit_kind", "agent_id", "priority")
_CENTRE = """
centre:
  site_id: bench
  name: {zh: 基准, en: Benchmark}
  timezone: Asia/Shanghai
  first_date: 2024-01-01
sources:
  canonical:
    feeds:
      queue_visit:
"""
_MAPPING = """
        mapping:
          contact_id: contact_id
          queue_id: queue_id
          entered_at: strptime(entered_at, '%Y-%m-%d %H:%M:%S')
          left_at: strptime(left_at, '%Y-%m-%d %H:%M:%S')
          wait_s: wait_s
          exit_kind: exit_kind
          agent_id: agent_id
          priority: priority
"""
# Visits spread over the dates, as text, the same for DuckDB and PostgreSQL.
_RECORDS = """
    select cast(i as varchar) as contact_id, 'queue ' || cast(i % 20 as varchar) as queue_id,
        to_char_(timestamp '2024-01-01 08:00:00' + (i % {dates}) * interval '1 day' + (i % 36000) * interval '1 second')
            as entered_at,
        to_char_(timestamp '2024-01-01 08:00:00' + (i % {dates}) * interval '1 day'
            + (i % 36000 + i % 90) * interval '1 second') as left_at,
        cast(i % 90 as varchar) as wait_s,
        case when i % 10 = 0 then 'abandoned' else 'answered' end as exit_kind,
        case when i % 10 = 0 then '' else 'agent ' || cast(i % 700 as varchar) end as agent_id, '1' as priority
    from {rows}
"""


def measure(stage: Stage) -> Section:
    """Twice as many rows as the large centre has calls from a CSV file, and as many as it has calls from PostgreSQL."""
    section = Section(
        "sources",
        "Sources",
        "Queue visits of a mapped feed, from a CSV file and from a table of a PostgreSQL server on this machine, to "
        "Parquet partitions by local date, without the audit. callmart lands what it reads, judges each row, flags bad "
        "values, drops repeated rows and sorts. The plain COPY (`sql/plain_sources.sql`) makes the same columns with "
        "row hash, without landing, flags, refusals or order.",
    )
    folder = stage.folder / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    _file(stage, section, folder)
    if not (shutil.which("initdb") or glob.glob("/usr/lib/postgresql/*/bin/initdb")):
        section.note("a table of PostgreSQL to lake", "not measured: no PostgreSQL on this machine")
        return section
    with postgresql() as server:
        _database(stage, section, folder, server.url, server.ask)
    return section


def _file(stage: Stage, section: Section, folder: Path) -> None:
    rows = 2 * stage.settings.calls
    file = folder / "visits.csv"
    query = _RECORDS.format(dates=DATES, rows=f"range({rows}) as numbers (i)")
    with duckdb.connect() as db:
        db.execute("create macro to_char_(t) as strftime(t, '%Y-%m-%d %H:%M:%S')")
        db.execute(f"copy ({query}) to '{file}' (header, delimiter ',')")
    config = folder / "file.yaml"
    config.write_text(f"{_CENTRE}        paths: [visits.csv]{_MAPPING}", "utf-8")
    _compare(stage, section, "a file", config, rows, source=file)
    file.unlink()


def _database(stage: Stage, section: Section, folder: Path, url: str, ask: Callable[[str], None]) -> None:
    rows = stage.settings.calls
    query = _RECORDS.format(dates=DATES, rows=f"generate_series(0, {rows - 1}) as numbers (i)")
    ask(
        "create function to_char_(t timestamp) returns text language sql immutable "
        f"as $$ select to_char(t, 'YYYY-MM-DD HH24:MI:SS') $$; create table visits as {query}"
    )
    config = folder / "database.yaml"
    config.write_text(f"{_CENTRE}        database: {{url: '${{{URL}}}', table: public.visits}}{_MAPPING}", "utf-8")
    os.environ[URL] = url
    try:
        _compare(stage, section, "a table of PostgreSQL", config, rows)
    finally:
        del os.environ[URL]


def _compare(stage: Stage, section: Section, what: str, config: Path, rows: int, source: Path | None = None) -> None:
    samples: Mapping[str, list[Sample]] = {"callmart": [], "plain COPY": []}
    for turn in range(stage.settings.heavy_repeats):
        for name, taken in samples.items():
            out = stage.scratch("lake")
            if name == "callmart":
                done = tasks.run("extract", config=config, root=out)
            else:
                done = tasks.run("plain_sources", root=out, file=source or "")
            found = done.answer["rows"]
            if found != rows:
                raise ValueError(f"{name} brought {found} of {rows} rows")
            total = sum(done.answer["seconds"].values())
            taken.append(Sample(total, done.measured.cpu, done.measured.peak))
            print(f"sources {turn + 1}: {what}, {name} {total:.1f} s", flush=True)
    ours = section.add(f"{what} to lake, callmart", samples["callmart"], rows)
    other = section.add(f"{what} to lake, plain COPY", samples["plain COPY"], rows)
    section.aim_ratio(f"{what} to lake, callmart / plain COPY", ours, other, WITHIN)
