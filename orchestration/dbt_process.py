"""dbt in a process of its own, started before it is needed and given the parsed project.

Here belongs: how such a process is started, told what to do, and ended. Not here: what dbt is asked (warehouse.py).

A process of its own, because dbt keeps DuckDB's lock until its process ends. Started early, because importing dbt takes
seconds that a run can spend on its feeds. With the parsed project, because dbt parses anew whenever a variable changes,
and the build window is two of them, though no model is parsed differently for it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


class DbtProcess:
    """Processes of dbt for one run, one at a time; the first is started at once. Close it at the end of the run."""

    def __init__(self, manifest_file: Path, project: Path, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", __name__, str(manifest_file)]
        self._project, self._environment = project, environment
        self._started: list[subprocess.Popen[bytes]] = []
        self._relays: list[threading.Thread] = []
        self._waiting: subprocess.Popen[bytes] | None = self._start()

    def invoke(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Run `dbt` with these arguments; its events are lines of JSON on the process's output, and nothing else is.

        What anything else in the process writes, Spark's Java for one, comes line by line to this process's output.
        """
        process = self._waiting or self._start()
        self._waiting = None
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended already: its output and exit code say why
            process.stdin.write(json.dumps(list(arguments)).encode() + b"\n")
            process.stdin.flush()
        return process

    def close(self) -> None:
        """End what still runs: without its standard input it has nothing to do."""
        for process in self._started:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            process.wait()
        for relay in self._relays:
            relay.join()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._project,
            env=dict(self._environment),
        )
        self._started.append(process)
        assert process.stderr is not None
        self._relays.append(threading.Thread(target=_relay, args=(process.stderr,), daemon=True))
        self._relays[-1].start()
        return process


def _relay(lines: Iterable[bytes]) -> None:
    for line in lines:
        sys.stdout.write(line.decode(errors="replace"))


def main(manifest_file: Path) -> int:
    """Wait for arguments and run dbt; its exit code: 0 all well, 1 a model or test failed, 2 it could not be run."""
    # Java inherits the numbered output: half a line of its own would make an event unreadable, and a test unheard.
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(manifest_file.read_bytes())
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    asked = sys.stdin.readline()
    if not asked:
        return 0
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    done = dbtRunner(manifest=manifest).invoke(json.loads(asked))
    gc.freeze()  # the process ends now: no last search for garbage
    if done.exception is not None:
        # In the form of dbt's own events, which is what the reader of this output expects.
        print(json.dumps({"info": {"level": "error", "msg": str(done.exception)}}), flush=True)
        return 2
    return 0 if done.success else 1


def _end_with_the_run() -> None:
    """A killed run must not leave behind a process that goes on writing the warehouse."""
    sys.stdin.read()
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
