"""The code of `docs/connect.md`, run as a reader would run it: beside a folder `demo/data` with a release.

Here belongs: what the tests of its blocks share, with and without a server. Not here: what a block must give.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from orchestration.paths import PROJECT
from tests.orchestration.released import make_release

GUIDE = (PROJECT / "docs" / "connect.md").read_text("utf-8")


def blocks(language: str, heading: str) -> list[str]:
    """The code blocks of a language below a heading."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def released_demo(folder: Path) -> Path:
    """A small release where the guide has the demo centre's; its catalogue."""
    data = folder / "demo" / "data"
    data.mkdir(parents=True)
    return make_release(data)


def run(code: str, folder: Path) -> str:
    """What a block prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
