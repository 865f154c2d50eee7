"""The operating-system lock on a data root: one build at a time, whoever started it.

Here belongs: taking and giving back the lock, and the scratch space, which is empty whenever the lock is taken. Not
here: what is done under it. The lock dies with its process, so a killed build keeps nobody out.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orchestration.errors import LockedError
from orchestration.paths import lock_path, temp_dir

# By thread: a server's threads are as foreign to each other as processes are.
_held: dict[tuple[Path, int], int] = {}
_AGAIN_S = 1.0


@contextmanager
def build_lock(root: Path) -> Iterator[None]:
    """Hold the data root's lock for a block; nesting within one thread is allowed (the command, then its run).

    Raises LockedError when somebody else holds it.
    """
    path = lock_path(root)
    mine = (path, threading.get_ident())
    if mine in _held:
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
        shutil.rmtree(temp_dir(root), ignore_errors=True)  # a killed build leaves raw text in it
        _held[mine] = descriptor
        try:
            yield
        finally:
            del _held[mine]
    finally:
        os.close(descriptor)


@contextmanager
def build_lock_in_turn(root: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Like `build_lock`, but waits for its turn, however long; `on_wait` is told once who is in the way."""
    with ExitStack() as stack:
        is_told = False
        while True:
            try:
                stack.enter_context(build_lock(root))
                break
            except LockedError as error:
                if not is_told:
                    on_wait(error.problem)
                is_told = True
                time.sleep(_AGAIN_S)
        yield
