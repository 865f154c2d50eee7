"""What whoever takes the lock of a data root may rely on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import paths
from orchestration.errors import LockedError
from orchestration.lock import build_lock

KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration import paths
from orchestration.lock import build_lock
root = Path(sys.argv[1])
with build_lock(root):
    (paths.make_private(paths.temp_dir(root), root) / "raw.txt").write_text("13800000000")
    print("working", flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_keeps_nobody_out_and_leaves_no_scratch(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout and process.stdout.readline() == "working\n"
    with pytest.raises(LockedError, match=f"process {process.pid}"), build_lock(tmp_path):
        pass
    assert (paths.temp_dir(tmp_path) / "raw.txt").exists()
    process.stdin.close()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    with build_lock(tmp_path):
        assert not paths.temp_dir(tmp_path).exists()


def test_the_nested_taker_of_a_lock_leaves_the_scratch_alone(tmp_path: Path) -> None:
    with build_lock(tmp_path):
        file = paths.make_private(paths.temp_dir(tmp_path), tmp_path) / "raw.txt"
        file.touch()
        with build_lock(tmp_path):
            assert file.exists()
