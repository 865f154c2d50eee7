"""A small centre on disk for tests of the extraction: a configuration, source files, a data root, and short cuts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration import paths
from orchestration.config import Config, parse_config
from orchestration.extract import lake
from orchestration.extract.landing import LandingReport, land
from orchestration.extract.typing import Typed, type_feed, typed_path

NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
CENTRE = """\
centre:
  site_id: test
  name: {zh: 测试, en: Test}
  timezone: Asia/Shanghai
  first_date: 2026-03-01
"""
QUEUE_LOG = (
    CENTRE
    + """\
agents:
  - {agent_id: "1001", names: [PJSIP/1001]}
numbers:
  - {number: "4008001001", channel: voice_400}
sources:
  asterisk:
    feeds:
      queue_log: {paths: ["queue_log*"]}
"""
)
CDR = (
    CENTRE
    + """\
numbers:
  - {number: "4008001001", channel: voice_400}
sources:
  asterisk:
    feeds:
      cdr: {paths: ["Master.csv*"]}
"""
)
CONTACT = (
    CENTRE
    + """\
sources:
  canonical:
    feeds:
      contact:
        paths: ["*.csv"]
        mapping:
          contact_id: id
          started_at: start
          outcome: outcome
          caller_number: phone
          talk_s: cast(talk as double)
          record_updated_at: updated
"""
)
CONTACT_HEADER = "id,start,outcome,phone,talk,updated\n"


@dataclass
class Kit:
    """A configuration file, its folder and a data root."""

    base: Path
    feed: str

    @property
    def root(self) -> Path:
        """Data root."""
        return self.base / "data"

    @property
    def config(self) -> Config:
        """The configuration as the file says now."""
        file = self.base / "callmart.yaml"
        return _parsed(file.read_text("utf-8"), file)

    def configure(self, text: str) -> Kit:
        """Write the configuration."""
        (self.base / "callmart.yaml").write_text(text, "utf-8")
        return self

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a source file."""
        path = self.base / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def land(self, now: datetime = NOW) -> LandingReport:
        """Land the feed's files."""
        return land(self.config.feed(self.feed), self.root, now)

    def type(self) -> list[Typed]:
        """Land and type."""
        self.land()
        return type_feed(self.config.feed(self.feed), self.config, self.root)

    def typed(self) -> list[dict[str, Any]]:
        """Typed rows of all objects, by landing order and line."""
        rows = []
        for item in self.type():
            rows += read(typed_path(self.root, item), "source_line")
        return rows

    def refused(self) -> list[dict[str, Any]]:
        """Quarantined rows of the live files."""
        self.type()
        files = [p for p in paths.quarantine_dir(self.root, self.feed).glob("*.parquet") if "dt=" not in p.name]
        return [row for file in sorted(files) for row in read(file, "source_line")]

    def refresh(self, now: datetime = NOW) -> list[lake.Candidate]:
        """Land, build and publish what is touched; the accounting must hold."""
        self.land(now)
        config = self.config
        feed = config.feed(self.feed)
        candidates = lake.build_candidates(feed, config, self.root, lake.touched_dates(feed, config, self.root))
        for candidate in candidates:
            lake.publish(candidate)
        lake.accounting(feed, config, self.root).check()
        return candidates

    def partition(self, day: str) -> list[dict[str, Any]]:
        """Rows of a partition of the lake."""
        return read(paths.partition_path(self.root, self.feed, date.fromisoformat(day)))

    def accounting(self) -> lake.Accounting:
        """Where the rows are."""
        config = self.config
        return lake.accounting(config.feed(self.feed), config, self.root)

    def touched(self) -> list[str]:
        """Dates that must be rebuilt."""
        config = self.config
        return [day.isoformat() for day in lake.touched_dates(config.feed(self.feed), config, self.root)]


@lru_cache
def _parsed(text: str, file: Path) -> Config:
    return parse_config(text, file)


def read(file: Path, order: str = "all") -> list[dict[str, Any]]:
    """Rows of a Parquet file, by column name."""
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        found = db.execute(f"select * from read_parquet('{file}', hive_partitioning = false) order by {order}")
        names = [item[0] for item in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def column(rows: list[Mapping[str, Any]] | list[dict[str, Any]], name: str) -> list[Any]:
    """One column."""
    return [row[name] for row in rows]
