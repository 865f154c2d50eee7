"""The files of a simulated centre as they come, day by day.

Here belongs: what there is by the end of a date. Not here: what is built of it.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

_DATED = re.compile(r"(\d{4})-?(\d{2})(?:-?(\d{2}))?\.")
_WRITTEN_BY = {"member_history": "valid_from", "member_identity": "update_time", "service_record": "update_time",
               "sales_lead": "update_time", "sales_invite": "offer_time", "sales_order": "update_time",
               "channel_sync": "sync_time", "call_blacklist": "update_time"}  # fmt: skip


def file_date(file: Path) -> date | None:
    """The date that a file's name tells, of a month its first; None of a file that is always there or written to."""
    found = _DATED.search(file.name)
    return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None


def since(until: date) -> int:
    """Seconds since the end of a date in the centre: for an API that answers by time, its `now`."""
    return int((datetime.now(UTC) - datetime.combine(until, time(16), UTC)).total_seconds())


def deliver(whole: Path, source: Path, until: date) -> None:
    """Put into `source` what the systems have written by the end of a date."""
    for file in sorted(path for path in whole.rglob("*") if path.is_file()):
        written, target = file_date(file), source / file.relative_to(whole)
        if file.suffix == ".sqlite" or (written is None and file.parent != whole):
            continue  # cut below; and logs that are still written to come with the last date
        if (written is None or written <= until) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    config = (whole / "callmart.yaml").read_text("utf-8")
    assert config.count("lag_s: 120") == config.count("overlap_s: 600") == 1
    # a build asks later than this is written, by what it took until then: the next one must reach back as far
    config = config.replace("lag_s: 120", f"lag_s: {since(until)}").replace("overlap_s: 600", "overlap_s: 21600")
    (source / "callmart.yaml").write_text(config, "utf-8")
    shutil.copyfile(whole / "crm.sqlite", source / "crm.sqlite")
    with closing(sqlite3.connect(source / "crm.sqlite")) as crm:
        for table, column in _WRITTEN_BY.items():
            crm.execute(f"delete from {table} where {column} >= ?", ((until + timedelta(days=1)).isoformat(),))
        crm.commit()
