"""The seeds as Python reads them: what people decided, in the CSV files of this folder.

Belongs here: reading one seed. Not here: what it means, nor how dbt loads it (seeds.yml).
"""

from __future__ import annotations

import csv
from pathlib import Path

SEEDS = Path(__file__).parent


def seed_rows(name: str, folder: Path = SEEDS) -> list[dict[str, str]]:
    """One row of text by column for each line of the seed `name`, or of a table of that kind in another folder."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
