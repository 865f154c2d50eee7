"""Running a command as a process of its own and measuring it: wall, processor seconds, peak memory of the whole tree.

Here belongs: what is measured and how. Not here: what is run (parts/), what the figures mean (report.py).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


class ChildError(Exception):
    """A command that was to be measured failed; the text holds the end of what it said."""


@dataclass(frozen=True)
class Line:
    """A line that the command wrote to stderr, and the seconds after its start at which it came."""

    at: float
    text: str


@dataclass(frozen=True)
class Measured:
    """One run. Seconds; `peak` in bytes: the largest sum over all its processes alive at one moment (where /proc
    exists; elsewhere the largest single process)."""

    wall: float
    cpu: float
    peak: int
    exit_code: int
    out: str
    lines: tuple[Line, ...]


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    expect: Sequence[int] = (0,),
) -> Measured:
    """Run a command to its end in `folder`, with `environment` over this process's own. Raises ChildError for an exit
    code that is not expected."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        env=os.environ | dict(environment),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    lines: list[Line] = []
    out: list[str] = []
    assert process.stdout is not None and process.stderr is not None
    errors, output = process.stderr, process.stdout

    def read_errors() -> None:
        for text in errors:
            lines.append(Line(time.perf_counter() - begin, text.rstrip("\n")))

    readers = [threading.Thread(target=read_errors), threading.Thread(target=lambda: out.append(output.read()))]
    for reader in readers:
        reader.start()
    watch = Watch(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    largest = watch.end()
    for reader in readers:
        reader.join()
    said = Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=max(largest, usage.ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)),
        exit_code=process.returncode,
        out="".join(out),
        lines=tuple(lines),
    )
    if said.exit_code not in expect:
        tail = "\n".join([*said.out.splitlines()[-15:], *(line.text for line in said.lines[-25:])])
        raise ChildError(f"exit {said.exit_code}: {' '.join(map(str, command))[:300]}\n{tail}")
    return said


class Watch:
    """Adds up the resident memory of a process and all its descendants, again and again, and keeps the largest sum."""

    def __init__(self, pid: int) -> None:
        self._pid, self.largest, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        if (_PROC / str(pid) / "statm").exists():
            self._thread.start()

    def end(self) -> int:
        """Stop; the largest sum in bytes, 0 where /proc does not exist."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.largest

    def _look(self) -> None:
        while not self._over.wait(_EVERY_S):
            self.largest = max(self.largest, sum(map(_resident, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        with contextlib.suppress(OSError):  # it ended meanwhile
            for task in (_PROC / str(current) / "task").glob("*/children"):
                todo += map(int, task.read_text().split())
    return found


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):  # it ended meanwhile
        return 0
