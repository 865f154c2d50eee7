"""Sizes of a run of the benchmarks, and where it keeps its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.paths import PROJECT

DAYS = 14  # of the base period that is simulated and copied; whole weeks


@dataclass(frozen=True)
class Settings:
    """`calls` is about how many contacts the large centre has, `history_calls` how many a day the small one has whose
    history is `histories` days long. Heavy measurements (minutes a run at the usual size) run `heavy_repeats` times."""

    folder: Path
    calls: int = 5_000_000
    repeats: int = 3
    heavy_repeats: int = 1
    histories: tuple[int, int] = (30, 360)
    history_calls: int = 2_000

    @property
    def calls_per_day(self) -> int:
        """Inbound calls a day of the large centre: a year's worth at the usual size, outbound calls come on top."""
        return max(20, min(13_180, round(self.calls / DAYS / 1.037)))

    @property
    def copies(self) -> int:
        """How many base periods make the large centre."""
        return max(1, round(self.calls / (self.calls_per_day * DAYS * 1.037)))


def environment(root: Path) -> dict[str, str]:
    """Environment of a command that works on a data root."""
    return {
        "CALLMART_DATA": str(root),
        HASH_KEY_VARIABLE: DEMO_HASH_KEY,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def dbt_default(variable: str) -> str:
    """What dbt's profile takes when an environment variable is not set: the opponent gets the same."""
    profile = (PROJECT / "dbt_project" / "profiles.yml").read_text("utf-8")
    found = re.search(rf"env_var\('{variable}', '([^']+)'\)", profile)
    if found is None:
        raise LookupError(f"profiles.yml has no default of {variable}")
    return found[1]
