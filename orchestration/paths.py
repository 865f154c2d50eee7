"""Where everything lies below the data root (`CALLMART_DATA`), and how a file gets there without a torn state.

Here belongs: names of folders and files, and the atomic put. Not here: what is in the files.
"""

from __future__ import annotations

import glob
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.errors import InputError, storing

PROJECT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT / "dbt_project"
PRIVATE = 0o700
ZERO_DATE = date(1, 1, 1)
WHOLE = "default"  # the scope that is the whole centre


def data_root() -> Path:
    """The data root: `CALLMART_DATA`, or `./data`. Not created here.

    Raises InputError for a path that DuckDB, with which everybody reads the lake and the releases, would take for a
    pattern or for the end of a text: `data[1]` would read the files of `data1`.
    """
    root = Path(os.environ.get("CALLMART_DATA") or "data").absolute()
    if glob.has_magic(str(root)) or "'" in str(root):
        raise InputError(
            "the data root has one of * ? [ ' in its path, which SQL would take for a pattern or the end of a text.",
            file=root,
            rule="data_root",
            todo="name another data root (CALLMART_DATA), or rename the folder.",
        )
    return root


def split_feed(feed: str) -> tuple[str, str]:
    """`asterisk.queue_log` -> (`asterisk`, `queue_log`)."""
    source, _, name = feed.partition(".")
    if not source or not name:
        raise ValueError(f"a feed is named <source>.<feed>, not {feed!r}")
    return source, name


def _feed_dir(root: Path, zone: str, feed: str) -> Path:
    source, name = split_feed(feed)
    return root / zone / source / name


def landing_dir(root: Path, feed: str) -> Path:
    """Folder of a feed's landed objects (private: holds personal data)."""
    return _feed_dir(root, "landing", feed)


def object_dir(root: Path, feed: str, object_id: str) -> Path:
    """Folder of one landed object."""
    return landing_dir(root, feed) / object_id


def repairs_dir(root: Path, feed: str) -> Path:
    """Folder of the records that people put in the place of a feed's refused ones."""
    return landing_dir(root, feed) / "repairs"


def erased_path(root: Path) -> Path:
    """The list by which people who were erased are known again (private; kept with landing when that is backed up)."""
    return root / "landing" / "erased.json"


def erasing_path(root: Path) -> Path:
    """What an erasure that is not finished has to erase; gone when it is."""
    return root / "landing" / "erasing.json"


def lake_dir(root: Path, feed: str) -> Path:
    """Folder of a feed's partitions."""
    return _feed_dir(root, "lake", feed)


def partition_name(day: date) -> str:
    """`dt=YYYY-MM-DD`, four-digit year also for year 1."""
    return f"dt={day.isoformat()}"


def partition_path(root: Path, feed: str, day: date) -> Path:
    """The one file of a partition."""
    return lake_dir(root, feed) / partition_name(day) / "part-0.parquet"


def zero_partition_path(root: Path, feed: str) -> Path:
    """The zero-row (reference feeds: the only) file of a feed."""
    return partition_path(root, feed, ZERO_DATE)


def held_dir(root: Path, feed: str, day: date | None = None) -> Path:
    """Folder of partitions that a blocking check kept out of the lake."""
    base = _feed_dir(root, "held", feed)
    return base if day is None else base / partition_name(day)


def quarantine_dir(root: Path, feed: str) -> Path:
    """Folder of refused rows (private: holds raw text)."""
    return _feed_dir(root, "quarantine", feed)


def refused_path(root: Path, feed: str, object_id: str) -> Path:
    """Refused rows of one landed object."""
    return quarantine_dir(root, feed) / f"{object_id}.parquet"


def repairable_path(root: Path, feed: str) -> Path:
    """Refused rows of a feed as they are handed out to be corrected."""
    return quarantine_dir(root, feed) / "to_repair.jsonl"


def duplicates_path(root: Path, feed: str, day: date) -> Path:
    """Rows left out of a partition as duplicates."""
    return quarantine_dir(root, feed) / f"{partition_name(day)}.parquet"


def drift_path(root: Path, feed: str) -> Path:
    """What changed in the columns of a feed's files (see extract/drift.py)."""
    return _feed_dir(root, "drift", feed) / "findings.parquet"


def warehouse_path(root: Path) -> Path:
    """The DuckDB file that only dbt writes."""
    return root / "warehouse" / "callmart.duckdb"


def published_dir(root: Path, scope: str = WHOLE) -> Path:
    """Folder of a scope's releases."""
    return root / "published" / scope


def docs_dir(root: Path) -> Path:
    """Folder of generated documentation."""
    return root / "docs"


def dagster_home(root: Path) -> Path:
    """DAGSTER_HOME of this data root."""
    return root / "dagster"


def lock_path(root: Path) -> Path:
    """File on which a build holds its OS lock."""
    return root / ".lock"


def temp_dir(root: Path) -> Path:
    """Scratch space of the extraction (private: may hold personal data while a file is typed)."""
    return root / "tmp"


def make_private(folder: Path, root: Path) -> Path:
    """Create `folder` (below `root`) with mode 0700 on it and on its parents up to the first level below `root`."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    step = folder
    while step != root and root in step.parents:
        if step.stat().st_mode & 0o077:
            step.chmod(PRIVATE)
        step = step.parent
    return folder


def hidden(target: Path) -> Path:
    """The hidden name beside `target` under which it is written first."""
    return target.with_name(f"_{target.name}.tmp")


def put(written: Path, target: Path) -> None:
    """Make `written` durable and put it in place of `target` atomically; a crash leaves the old file or the new one."""
    with storing(target):
        with written.open("rb") as handle:
            os.fsync(handle.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(written, target)
        sync_dir(target.parent)


def sync_dir(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_json(target: Path, value: dict[str, Any]) -> None:
    """Write `value` as JSON to `target` atomically."""
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        written = hidden(target)
        written.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n", "utf-8")
    put(written, target)
