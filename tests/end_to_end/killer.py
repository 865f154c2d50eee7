"""Processes that end themselves by SIGKILL at a chosen change of files: `callmart`, or one stage of a build.

Here belongs: seeing each change that Python makes to files, naming its stage, dying there, and starting such a process.
Not here: which kills are drawn and what must hold afterwards (test_killed.py).

Python tells an audit hook of each change before it is made, so dying at the n-th leaves the first n - 1. What DuckDB
and SQLite write is not told: an aim may add a delay, and `torn` leaves half of what they or Python were about to write.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tests.end_to_end.centre import Centre

_PATIENCE_S = 600  # a process that is neither killed nor done by then hangs
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ONE_PATH = {"os.mkdir", "os.remove", "os.rmdir"}
# The first form that fits names the stage of a change. `gone:` is before the name of what is removed or hidden.
_STAGES = {
    "typing": r"(gone:)?(landing/.*/_?(typed|refused)\.parquet|tmp/typing|quarantine/.*/_?[0-9a-f]{24}\.)",
    "extract": r"(gone:)?landing/",
    "reference": r"(gone:)?lake/centre/",
    "publish": r"(gone:)?(lake|held|quarantine)/",
    "audit": r"(gone:)?(docs/(gx|data_docs)/|tmp/)",
    "dbt": r"warehouse/",  # the note of what dbt is about to change
    "finish": r"gone:warehouse/",
    "settings": r"dagster/dagster\.yaml",
    "start": r"process$|(gone:)?(docs/dbt|dagster)/",
    "board": r"published/[^/]*/_?board\.html",
    "retention": r"gone:published/.*/releases/",
    "release": r"published/.*/releases/_",
    "swap": r"(gone:)?published/",
}  # fmt: skip


@dataclass(frozen=True)
class Aim:
    """Die at the `number`-th change (from 1) of a stage, or of any (`stage` empty).

    `torn`: leave the file that is about to be written or renamed half written. `delay_s`: go on and die so many seconds
    later (the two exclude each other).
    `alone`: die without the processes that were started meanwhile.
    """

    stage: str
    number: int
    torn: bool = False
    delay_s: float = 0.0
    alone: bool = False


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit code (of a killed one negative), what it said, and its changes as (stage, what)."""

    code: int
    said: str
    changes: list[tuple[str, str]]

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def counts(self) -> Counter[str]:
        """Changes of each stage."""
        return Counter(stage for stage, _ in self.changes)


def run_command(centre: Centre, aim: Aim | None, *arguments: str) -> Ended:
    """`callmart` with these arguments as a process that leads a group of its own, to its end."""
    papers = _Papers(centre)
    with papers.said.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(aim and asdict(aim)), str(papers.changes), *arguments],
            env=centre.environment() | {"TMPDIR": str(papers.scratch)},
            cwd=Path(__file__).parents[2],
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"hangs:\n{papers.said.read_text('utf-8')}") from None
    return papers.ended(code)


def run_stage(centre: Centre, aim: Aim | None, stage: str, *arguments: str) -> Ended:
    """One stage of a build, as the job's assets call it, in a process forked from one that has imported everything."""
    papers = _Papers(centre)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "expectations.runner", "orchestration.assets.release"])
    process = context.Process(target=_stage_process, args=(centre, papers, aim, stage, arguments))
    process.start()
    process.join(_PATIENCE_S)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"hangs:\n{papers.said.read_text('utf-8')}")
    return papers.ended(process.exitcode)


class _Papers:
    """Files beside a data root in which a process tells what it does."""

    def __init__(self, centre: Centre) -> None:
        self.said = centre.folder / "said.txt"
        self.changes = centre.folder / "changes.txt"
        self.scratch = centre.folder / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self.said.write_text("")
        self.changes.write_text("")

    def ended(self, code: int) -> Ended:
        lines = self.changes.read_text("utf-8").splitlines()
        changes = [(stage, what) for stage, _, what in (line.partition(" ") for line in lines)]
        return Ended(code, self.said.read_text("utf-8"), changes)


# --- stages, each in a process of its own ----------------------------------------------------------------------------


def _stage_process(centre: Centre, papers: _Papers, aim: Aim | None, stage: str, arguments: tuple[str, ...]) -> None:
    os.setsid()
    said = os.open(papers.said, os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(centre.environment() | {"TMPDIR": str(papers.scratch)})
    tempfile.tempdir = None
    watch(centre.data, papers.changes, aim)
    stages: dict[str, Callable[..., None]] = {"feeds": _feeds, "marts": _marts, "release": _release}
    stages[stage](centre, *arguments)


def _feeds(centre: Centre, now: str) -> None:
    """Everything up to the lake, landed at `now`."""
    from orchestration.config import load_config
    from orchestration.extract.reference import ensure_zero_partitions, write_reference
    from orchestration.feeds import land_all, refresh, stale_feeds
    from orchestration.lock import build_lock

    config, moment = load_config(centre.config), datetime.fromisoformat(now)
    with build_lock(centre.data):
        ensure_zero_partitions(centre.data)
        land_all(config, centre.data, moment)
        for feed in config.feeds.values():
            refresh(feed, config, centre.data, date.min, date.max, moment)
        write_reference(config, centre.data, stale_feeds(config, centre.data))


def _marts(centre: Centre) -> None:
    """The audit of the marts."""
    from expectations.validate import validate_marts
    from orchestration import paths
    from orchestration.lock import build_lock

    with build_lock(centre.data):
        validate_marts(paths.warehouse_path(centre.data), "marts", paths.docs_dir(centre.data))


def _release(centre: Centre) -> None:
    """The job's last asset."""
    import dagster as dg

    from orchestration import warehouse
    from orchestration.assets.context import Site
    from orchestration.assets.release import release_asset
    from orchestration.config import load_config
    from orchestration.lock import build_lock

    with build_lock(centre.data):
        asset = release_asset(Site(load_config(centre.config), centre.data), warehouse.manifest_path(centre.data))
        asset(dg.build_asset_context(resources={"build_lock": None}))


# --- dying -----------------------------------------------------------------------------------------------------------


def watch(root: Path, log: Path, aim: Aim | None) -> None:
    """From now on write each change below `root` to `log` (stage, operation, path), and die where `aim` says."""
    told = os.open(log, os.O_WRONLY | os.O_APPEND)
    base = os.path.realpath(root) + os.sep
    counts: Counter[str] = Counter()
    busy = threading.local()
    counting = threading.Lock()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if getattr(busy, "now", False):
            return
        busy.now = True
        try:
            if event == "shutil.rmtree":
                busy.tree = os.path.abspath(os.fsdecode(args[0]))
            found = _change(event, args, getattr(busy, "tree", ""))
            if found is None:
                return
            operation, path, other = found
            name = path.removeprefix(base)
            if name == path and operation != "start":
                return
            stage = _stage_of("gone:" + name if operation in ("remove", "rmdir", "hide") else name)
            if not stage:
                return
            with counting:
                counts.update([stage, ""])
                number = counts[aim.stage] if aim else 0
                os.write(told, f"{stage} {operation} {name}\n".encode())
            if aim and aim.stage in (stage, "") and number == aim.number:
                if aim.torn:
                    _tear(operation, path, other)
                if aim.delay_s:
                    threading.Timer(aim.delay_s, _die, [aim.alone]).start()
                else:
                    _die(aim.alone)
        finally:
            busy.now = False

    sys.addaudithook(hook)


def _change(event: str, args: tuple[Any, ...], tree: str) -> tuple[str, str, str] | None:
    """(operation, path, other path of a rename) of an audit event, if it changes files or starts a process."""
    if event == "open":
        path, _, flags = args
        if isinstance(path, int) or not flags & _WRITES:
            return None
        return ("append" if flags & os.O_APPEND else "write"), _absolute(path), ""
    if event == "os.rename":
        source, target = map(_absolute, args[:2])
        is_hidden = [os.path.basename(path).startswith("_") for path in (source, target)]
        return ("hide", source, target) if is_hidden == [False, True] else ("rename", target, source)
    if event == "os.symlink":
        return "symlink", _absolute(args[1]), ""
    if event == "subprocess.Popen":
        return "start", "process", ""
    if event not in _ONE_PATH or (event == "os.mkdir" and os.path.exists(args[0])):
        return None
    # `rmtree` names what it removes by the descriptor of a folder and a bare name.
    is_bare = event in ("os.remove", "os.rmdir") and args[1] not in (-1, None)
    return event.removeprefix("os."), _absolute(os.path.join(tree, os.fsdecode(args[0])) if is_bare else args[0]), ""


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))


def _stage_of(name: str) -> str:
    return next((stage for stage, form in _STAGES.items() if re.match(form, name)), "")


def _tear(operation: str, path: str, other: str) -> None:
    """What a kill in the middle of writing leaves: an empty file, or the first half of one that waits for its name."""
    if operation == "write" and not os.path.exists(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    elif operation == "write":
        os.truncate(path, 0)
    elif operation == "rename" and os.path.isfile(other):
        os.truncate(other, os.path.getsize(other) // 2)


def _die(alone: bool) -> None:
    if not alone:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def main(aim: str, log: str, *arguments: str) -> None:
    """`callmart` with these arguments, watched."""
    from orchestration.cli import main as callmart

    said = json.loads(aim)
    watch(Path(os.environ["CALLMART_DATA"]), Path(log), said and Aim(**said))
    sys.argv = ["callmart", *arguments]
    callmart()


if __name__ == "__main__":
    main(*sys.argv[1:])
