"""The operating-system lock on a data root: one build at a time, whoever started it.

Here belongs: taking and giving back the lock. Not here: what is done under it. The lock dies with its process, so a
killed build leaves nothing to clean up.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.errors import LockedError
from orchestration.paths import lock_path

_held: dict[Path, int] = {}


@contextmanager
def build_lock(root: Path) -> Iterator[None]:
    """Hold the data root's lock for a block; nesting within one process is allowed (the command, then its run).

    Raises LockedError when another process holds it.
    """
    path = lock_path(root)
    if path in _held:
        yield
        return
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = path.read_text("utf-8").strip() or "unknown"
            raise LockedError(
                f"another build (process {owner}) is working on this data root.",
                file=root,
                rule="one_build_at_a_time",
                todo="wait until it ends, or give this build a data root of its own (CALLMART_DATA).",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        _held[path] = descriptor
        try:
            yield
        finally:
            del _held[path]
    finally:
        os.close(descriptor)
