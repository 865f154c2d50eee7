"""dbt's parsed project, made once for all tests.

Here belongs: how tests come by it. Parsing takes longer than most things that a test builds, and what is parsed depends
on the project alone, not on lake, warehouse or window (orchestration/dbt_process.py). Not here: what is built with it.
"""

from __future__ import annotations

import fcntl
import shutil
from functools import cache
from importlib.metadata import version
from pathlib import Path

from orchestration import warehouse
from orchestration.paths import PROJECT

_ROOT = PROJECT / "dbt_project" / "target" / f"tests-{version('dbt-core')}"


@cache
def parsed_project() -> Path:
    """The folder of the project as it is now, parsed: `manifest.json`, and what dbt reads in place of the files.

    Kept from run to run; the first of several processes that ask for it parses, the others wait.
    """
    _ROOT.mkdir(parents=True, exist_ok=True)
    with (_ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return warehouse.manifest_path(_ROOT).parent


def give_parsed_project(root: Path) -> None:
    """Put it where a build of the data root `root` looks for it."""
    parsed = parsed_project()
    shutil.copytree(parsed, root / parsed.relative_to(_ROOT), dirs_exist_ok=True)
