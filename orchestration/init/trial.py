"""The trial of a written configuration on the sample, by the code that will read the export later.

Here belongs: landing and typing in a folder of its own, and counting what came of it. Not here: words (report.py).
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.config import parse_config
from orchestration.extract.expressions import literal
from orchestration.extract.landing import land
from orchestration.extract.typing import type_feed, typed_path
from orchestration.init.assignment import FEED


@dataclass(frozen=True)
class Trial:
    """`rows_in` = `rows` + refused. `flags` and `outcomes` count typed rows; `first` and `last` are local dates."""

    rows_in: int
    rows: int
    refused: dict[str, int]
    flags: dict[str, int]
    outcomes: dict[str, int]
    first: str | None
    last: str | None


def tried(text: str, source: Path, root: Path) -> Trial:
    """Land and type the copy of an export that lies at `source` as the configuration `text` says, below `root`. Hashes
    are made with a key that is forgotten. Raises InputError for a configuration that can't be used."""
    config = parse_config(text, source.parent / "callmart.yaml")
    feed = config.feed(FEED)
    land(feed, root, datetime.now(UTC))
    (typed,) = type_feed(feed, config, root, key=secrets.token_hex(32))
    with duckdb.connect() as db:
        rows = f"read_parquet({literal(str(typed_path(root, typed)))})"
        flags = Counter(
            flag for (said,) in db.execute(f"select flags from {rows}").fetchall() for flag in (said or "").split(",")
        )
        outcomes = db.execute(f"select outcome, count(*) from {rows} group by 1 order by 2 desc, 1").fetchall()
    flags.pop("", None)
    dates = sorted(typed.dates)
    return Trial(
        typed.rows_in, typed.rows, typed.refused, dict(flags.most_common()), dict(outcomes),
        dates[0] if dates else None, dates[-1] if dates else None,
    )  # fmt: skip
