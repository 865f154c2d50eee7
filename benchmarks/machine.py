"""What the figures were measured on: the machine and the versions. No host name, no path."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from orchestration.paths import PROJECT

PACKAGES = ("callmart", "duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations")
CODE = ("simulator", "orchestration", "expectations", "dbt_project", "seeds", "benchmarks")
_SUFFIXES = (".py", ".sql", ".yml", ".yaml", ".csv", ".j2")


def machine() -> list[tuple[str, str]]:
    """Name and value of what bears on speed."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        ("cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())),
        ("memory", f"{memory / 2**30:.0f} GiB"),
        ("processor", _processor()),
        ("system", f"{_system()}, {platform.machine()}"),
    ]


def versions() -> list[tuple[str, str]]:
    """Name and version of what was measured."""
    return [("python", platform.python_version()), *((name, version(name)) for name in PACKAGES)]


@lru_cache
def code_id(folders: Sequence[str]) -> str:
    """Hash of the code, SQL, configuration and seeds below some of the project's folders (or of a file)."""
    digest = hashlib.sha256()
    for name in folders:
        place = PROJECT / name
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.suffix in _SUFFIXES and "target" not in file.parts:
                digest.update(file.relative_to(PROJECT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    release = Path("/etc/os-release")
    if release.exists():
        for line in release.read_text("utf-8").splitlines():
            if line.startswith("PRETTY_NAME="):
                return f"{line.partition('=')[2].strip(chr(34))}, {_kernel()}"
    return _kernel()


def _kernel() -> str:
    """Its version without the build, which bears on nothing."""
    return f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
