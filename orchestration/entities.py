"""Records that live on: which of their partitions changed, and which dates the changed records touch.

Here belongs: comparing an entity feed in the lake with the fact that the last release made of it. Not here: windows of
events, and how dbt is told (warehouse.py).

The fact of the feed `canonical.ticket` is `fct_ticket`: it has the feed's instants under their names, the record's
`record_hash`, and `partition_date`, the feed's partition. A feed whose fact no release has yet touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contracts import Contract, all_contracts
from orchestration import paths
from orchestration.extract.engine import connect, parquet, to_local
from orchestration.extract.expressions import quote


@dataclass(frozen=True)
class Changes:
    """Partitions of entity feeds to read again, by feed, and the local dates for which their records count."""

    partitions: Mapping[str, frozenset[date]] = field(default_factory=dict)
    dates: frozenset[date] = frozenset()

    def __or__(self, other: Changes) -> Changes:
        feeds = {*self.partitions, *other.partitions}
        none: frozenset[date] = frozenset()
        return Changes(
            {feed: self.partitions.get(feed, none) | other.partitions.get(feed, none) for feed in sorted(feeds)},
            self.dates | other.dates,
        )

    def __bool__(self) -> bool:
        return bool(self.partitions or self.dates)


def entity_feeds() -> list[str]:
    """Feeds whose records live on."""
    return [name for name, said in all_contracts().items() if said.entity]


def changes(root: Path, zone: str, partitions: Mapping[str, Iterable[date]]) -> Changes:
    """What the records touch that are new, gone or other in these partitions than in the last release.

    Dates are those of every instant of the old and of the new version, in `zone`, and as many before each as the feed
    reaches back. The cost grows with the partitions
    that changed, not with history.
    """
    wanted = {feed: frozenset(days) for feed, days in partitions.items() if days}
    touched: set[date] = set()
    with connect(root) as db:
        for feed, days in wanted.items():
            contract = all_contracts()[feed]
            released = paths.published_dir(root) / "current" / f"fct_{contract.name}.parquet"
            if released.exists():
                touched |= _touched(db, root, contract, released, zone, days)
    return Changes(wanted, frozenset(touched))


def _touched(
    db: duckdb.DuckDBPyConnection, root: Path, said: Contract, released: Path, zone: str, days: Iterable[date]
) -> set[date]:
    instants = [column.name for column in said.columns if column.type == "TIMESTAMP"]
    instants = [name for name in instants if name != said.version_column or name == said.event_time]
    listed = ", ".join(f"date '{day.isoformat()}'" for day in sorted(days))
    columns = ", ".join(map(quote, (*said.natural_key, *instants)))
    files = [file for day in sorted(days) if (file := paths.partition_path(root, said.feed, day)).exists()]
    before = f"select {columns}, record_hash from {parquet([released])} where partition_date in ({listed})"
    now = f"select {columns}, row_hash as record_hash from {parquet(files)}" if files else f"{before} and false"
    rows = db.execute(
        f"""with before as ({before}), now as ({now}),
        changed as ((from before except from now) union all (from now except from before))
        select distinct cast({to_local("instant", zone)} as date)
        from (select unnest([{", ".join(map(quote, instants))}]) as instant from changed) where instant is not null"""
    ).fetchall()
    return {day - timedelta(days=back) for (day,) in rows for back in range(said.reaches_back_days + 1)}
