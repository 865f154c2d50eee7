"""What a person sees while a step runs: its name, rows and seconds. Nothing here goes into a number or a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Step:
    """A running step; set `rows` (and `note`) before it ends."""

    name: str
    rows: int | None = None
    note: str = ""


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Run a block as a named step and print `name: rows in seconds` to stderr when it ends well."""
    current = Step(name)
    begin = time.perf_counter()
    yield current
    seconds = time.perf_counter() - begin
    rows = "" if current.rows is None else f" {current.rows:,} rows in"
    note = f" ({current.note})" if current.note else ""
    print(f"{name}:{rows} {seconds:.1f} s{note}", file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print a warning that needs no reaction of the program."""
    print(f"warning: {text}", file=sys.stderr, flush=True)
