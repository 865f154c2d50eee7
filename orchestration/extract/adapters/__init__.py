"""One module per kind of file: how its records become rows of a contract.

Here belongs: the SQL from raw text columns to contract columns, and what is wrong with a record. Not here: what is the
same for all feeds (typing.py), and personal data rules (masking.py).

An adapter's `select` reads the relation `raw` ("#line", "#mark" and the raw columns, all VARCHAR) and gives "#line",
every column of the contract but `flags`, and
  _written_at      instant at which the record was written (UTC), for telling versions of a file apart
  flags            VARCHAR: rules that the row broke and survives, sorted, with commas between them
  _rule, _column, _reason   why the row is refused, or NULL; a reason never quotes the row
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb

from expectations.contracts import Contract, all_contracts
from orchestration.config import Config, Feed
from orchestration.extract.landing import Manifest
from orchestration.extract.text import Dialect

# No step of a call comes longer than this after another: what says so is a hung channel, a wrong clock or a wrong unit.
# The suites of the feeds, and `max_call_s` of dbt, draw the same line.
LONGEST_S = 86_400


@dataclass(frozen=True)
class Context:
    """What an adapter knows of the object it types. `known_until`: SQL of the instant after which no record of the file
    can lie; `clock_changes`: the feed's zone has summer time."""

    db: duckdb.DuckDBPyConnection
    feed: Feed
    config: Config
    contract: Contract
    manifest: Manifest
    raw_columns: tuple[str, ...]
    known_until: str
    clock_changes: bool


class Adapter(Protocol):
    """What typing asks of a kind of file."""

    def dialect(self, feed: Feed) -> Dialect:
        """How records are told apart."""

    def raw_columns(self, feed: Feed, header: list[str] | None, manifest: Manifest, header_line: int) -> list[str]:
        """Names of the columns that the file has."""

    def absent(self, feed: Feed, columns: Sequence[str]) -> list[str]:
        """Names that the configuration reads and a file with these columns lacks: they are read as NULL."""

    def select(self, context: Context) -> str:
        """SQL as described in the module's text."""

    def settings(self, feed: Feed, config: Config) -> object:
        """What of the configuration changes the rows (goes into the typing fingerprint)."""


def adapters() -> dict[str, Adapter]:
    """Adapters by feed. A feed that has a contract and no adapter can't be read yet."""
    from orchestration.extract.adapters import asterisk_cdr, asterisk_cel, asterisk_queue_log, mapped

    canonical: dict[str, Adapter] = {
        name: mapped.Mapped() for name, said in all_contracts().items() if said.source == "canonical"
    }
    return canonical | {
        "asterisk.queue_log": asterisk_queue_log.QueueLog(),
        "asterisk.cdr": asterisk_cdr.Cdr(),
        "asterisk.cel": asterisk_cel.Cel(),
    }


def adapter(feed: str) -> Adapter:
    """The adapter of a feed; the configuration accepts no feed without one."""
    return adapters()[feed]
