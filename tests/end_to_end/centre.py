"""A simulated centre on disk and the `callmart` command run on it as a process of its own.

Here belongs: what end-to-end tests share. Not here: what a build must give.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.config import DEMO_HASH_KEY
from orchestration.release import mart_hashes
from simulator.forms.writer import API_URL_VARIABLE
from simulator.serve import serving
from tests.parsed import give_parsed_project

_SERVERS = ExitStack()
atexit.register(_SERVERS.close)  # while their threads still run: later they would be waited for in vain
CALLMART = Path(sys.executable).with_name("callmart")

# The release itself, and when files were landed.
_TIMED = ("release", "dim_feed", "rpt_feed_health", "fct_feed_drift")


@dataclass(frozen=True)
class Centre:
    """Source files in `source`, everything that callmart makes in `data`."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Path:
        return self.source / "callmart.yaml"

    @property
    def served(self) -> Path:
        return self.data / "published" / "default"

    def copy_to(self, folder: Path) -> Centre:
        """The same centre elsewhere, built state included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Centre(folder)

    def environment(self) -> dict[str, str]:
        """What a command finds: where the data is, the key, and the APIs of the centre's systems."""
        variables = {} if API_URL_VARIABLE in os.environ else _apis(self.source)
        return os.environ | {"CALLMART_DATA": str(self.data), "CALLMART_HASH_KEY": DEMO_HASH_KEY} | variables

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`callmart` with these arguments, to its end."""
        return subprocess.run(
            [str(CALLMART), *arguments], env=self.environment(), capture_output=True, text=True, check=False
        )

    def build(self, *arguments: str, expect: int = 0) -> str:
        """`callmart build`; what it said. Fails when the exit code is another."""
        done = self.run("build", "--config", str(self.config), *arguments)
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def release_id(self) -> str:
        return os.readlink(self.served / "current").rsplit("/", 1)[-1]

    def hashes(self) -> dict[str, str]:
        """Content of each released mart, whatever the order of its rows, but for those that tell when it was made."""
        found = mart_hashes(self.served / "current")
        return {name: content for name, content in found.items() if name not in _TIMED}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A query on the released catalogue."""
        with duckdb.connect(str(self.served / "callmart.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def truth(self) -> list[dict[str, Any]]:
        values: list[dict[str, Any]] = json.loads((self.source / "truth.json").read_text("utf-8"))["values"]
        return values


def released_texts(folder: Path) -> dict[tuple[str, str], set[str]]:
    """The texts in every column of a release of a centre or scope, by mart and column."""
    found = {}
    with closing(duckdb.connect()) as con:
        for file in (folder / "current").glob("*.parquet"):
            for name, kind, *_ in con.execute(f"describe from '{file}'").fetchall():
                if kind == "VARCHAR":
                    rows = con.execute(f"select distinct \"{name}\" from '{file}'").fetchall()
                    found[file.stem, name] = {text for (text,) in rows if text is not None}
    return found


@cache
def _apis(source: Path) -> dict[str, str]:
    """The centre's APIs, which answer as long as this process lives; a command that it starts inherits them."""
    return _SERVERS.enter_context(serving(source))


def simulated(
    folder: Path,
    days: int,
    agents: int,
    seed: int,
    start: str = "2026-03-02",
    is_whole: bool = False,
    options: Sequence[str] = (),
) -> Centre:
    """A centre's files: its telephone's, or those of all its systems. Nothing is built yet; dbt's project is parsed.
    `options` are further ones of `callmart simulate`."""
    centre = Centre(folder)
    size = ("--days", str(days), "--agents", str(agents), "--seed", str(seed), "--start", start, *options)
    done = centre.run("simulate", "--out", str(centre.source), *size, *(() if is_whole else ("--telephone-only",)))
    assert done.returncode == 0, done.stderr
    give_parsed_project(centre.data)
    return centre
