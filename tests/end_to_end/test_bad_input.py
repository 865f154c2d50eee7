"""Claims about the whole `callmart build` when the machine fails it. What single steps do is in tests/orchestration."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.end_to_end.centre import CALLMART, Centre

Copy = Callable[[], Centre]
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_full_disk_is_told_wherever_it_is_met_and_the_next_build_completes(copy: Copy) -> None:
    """A limit on the size of files stands for the full disk: the system refuses a write in the middle of a file."""
    centre = copy()
    before, hashes = centre.release_id(), centre.hashes()
    late = "".join(
        f"{1772510400 + i}|late.{i}|sales|NONE|ENTERQUEUE||13800000000|1\n"
        f"{1772510404 + i}|late.{i}|sales|NONE|INFO|{'x' * 8000}\n"
        f"{1772510409 + i}|late.{i}|sales|NONE|ABANDON|1|1|9\n"
        for i in range(200)
    )
    (centre.source / "asterisk/queue_log.late").write_text(late)
    # The copy of the file, which is larger than the catalogue that is written before it; whatever first grows beyond.
    for limit, written in ((1_000_000, "/landing/asterisk/queue_log/"), (2_500_000, "/data")):
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), str(CALLMART), "build", "--config", str(centre.config)],
            env=centre.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        last = done.stderr.strip().splitlines()[-1]
        assert done.returncode == 2, f"{limit}: exit {done.returncode}\n{done.stderr}"
        assert "[rule storage]" in last and written in last and "What to do: free some space" in last, last
        assert (centre.release_id(), centre.hashes()) == (before, hashes)
    centre.build()
    assert centre.rows("select count(*) from marts.fct_contact where contact_id like 'asterisk:late.%'") == [(200,)]
