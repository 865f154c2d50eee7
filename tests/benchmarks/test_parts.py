"""Each part of the benchmarks runs at a tiny size and gives a well-formed section; how long it takes is not tested."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks import tasks
from benchmarks.child import Measured
from benchmarks.parts import PARTS, sizes
from benchmarks.settings import Settings
from benchmarks.stage import Centre, Stage
from benchmarks.table import HEADER, Section
from benchmarks.tasks import named_queries
from orchestration.paths import PROJECT

BUILDS = pytest.StashKey[dict[bool, Measured]]()
QUICK = ["--calls", "3000", "--repeats", "1", "--histories", "2", "2", "--history-calls", "60"]
# What each part is asked for, by words that its summary must hold.
ASKED = {
    "csv_to_lake": ("without masking / plain COPY", "masking"),
    "sources": ("a file to lake", "a table of PostgreSQL to lake"),
    "lake_to_marts": ("dbt's models / plain script", "peak memory"),
    "all_feeds": ("contacts of all media", "all feeds to marts, peak memory"),
    "sizes": ("a full build of", "by DuckDB"),
    "release": ("release,", "plain COPY of the same tables"),
    "queries": ("p50 and p95",),
    "added_day": ("on 2 / on 2 dates, release apart", "the release in it"),
    "empty_day": ("an empty day",),
    "simulator": ("simulated contacts a minute", "simulated calls that stand alone"),
}


def tables_of(page: str) -> list[list[str]]:
    """Tables of a Markdown page as lists of their lines."""
    tables: list[list[str]] = [[]]
    for line in page.splitlines():
        if line.startswith("|"):
            tables[-1].append(line)
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


@pytest.fixture
def build_once(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What one real build of each kind told stands for its repetitions: a build takes half a minute."""
    real, told = tasks.build, request.config.stash.setdefault(BUILDS, {})

    def build(centre: Centre, import_times: bool = False) -> Measured:
        if import_times not in told:
            told[import_times] = real(centre, import_times=import_times)
        return told[import_times]

    monkeypatch.setattr(tasks, "build", build)


@pytest.fixture
def one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The centre that all_feeds has made; Spark builds in tests/spark."""
    monkeypatch.setattr(sizes, "SHARES", (1,))


@pytest.mark.usefixtures("build_once", "one_size")
@pytest.mark.parametrize("name", PARTS)
def test_a_part_gives_a_well_formed_section_with_what_was_asked_for(stage: Stage, name: str) -> None:
    section = command.run_part(name, stage)
    assert not section.error
    assert section.name == name and section.title and section.text
    assert section.rows or section.tables
    assert all(len(row) == len(HEADER) for row in section.rows)
    assert all(len(row) == len(table.header) for table in section.tables for row in table.rows)
    assert all(table.rows for table in section.tables)
    for words in ASKED[name]:
        assert any(words in aim.what and aim.figure for aim in section.aims), (words, section.aims)
    assert not (stage.folder / "scratch").exists()


def test_there_are_ten_typical_queries_and_each_finds_something(stage: Stage) -> None:
    section = command.run_part("queries", stage)
    found = {row[0]: int(row[1].replace(",", "")) for row in section.tables[0].rows if row[1]}
    assert list(found) == list(named_queries()) and len(found) == 10
    assert all(rows > 0 for rows in found.values())


def test_the_page_holds_the_chosen_parts_and_those_kept_before(
    settings: Settings, results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [*QUICK, "--folder", str(settings.folder), "--results", str(results)]

    def broken(_: Stage) -> Section:
        raise ValueError("no such thing")

    monkeypatch.setitem(PARTS, "release", broken)
    assert command.main([*asked, "--only", "queries"]) == 0
    assert command.main([*asked, "--only", "release"]) == 1
    page = results.read_text("utf-8")
    assert page in capsys.readouterr().out
    assert "## Queries" in page and "## release" in page and "ValueError: no such thing" in page
    for table in tables_of(page):
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1, table
    head = tables_of(page)[0]
    for word in ("cores", "memory", "processor", "system", "python", "duckdb", "dbt-core", "dagster", "callmart"):
        assert any(line.startswith(f"| {word} |") for line in head), word
    assert os.uname().nodename not in page
    assert str(PROJECT) not in page and str(settings.folder) not in page


def test_results_of_another_size_are_not_mixed_in(settings: Settings, stage: Stage) -> None:
    command.keep(command.run_part("queries", stage), settings)
    assert [section.name for section in command.kept(settings) if section.name == "queries"] == ["queries"]
    other = Settings(settings.folder, settings.calls + 1)
    assert command.kept(other) == []


def test_an_unknown_part_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["--only", "everything"])
    assert stopped.value.code == 2
    assert "no such part: everything" in capsys.readouterr().err


def test_make_bench_passes_sizes_and_parts_on() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "bench", "CALLS=7", "REPEATS=2", "ONLY=queries"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert " ".join(said.replace("\\\n", " ").split()).endswith("-m benchmarks --calls 7 --repeats 2 --only queries")
