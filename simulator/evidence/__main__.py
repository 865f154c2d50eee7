"""`python -m simulator.evidence S2-4 …`: simulate worked cases, and write their pages.

Belongs here: the command. Does not belong here: what it does (`study`, `plot`, `page`).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from simulator.errors import SettingError
from simulator.evidence.page import FOLDER, page_of
from simulator.evidence.plot import svg_of
from simulator.evidence.study import SIZES, study
from simulator.scenarios.cases import scenario

USAGE, OUTSIDE = 2, 1


def main(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]...", help="Worked cases, e.g. S2-4.")] = None,
    all_cases: Annotated[bool, typer.Option("--all", help="Every case.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder of the pages.")] = FOLDER,
) -> None:
    """Simulate worked cases around the dates of their measures, measure the raw files, and write a page with a picture
    for each. Exit code 1 when an expected figure is not found, 2 for a case that is not known."""
    chosen = list(SIZES) if all_cases else cases or []
    if not chosen:
        raise _usage("name a case (python -m simulator.evidence S2-4), or all of them with --all.")
    try:
        for scenario_id in chosen:
            scenario(scenario_id)
    except SettingError as error:
        raise _usage(str(error)) from error
    out.mkdir(parents=True, exist_ok=True)
    missed = 0
    for scenario_id in chosen:
        with tempfile.TemporaryDirectory() as folder:
            found = study(scenario_id, Path(folder))
        (out / f"{scenario_id}.svg").write_text(svg_of(found), "utf-8")
        (out / f"{scenario_id}.md").write_text(page_of(found), "utf-8")
        verdicts = Counter(finding.verdict for finding in found.findings)
        missed += verdicts["outside"] + verdicts["nothing seen"]
        typer.echo(f"{scenario_id}: " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items())))
    raise typer.Exit(OUTSIDE if missed else 0)


def _usage(problem: str) -> typer.Exit:
    typer.echo(problem, err=True)
    return typer.Exit(USAGE)


if __name__ == "__main__":
    typer.run(main)
