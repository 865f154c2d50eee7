"""Measuring a command: what it said, how it ended, and the memory of all its processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import child

MIB = 2**20
HOLDS_100_MIB = """
import subprocess, sys
held = b"x" * (100 << 20)
inner = sys.argv[1:] and subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
print("holding", flush=True)
sys.stdin.read()
if inner:
    inner.stdin.close()
    inner.wait()
"""


def test_output_errors_and_exit_code_are_told(tmp_path: Path) -> None:
    script = "import sys, os; print(os.environ['MARK'], os.getcwd()); print('one', file=sys.stderr); sys.exit(3)"
    done = child.run([sys.executable, "-c", script], {"MARK": "mine"}, tmp_path, expect=(3,))
    assert done.out.split() == ["mine", str(tmp_path)]
    assert [line.text for line in done.lines] == ["one"]
    assert done.exit_code == 3
    assert 0 <= done.lines[0].at <= done.wall and done.cpu > 0


def test_an_unexpected_exit_code_tells_what_the_command_said(tmp_path: Path) -> None:
    with pytest.raises(child.ChildError, match=r"exit 1(?s:.*)no such luck"):
        child.run([sys.executable, "-c", "raise SystemExit('no such luck')"], {}, tmp_path)


def test_the_peak_of_one_process_is_at_least_what_it_held(tmp_path: Path) -> None:
    done = child.run([sys.executable, "-c", "held = b'x' * (100 << 20)"], {}, tmp_path)
    assert done.peak >= 100 * MIB


def test_memory_held_by_two_processes_at_once_is_added_up() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_100_MIB, HOLDS_100_MIB], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    for _ in range(2):
        assert process.stdout.readline() == b"holding\n"
    watch = child.Watch(process.pid)
    expected = 200 * MIB if Path("/proc/self/statm").exists() else 0
    until = time.monotonic() + 60
    while watch.largest < expected and time.monotonic() < until:
        time.sleep(0.01)
    process.stdin.close()
    process.wait()
    process.stdout.close()
    assert watch.end() >= expected
