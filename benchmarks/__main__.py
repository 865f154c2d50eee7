"""`python -m benchmarks`: run the parts, print the table, write it to benchmarks/RESULTS.md.

Exit code 0 when every part ran, 1 when one failed (its error is in the table), 2 for a wrong argument. Whether an aim
was met has no bearing on it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import CODE, code_id, machine, versions
from benchmarks.parts import PARTS
from benchmarks.settings import Settings
from benchmarks.stage import Stage
from benchmarks.table import Section, render
from orchestration.paths import PROJECT


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module's text."""
    usual = Settings(PROJECT / "bench")
    parser = argparse.ArgumentParser(prog="make bench", description="Measure callmart and plain DuckDB.")
    parser.add_argument("--calls", type=int, default=usual.calls, help="contacts of the large centre")
    parser.add_argument("--repeats", type=int, default=usual.repeats, help="runs of each measurement")
    parser.add_argument(
        "--heavy-repeats", type=int, default=usual.heavy_repeats, help="runs of those that take minutes"
    )
    parser.add_argument("--histories", type=int, nargs=2, default=usual.histories, metavar=("SHORT", "LONG"))
    parser.add_argument(
        "--history-calls", type=int, default=usual.history_calls, help="calls a day of the small centre"
    )
    parser.add_argument("--only", default="", help=f"parts, separated by commas: {', '.join(PARTS)}")
    parser.add_argument("--folder", type=Path, default=usual.folder, help="scratch folder, kept between runs")
    parser.add_argument("--results", type=Path, default=PROJECT / "benchmarks" / "RESULTS.md")
    said = parser.parse_args(arguments)
    chosen = [name for name in said.only.split(",") if name] or list(PARTS)
    if unknown := sorted(set(chosen) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    settings = Settings(
        said.folder.absolute(), said.calls, said.repeats, said.heavy_repeats, tuple(said.histories), said.history_calls
    )
    failed = False
    for name in chosen:
        section = run_part(name, Stage(settings))
        failed = failed or bool(section.error)
        keep(section, settings)
    page = render(kept(settings), [*machine(), *versions(), *sizes(settings)])
    said.results.write_text(page, "utf-8")
    print(f"\n{page}\nwritten to {said.results}", flush=True)
    return 1 if failed else 0


def run_part(name: str, stage: Stage) -> Section:
    """Measure one part; a part that fails gives a section that says so."""
    print(f"== {name}", flush=True)
    try:
        section = PARTS[name](stage)
    except Exception as error:
        traceback.print_exc()
        section = Section(name, name, "", error=f"{type(error).__name__}: {error}")
    finally:
        shutil.rmtree(stage.folder / "scratch", ignore_errors=True)
    section.source = code_id(CODE)
    return section


def sizes(settings: Settings) -> list[tuple[str, str]]:
    """What was asked for."""
    return [
        ("calls of the large centre", f"about {settings.calls:,}"),
        ("calls a day of the small centre", f"{settings.history_calls:,}"),
    ]


def keep(section: Section, settings: Settings) -> None:
    """Keep a part's results, so that another run can measure the other parts."""
    file = settings.folder / "results" / f"{section.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    said = {"key": _key(settings), "section": section.to_json()}
    file.write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")


def kept(settings: Settings) -> list[Section]:
    """Results of all parts that this machine gave at these sizes, in the usual order; each says by which code."""
    found = []
    for name in PARTS:
        file = settings.folder / "results" / f"{name}.json"
        said = json.loads(file.read_text("utf-8")) if file.exists() else {}
        if said.get("key") == _key(settings):
            found.append(Section.from_json(said["section"]))
    return found


def _key(settings: Settings) -> str:
    return json.dumps([machine(), versions(), sizes(settings), list(settings.histories)])


if __name__ == "__main__":
    sys.exit(main())
