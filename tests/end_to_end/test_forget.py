"""`callmart forget` on a built centre: nothing is left of a person, and every count stays.

Here belongs: what the real job and the real models must give, in one run of them. Not here: forms of files and zones
one by one (tests/orchestration/test_redaction.py, test_erasure.py).
"""

from __future__ import annotations

import gzip
import subprocess
from collections import Counter
from collections.abc import Callable
from typing import Any

from orchestration.config import DEMO_HASH_KEY
from orchestration.extract.masking import keyed_hash, normalise_number
from tests.end_to_end.centre import CALLMART, Centre
from tests.orchestration.byte_scan import files_naming

COUNTS = """
    select local_date, direction, outcome, count(*), sum(queue_wait_s), sum(talk_s)
    from marts.fct_contact group by all order by all"""


def frequent_caller(centre: Centre) -> str:
    """The number that called most often on the first date."""
    lines = gzip.decompress((centre.source / "asterisk/queue_log.20260302.gz").read_bytes()).decode().splitlines()
    numbers = Counter(line.split("|")[6] for line in lines if "|ENTERQUEUE|" in line)
    return next(number for number, _ in numbers.most_common() if len(number) == 11)


def forget(centre: Centre, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CALLMART), "forget", "--config", str(centre.config), *arguments],
        env=centre.environment(), input=said, capture_output=True, text=True, check=False,
    )  # fmt: skip


def counts(centre: Centre) -> list[tuple[Any, ...]]:
    return centre.rows(COUNTS)


def test_a_forgotten_caller_is_in_no_file_and_every_count_stays(copy: Callable[[], Centre]) -> None:
    centre = copy()
    number = frequent_caller(centre)
    hashed = keyed_hash(DEMO_HASH_KEY, normalise_number(number)) or ""
    volumes = counts(centre)
    for zone in ("landing", "lake", "published"):
        assert files_naming(centre.data / zone, number, hashed), zone
    done = forget(centre, number + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert number not in done.stdout + done.stderr and "found nothing more" in done.stdout
    assert files_naming(centre.data, number, hashed) == set()
    assert counts(centre) == volumes
